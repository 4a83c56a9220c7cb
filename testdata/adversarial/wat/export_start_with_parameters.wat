;; attack: a _start that wants parameters, which a caller would have to make up
;; expect: refused unsupported | invalid syntax CompileError | failed trap | completed | fault internal
;; because: it is not a command's signature; whoever notices must not crash
(module (memory 1) (func (export "_start") (param i64 i64 i32) (result i64) (i64.load (local.get 2))))
