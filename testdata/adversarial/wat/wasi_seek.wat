;; attack: seek to the end of all numbers and write there
;; expect: exhausted storage | completed
;; because: an offset that cannot be may be refused with EFBIG or EINVAL, which this program accepts
(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "work/f")
  (func (export "_start")
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 1) (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 64)) (then (unreachable)))
    (drop (call $seek (i32.load (i32.const 64)) (i64.const 0x7fffffffffffffff) (i32.const 0) (i32.const 128)))
    (drop (call $seek (i32.load (i32.const 64)) (i64.const 0x7fffffffffffffff) (i32.const 1) (i32.const 128)))
    (drop (call $seek (i32.load (i32.const 64)) (i64.const -1) (i32.const 0) (i32.const 128)))
    (i32.store (i32.const 256) (i32.const 0)) (i32.store (i32.const 260) (i32.const 16))
    (if (i32.eqz (call $pwrite (i32.load (i32.const 64)) (i32.const 256) (i32.const 1) (i64.const 0x7ffffffffffffffc) (i32.const 128))) (then (unreachable)))
    (if (i32.eqz (call $pwrite (i32.load (i32.const 64)) (i32.const 256) (i32.const 1) (i64.const -8) (i32.const 128))) (then (unreachable)))))
