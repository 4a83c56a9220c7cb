;; attack: arguments and environment to addresses that wrap around
;; expect: completed
(module
  (import "wasi_snapshot_preview1" "args_get" (func $a (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $as (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $e (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $es (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eqz (call $a (i32.const -4) (i32.const 0))) (then (unreachable)))
    (if (i32.eqz (call $a (i32.const 0) (i32.const -1))) (then (unreachable)))
    (if (i32.eqz (call $as (i32.const 65533) (i32.const 0))) (then (unreachable)))
    (if (i32.eqz (call $as (i32.const 0) (i32.const -4))) (then (unreachable)))
    (drop (call $e (i32.const -4) (i32.const -1)))
    (if (i32.eqz (call $es (i32.const 65533) (i32.const 65533))) (then (unreachable)))))
