;; attack: close standard output and error, and write to them all the same
;; expect: completed
;; never: forged
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $c (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\06\00\00\00")
  (data (i32.const 16) "forged")
  (func (export "_start")
    (drop (call $c (i32.const 1)))
    (if (i32.eqz (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))) (then (unreachable)))
    (drop (call $c (i32.const 2)))
    (if (i32.eqz (call $w (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32))) (then (unreachable)))))
