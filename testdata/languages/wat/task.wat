;; The task by hand: the input goes into the arguments of the tools as it is, their results into the value. Texts are put together at $out.
(module
  (import "wand" "input" (func $input (result i32)))
  (import "wand" "call" (func $call (param i32 i32 i32 i32) (result i32)))
  (import "wand" "take" (func $take (param i32 i32) (result i32)))
  (import "wand" "respond" (func $respond (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)

  (data (i32.const 0) "converting 3 amounts\0a")     ;; 21
  (data (i32.const 32) "rate")                         ;; 4
  (data (i32.const 40) "convert")                      ;; 7
  (data (i32.const 48) "{\22currency\22:\22EUR\22}")   ;; 18
  (data (i32.const 80) "{\22amounts\22:[1,2,3],\22rate\22:")   ;; 28
  (data (i32.const 120) "{\22status\22:\22completed\22,\22result\22:{\22value\22:{\22currency\22:\22EUR\22,\22total\22:")  ;; 68
  (data (i32.const 200) "}}}")

  (global $out (mut i32) (i32.const 4096))

  ;; puts a text behind those before
  (func $put (param $from i32) (param $length i32)
    (memory.copy (global.get $out) (local.get $from) (local.get $length))
    (global.set $out (i32.add (global.get $out) (local.get $length))))

  ;; calls a tool and puts what stands behind the first $skip bytes of its answer, without the last $cut
  (func $ask (param $name i32) (param $nameLength i32) (param $args i32) (param $argsLength i32) (param $skip i32) (param $cut i32)
    (local $n i32)
    (local.set $n (call $call (local.get $name) (local.get $nameLength) (local.get $args) (local.get $argsLength)))
    (local.set $n (call $take (i32.const 65536) (local.get $n)))
    (if (i32.ne (i32.load8_u (i32.const 65538)) (i32.const 111)) (then unreachable)) ;; not {"ok":
    (global.set $out (i32.const 4096))
    (call $put (i32.const 65536) (local.get $n))
    (memory.copy (i32.const 65536) (i32.add (i32.const 4096) (local.get $skip)) (local.get $n))
    (global.set $taken (i32.sub (local.get $n) (i32.add (local.get $skip) (local.get $cut))))
    (global.set $out (i32.const 4096)))

  (global $taken (mut i32) (i32.const 0))

  (func (export "_start")
    (i32.store (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) (i32.const 21))
    (drop (call $fd_write (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 1032)))
    ;; the input is the same in every run of this example; a program that reads it takes it apart itself
    (if (i32.eqz (call $input)) (then unreachable))

    (call $ask (i32.const 32) (i32.const 4) (i32.const 48) (i32.const 18) (i32.const 6) (i32.const 1)) ;; {"ok":2}
    (call $put (i32.const 80) (i32.const 28))
    (call $put (i32.const 65536) (global.get $taken))
    (call $put (i32.const 202) (i32.const 1))
    (memory.copy (i32.const 8192) (i32.const 4096) (i32.sub (global.get $out) (i32.const 4096)))
    (call $ask (i32.const 40) (i32.const 7) (i32.const 8192) (i32.sub (global.get $out) (i32.const 4096)) (i32.const 15) (i32.const 2)) ;; {"ok":{"total":12}}
    (call $put (i32.const 120) (i32.const 68))
    (call $put (i32.const 65536) (global.get $taken))
    (call $put (i32.const 200) (i32.const 3))
    (call $respond (i32.const 4096) (i32.sub (global.get $out) (i32.const 4096)))))
