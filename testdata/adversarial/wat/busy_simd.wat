;; attack: a loop of vector instructions only
;; expect: exhausted fuel
(module
  (func (export "_start") (local v128)
    (loop (local.set 0 (i32x4.mul (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4)) (local.get 0))) (br 0))))
