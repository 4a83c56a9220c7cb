;; attack: give way for ever
;; expect: exhausted fuel | exhausted deadline
;; because: a yield costs little fuel and a host call's time
;; limits: fuel=200M deadline=3s
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $y (result i32)))
  (func (export "_start") (loop (drop (call $y)) (br 0))))
