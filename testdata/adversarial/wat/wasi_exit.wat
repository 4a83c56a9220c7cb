;; attack: an exit code larger than any that a process has
;; expect: failed exit
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32)))
  (func (export "_start") (call $e (i32.const 0x12345678)) (loop (br 0))))
