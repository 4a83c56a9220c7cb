;; attack: one function of megabytes, every instruction of which depends on the one before
;; expect: completed
;; expand: CODE 150000 "(local.set 0 (i64.add (i64.mul (local.get 0) (i64.const 3)) (local.get 1)))"
(module (func (export "_start") (local i64 i64) @@CODE@@))
