;; attack: 50,000 exports of one function
;; expect: completed
;; expand: EXPORTS 50000 "(export \"e{i}\" (func $f)) "
(module (func $f) (func (export "_start")) @@EXPORTS@@)
