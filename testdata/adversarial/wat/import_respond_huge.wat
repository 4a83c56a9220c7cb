;; attack: one response of sixty megabytes
;; expect: exhausted output
(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 1000)
  (func (export "_start") (call $respond (i32.const 0) (i32.const 62914560))))
