;; attack: folders inside folders without end, each opened through the one before and never closed
;; expect: exhausted storage | exhausted memory | failed trap
;; because: whether the limit or the table of descriptors ends first; a failed call makes this program trap
;; limits: storage=1MiB
(module
  (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "d")
  (func (export "_start") (local $at i32)
    (local.set $at (i32.const 3))
    (loop
      (if (call $mkdir (local.get $at) (i32.const 0) (i32.const 1)) (then (unreachable)))
      (if (call $open (local.get $at) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2) (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 64)) (then (unreachable)))
      (local.set $at (i32.load (i32.const 64)))
      (br 0))))
