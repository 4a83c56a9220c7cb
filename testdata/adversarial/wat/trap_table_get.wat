;; attack: read far outside a table
;; expect: failed trap
(module (table $t 1 funcref) (func (export "_start") (drop (table.get $t (i32.const -1)))))
