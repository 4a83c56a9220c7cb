;; attack: a table that begins with ten million entries
;; expect: invalid unsupported
(module (table 10000000 funcref) (func (export "_start")))
