;; attack: wait for the end of time
;; expect: exhausted deadline
;; limits: deadline=400ms
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $p (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 0x7fffffffffffffff))
    (drop (call $p (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)))))
