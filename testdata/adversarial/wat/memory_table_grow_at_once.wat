;; attack: a table of four billion entries in one instruction
;; expect: completed | exhausted fuel | exhausted memory
;; because: a clamped table.grow fails with -1, or its size is charged before it happens
(module (table $t 1 funcref)
  (func (export "_start") (drop (table.grow $t (ref.null func) (i32.const 0xfffffff0)))))
