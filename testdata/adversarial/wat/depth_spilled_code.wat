;; attack: a small number of locals but so much straight code around the call that a compiler spills all of it
;; expect: exhausted call_depth
;; expand: PUSH 400 "(i64.mul (local.get 0) (i64.load (i32.wrap_i64 (local.get 0))))"
;; expand: XOR 399 "(i64.xor)"
(module (memory 1)
  (func $f (param i64) (result i64)
    @@PUSH@@ (call $f (i64.and (local.get 0) (i64.const 0xff))) (i64.xor) @@XOR@@)
  (func (export "_start") (drop (call $f (i64.const 1)))))
