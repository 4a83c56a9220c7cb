;; attack: an element segment of 900,000 functions
;; expect: completed
;; expand: ITEMS 900000 "$f "
(module (table 900000 funcref) (func $f) (elem (i32.const 0) func @@ITEMS@@) (func (export "_start")))
