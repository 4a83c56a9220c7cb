;; attack: a response that lies outside of memory
;; expect: failed trap
(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $respond (i32.const -1) (i32.const -1))))
