;; attack: a table of four billion entries in one instruction
;; expect: exhausted fuel
(module (table $t 1 funcref)
  (func (export "_start") (drop (table.grow $t (ref.null func) (i32.const 0xfffffff0)))))
