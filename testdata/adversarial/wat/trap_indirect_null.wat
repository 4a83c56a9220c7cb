;; attack: call an empty entry
;; expect: failed trap
(module (type $v (func)) (table 1 funcref) (func (export "_start") (call_indirect (type $v) (i32.const 0))))
