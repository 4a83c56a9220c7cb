;; attack: 90,000 data segments that write one byte again and again
;; expect: completed
;; expand: SEGMENTS 90000 "(data (i32.const 0) \"x\")"
(module (memory (export "memory") 1) @@SEGMENTS@@ (func (export "_start")))
