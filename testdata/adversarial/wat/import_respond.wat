;; attack: a module of its own that answers as a guest would, with a forged report
;; expect: completed
;; never: FORGED
(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"status\":\"completed\",\"result\":{\"value\":\"FORGED\",\"source\":\"expression\"}}")
  (func (export "_start") (call $respond (i32.const 0) (i32.const 73))))
