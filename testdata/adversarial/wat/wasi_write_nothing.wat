;; attack: writes of no bytes: host calls that never reach the output limit
;; expect: exhausted fuel
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop (drop (call $w (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0x8000))) (br 0))))
