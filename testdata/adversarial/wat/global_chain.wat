;; attack: 50,000 globals, each with the value of the one before
;; expect: invalid syntax CompileError
;; expand: GLOBALS 50000 "(global $g{i+1} i32 (global.get $g{i}))"
(module (global $g0 i32 (i32.const 1)) @@GLOBALS@@ (func (export "_start")))
