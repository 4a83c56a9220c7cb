;; attack: ask for the time without end, with results outside of memory
;; expect: exhausted fuel | exhausted deadline
;; because: a clock call costs little fuel and a host call's time
;; limits: fuel=200M deadline=3s
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $c (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop (drop (call $c (i32.const 1) (i64.const 0) (i32.const -4))) (br 0))))
