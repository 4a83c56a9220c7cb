;; attack: the value of a global is a sum of 300,000 numbers
;; expect: completed
;; expand: SUM 300000 "i32.const {i} i32.add "
(module (global i32 i32.const 0 @@SUM@@) (func (export "_start")))
