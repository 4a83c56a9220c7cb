;; attack: blocks nested 9,000 deep, each with an exit through all of them
;; expect: completed
;; expand: OPEN 9000 "(block (br_if 0 (i32.const 0)) "
;; expand: CLOSE 9000 ")"
(module (func (export "_start") @@OPEN@@ @@CLOSE@@))
