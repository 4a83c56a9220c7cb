;; attack: convert NaN to an integer
;; expect: failed trap
;; feedback: invalid conversion to integer
(module (func (export "_start") (drop (i32.trunc_f32_s (f32.const nan)))))
