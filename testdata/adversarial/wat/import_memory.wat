;; attack: a memory that somebody else should provide
;; expect: refused unsupported | invalid syntax Unsupported | invalid syntax CompileError
;; because: the decoder or the linker may say it
(module (import "env" "memory" (memory 1)) (func (export "_start")))
