;; attack: _start is not a function at all
;; expect: completed | refused unsupported | invalid syntax CompileError
;; because: a module without the function is a library; nothing of it runs
(module (memory (export "_start") 1))
