;; attack: tables are host memory: grow one without end
;; expect: exhausted fuel
(module (table $t 1 funcref)
  (func (export "_start") (loop (drop (table.grow $t (ref.null func) (i32.const 100000))) (br 0))))
