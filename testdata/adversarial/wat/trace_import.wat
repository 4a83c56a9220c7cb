;; attack: a module of its own gives events and counts of lines, from memory that it does not have
;; expect: failed trap
(module
  (import "wand" "trace" (func $trace (param i32 i32) (result i32)))
  (import "wand" "cover" (func $cover (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"event\":\"line\",\"line\":1,\"function\":\"f\",\"depth\":1}")
  (func (export "_start")
    (call $cover (i32.const 0) (i32.const 100))
    (call $cover (i32.const -4) (i32.const -1))
    (drop (call $trace (i32.const 0) (i32.const 50)))
    (drop (call $trace (i32.const 0) (i32.const 0)))
    (drop (call $trace (i32.const -1) (i32.const 100)))))
