;; attack: 50,000 functions
;; expect: completed
;; expand: FUNCTIONS 50000 "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))"
(module @@FUNCTIONS@@ (func (export "_start")))
