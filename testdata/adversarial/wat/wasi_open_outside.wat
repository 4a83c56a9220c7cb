;; attack: open what lies above the root, by relative and absolute paths and through a path that is not UTF-8
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "../../../../etc/passwd") (data (i32.const 64) "/etc/passwd") (data (i32.const 128) "work/../../../etc/passwd") (data (i32.const 192) "\ff\fe\00x")
  (func $must_fail (param i32 i32)
    (if (i32.eqz (call $open (i32.const 3) (i32.const 1) (local.get 0) (local.get 1) (i32.const 0) (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 512))) (then (unreachable))))
  (func (export "_start")
    (call $must_fail (i32.const 0) (i32.const 22))
    (call $must_fail (i32.const 64) (i32.const 11))
    (call $must_fail (i32.const 128) (i32.const 24))
    (call $must_fail (i32.const 192) (i32.const 4))
    (call $must_fail (i32.const 0) (i32.const -1))
    (call $must_fail (i32.const -1) (i32.const 1))))
