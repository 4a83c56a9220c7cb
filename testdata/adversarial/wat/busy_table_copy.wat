;; attack: copy a table over itself, again and again
;; expect: exhausted fuel
(module (table $t 500000 funcref)
  (func (export "_start")
    (loop (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 499999)) (br 0))))
