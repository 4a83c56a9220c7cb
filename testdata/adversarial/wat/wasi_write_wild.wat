;; attack: vectors outside of memory, in every combination that overflows 32 bits
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $must_fail (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
  (func (export "_start")
    (call $must_fail (call $w (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0)))
    (call $must_fail (call $w (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0)))
    (call $must_fail (call $w (i32.const 1) (i32.const 0) (i32.const 0x20000000) (i32.const 0)))
    (i32.store (i32.const 0) (i32.const 0xfffffff0)) (i32.store (i32.const 4) (i32.const 0x20))
    (call $must_fail (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0x100)))
    (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const -1))
    (call $must_fail (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0x100)))
    (i32.store (i32.const 4) (i32.const 1))
    (call $must_fail (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0xfffffffe)))))
