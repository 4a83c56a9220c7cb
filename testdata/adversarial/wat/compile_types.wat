;; attack: 90,000 types, all the same
;; expect: completed
;; expand: TYPES 90000 "(type (func (param i32 i64) (result i32)))"
(module @@TYPES@@ (func (export "_start")))
