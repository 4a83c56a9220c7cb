;; attack: responses of a megabyte, one after another
;; expect: exhausted fuel | refused unsupported | exhausted memory | exhausted deadline
;; because: the import may not be offered; a host call has to cost what it makes the host do
(module
  (import "wand" "respond" (func $respond (param i32 i32)))
  (memory (export "memory") 32)
  (func (export "_start") (loop (call $respond (i32.const 0) (i32.const 0x200000)) (br 0))))
