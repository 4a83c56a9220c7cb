;; attack: a thousand buffers of all of memory each, written again and again
;; expect: exhausted output
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $i i32)
    (loop $l
      (i32.store (i32.add (i32.shl (local.get $i) (i32.const 3)) (i32.const 4)) (i32.const 0x20000))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (loop (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1000) (i32.const 0x1fff0))) (br 0))))
