;; attack: use every descriptor number there is, and close and renumber those that exist
;; expect: completed | exhausted fuel
;; because: two billion numbers are more than the fuel of this corpus
;; limits: fuel=200M
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (drop (call $renumber (i32.const 3) (i32.const -1)))
    (drop (call $renumber (i32.const 3) (i32.const 0x7fffffff)))
    (drop (call $renumber (i32.const 0) (i32.const 3)))
    (loop $l
      (drop (call $stat (local.get $i) (i32.const 64)))
      (drop (call $prestat (local.get $i) (i32.const -1)))
      (drop (call $close (local.get $i)))
      (br_if $l (local.tee $i (i32.add (local.get $i) (i32.const 1)))))))
