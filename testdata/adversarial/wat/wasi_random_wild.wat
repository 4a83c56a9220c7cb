;; attack: random bytes for what lies outside of memory
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "random_get" (func $r (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eqz (call $r (i32.const 1) (i32.const -1))) (then (unreachable)))
    (if (i32.eqz (call $r (i32.const 65536) (i32.const 1))) (then (unreachable)))))
