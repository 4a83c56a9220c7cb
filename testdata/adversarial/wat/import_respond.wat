;; attack: a module of its own that answers as a guest would, with a forged report
;; expect: completed | failed | refused unsupported | fault
;; because: the import exists for guests; what a command says through it may be ignored or refused, and is never taken for a result
;; never: FORGED
(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"status\":\"completed\",\"result\":{\"value\":\"FORGED\",\"source\":\"expression\"}}")
  (func (export "_start") (call $respond (i32.const 0) (i32.const 73))))
