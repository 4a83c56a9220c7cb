;; attack: a table that begins with all the entries that there are
;; expect: invalid syntax CompileError
(module (table 4294967295 funcref) (func (export "_start")))
