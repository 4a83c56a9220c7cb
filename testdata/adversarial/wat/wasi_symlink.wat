;; attack: links out of the root, and through them
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "../../../..") (data (i32.const 64) "work/l") (data (i32.const 128) "work/l/etc/passwd")
  (func (export "_start")
    (drop (call $symlink (i32.const 0) (i32.const 11) (i32.const 3) (i32.const 64) (i32.const 6)))
    (if (i32.eqz (call $open (i32.const 3) (i32.const 1) (i32.const 128) (i32.const 17) (i32.const 0) (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 512))) (then (unreachable)))))
