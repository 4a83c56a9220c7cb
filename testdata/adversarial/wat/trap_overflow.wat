;; attack: the one division that overflows, which crashes careless compilers
;; expect: failed trap
;; feedback: integer overflow
(module (func (export "_start") (drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))))
