;; attack: a table that begins with ten million entries
;; expect: refused unsupported | invalid syntax CompileError | exhausted memory
;; because: the decoder has a limit for it, and the meter another
(module (table 10000000 funcref) (func (export "_start")))
