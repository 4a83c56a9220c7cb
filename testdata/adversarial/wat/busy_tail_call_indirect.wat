;; attack: the same through a table
;; expect: exhausted fuel
(module
  (type $t (func (param i32)))
  (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func (export "_start") (call $f (i32.const 0))))
