;; attack: host calls with names and arguments outside of memory
;; expect: failed trap
(module
  (import "wand" "call" (func $call (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (drop (call $call (i32.const 0xfff0) (i32.const 0x7fffffff) (i32.const -1) (i32.const 1)))))
