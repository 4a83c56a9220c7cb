;; A refusal is passed on: the answer {"error": {"type": ..., "message": ...}} becomes the program's own failure.
(module
  (import "wand" "call" (func $call (param i32 i32 i32 i32) (result i32)))
  (import "wand" "take" (func $take (param i32 i32) (result i32)))
  (import "wand" "respond" (func $respond (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "wiping\0a")
  (data (i32.const 16) "\00\00\00\00\07\00\00\00")
  (data (i32.const 32) "wipe{\22disk\22:\22c\22}")
  (data (i32.const 1006) "{\22status\22:\22failed\22") ;; 18

  (func (export "_start")
    (local $n i32)
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (local.set $n (call $call (i32.const 32) (i32.const 4) (i32.const 36) (i32.const 12)))
    (local.set $n (call $take (i32.const 1024) (local.get $n)))
    (i32.store8 (i32.const 1024) (i32.const 44)) ;; a comma in the place of the answer's opening bracket
    (call $respond (i32.const 1006) (i32.add (local.get $n) (i32.const 18)))
    unreachable)) ;; ERROR
