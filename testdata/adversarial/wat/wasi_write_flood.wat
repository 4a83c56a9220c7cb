;; attack: fd_write without end, with a thousand vectors that all name the same large piece of memory
;; expect: exhausted output
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 32)
  (func (export "_start") (local i32)
    (loop
      (i32.store (local.get 0) (i32.const 0x10000))
      (i32.store offset=4 (local.get 0) (i32.const 0x100000))
      (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const 8000))))
    (loop (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1000) (i32.const 0x8000))) (br 0))))
