;; attack: 100,000 operands on the stack before the first is used
;; expect: completed
;; expand: PUSH 100000 "local.get 0 "
;; expand: ADD 99999 "i32.add "
(module (memory (export "memory") 1) (func (export "_start") (local i32) i32.const 0 @@PUSH@@ @@ADD@@ i32.store))
