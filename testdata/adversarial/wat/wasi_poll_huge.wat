;; attack: poll for two billion events that are not there
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $p (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eqz (call $p (i32.const 0) (i32.const 0) (i32.const 0x7fffffff) (i32.const 0))) (then (unreachable)))
    (if (i32.eqz (call $p (i32.const 0) (i32.const 0) (i32.const 0x5555556) (i32.const 0))) (then (unreachable)))))
