;; attack: raise a signal that kills
;; expect: refused unsupported | completed | failed trap | failed exit
;; because: proc_raise is not supported anywhere any more; it may be missing or return ENOSYS
(module
  (import "wasi_snapshot_preview1" "proc_raise" (func $r (param i32) (result i32)))
  (func (export "_start") (drop (call $r (i32.const 9)))))
