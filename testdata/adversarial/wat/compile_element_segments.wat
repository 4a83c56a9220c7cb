;; attack: 90,000 element segments that write one entry again and again
;; expect: completed
;; expand: SEGMENTS 90000 "(elem (i32.const 0) func $f)"
(module (table 1 funcref) (func $f) @@SEGMENTS@@ (func (export "_start")))
