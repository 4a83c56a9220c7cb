;; attack: a _start that wants parameters, which a caller would have to make up
;; expect: invalid unsupported
(module (memory 1) (func (export "_start") (param i64 i64 i32) (result i64) (i64.load (local.get 2))))
