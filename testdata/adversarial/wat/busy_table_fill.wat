;; attack: fill a table of half a million entries, again and again
;; expect: exhausted fuel
(module (table $t 500000 funcref)
  (func (export "_start")
    (loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 500000)) (br 0))))
