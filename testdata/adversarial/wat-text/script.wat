;; attack: a script with more than one module
;; expect: error | module

(module $a (func (export "x")))
(register "a" $a)
(assert_return (invoke "x"))
(module (import "a" "x" (func)))
