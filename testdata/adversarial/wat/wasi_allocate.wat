;; attack: fd_allocate of a terabyte
;; expect: exhausted storage
(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func $allocate (param i32 i64 i64) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "work/f")
  (func (export "_start")
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 1) (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 64)) (then (unreachable)))
    (if (i32.eqz (call $allocate (i32.load (i32.const 64)) (i64.const 0) (i64.const 0x10000000000))) (then (unreachable)))))
