;; attack: a table of all the entries that there can be
;; expect: error | module

(module (table 4294967295 funcref) (func (export "_start")))
