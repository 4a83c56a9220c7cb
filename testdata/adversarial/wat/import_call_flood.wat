;; attack: host calls without end
;; expect: exhausted host_calls
;; limits: host_calls=50
(module
  (import "wand" "call" (func $call (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "tool{}")
  (func (export "_start") (loop (drop (call $call (i32.const 0) (i32.const 4) (i32.const 4) (i32.const 2))) (br 0))))
