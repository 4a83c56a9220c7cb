;; attack: so many buffers that their size in bytes is 0 again in 32 bits
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $r (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $p (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eqz (call $w (i32.const 1) (i32.const 0) (i32.const 0x20000000) (i32.const 8))) (then (unreachable)))
    (if (i32.eqz (call $w (i32.const 1) (i32.const 0) (i32.const 0x20000001) (i32.const 8))) (then (unreachable)))
    (if (i32.eqz (call $w (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 8))) (then (unreachable)))
    (if (i32.eqz (call $r (i32.const 0) (i32.const 0) (i32.const 0x20000000) (i32.const 8))) (then (unreachable)))
    (if (i32.eqz (call $p (i32.const 0) (i32.const 0) (i32.const 0x20000000) (i64.const 0) (i32.const 8))) (then (unreachable)))))
