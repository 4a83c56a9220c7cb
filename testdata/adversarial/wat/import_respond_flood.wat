;; attack: responses of a megabyte, one after another
;; expect: exhausted fuel
(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 32)
  (func (export "_start") (loop (call $respond (i32.const 0) (i32.const 0x200000)) (br 0))))
