;; attack: an active data segment outside of memory, applied before any code runs
;; expect: failed trap | invalid syntax CompileError | refused unsupported
;; because: a module that can never be instantiated may be refused beforehand
(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))
