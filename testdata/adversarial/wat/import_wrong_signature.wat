;; attack: a known import with another signature, so that arguments would be read from where none are
;; expect: invalid unsupported
(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i64))) (func (export "_start")))
