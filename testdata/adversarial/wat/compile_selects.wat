;; attack: 200,000 values that each depend on the last
;; expect: completed
;; expand: SELECTS 200000 "i32.const {i} local.get 0 select "
(module (memory (export "memory") 1) (func (export "_start") (local i32) i32.const 0 local.get 0 @@SELECTS@@ i32.store))
