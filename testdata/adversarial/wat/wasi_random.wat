;; attack: random bytes for all of memory, without end: host work that costs one call each
;; expect: exhausted fuel
;; limits: memory=80MiB
(module
  (import "wasi_snapshot_preview1" "random_get" (func $r (param i32 i32) (result i32)))
  (memory (export "memory") 1024)
  (func (export "_start") (loop (drop (call $r (i32.const 0) (i32.const 0x4000000))) (br 0))))
