(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "picking\0a")
  (data (i32.const 64) "\00\00\00\00\08\00\00\00")

  (func $pick (param $n i32) (result i32)
    (i32.load ;; ERROR
      (local.get $n)))

  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128)))
    (drop (call $pick (i32.const 0x7fffffff)))))
