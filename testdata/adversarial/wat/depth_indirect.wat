;; attack: recursion through a table only, which no static call graph shows
;; expect: exhausted call_depth
(module
  (type $t (func))
  (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (type $t) (call_indirect (type $t) (i32.const 0)) (nop))
  (func (export "_start") (call $f)))
