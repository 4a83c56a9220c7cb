;; attack: an exit code whose last byte is 0, so that a shell would call it success
;; expect: failed exit
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32)))
  (func (export "_start") (call $e (i32.const 256))))
