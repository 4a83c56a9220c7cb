;; attack: thousands of values alive at once, for the register allocator
;; expect: completed
;; expand: PUSH 20000 "(i64.load (i32.const 8))"
;; expand: XOR 19999 "(i64.xor)"
(module (memory 1) (func (export "_start") @@PUSH@@ @@XOR@@ (drop)))
