;; attack: frames of 10,000 locals: few calls, much stack
;; expect: exhausted call_depth
;; expand: LOCALS 10000 "i64 "
(module
  (func $f (param i64) (result i64) (local @@LOCALS@@)
    (local.set 1 (local.get 0)) (local.set 9000 (local.get 0))
    (i64.add (call $f (i64.add (local.get 0) (i64.const 1))) (i64.add (local.get 1) (local.get 9000))))
  (func (export "_start") (drop (call $f (i64.const 0)))))
