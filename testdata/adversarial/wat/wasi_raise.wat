;; attack: raise a signal that kills
;; expect: failed exit
(module
  (import "wasi_snapshot_preview1" "proc_raise" (func $r (param i32) (result i32)))
  (func (export "_start") (drop (call $r (i32.const 9)))))
