;; attack: call a function as if it had another type: where control flow integrity is won or lost
;; expect: failed trap
;; feedback: indirect call type mismatch
(module
  (type $v (func)) (type $p (func (param i64 i64)))
  (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (type $v))
  (func (export "_start") (call_indirect (type $p) (i64.const 1) (i64.const 2) (i32.const 0))))
