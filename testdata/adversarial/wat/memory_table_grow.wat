;; attack: tables are host memory: grow one without end
;; expect: exhausted fuel | exhausted memory
;; because: a clamped table.grow fails with -1, and a loop of failures is a loop
(module (table $t 1 funcref)
  (func (export "_start") (loop (drop (table.grow $t (ref.null func) (i32.const 100000))) (br 0))))
