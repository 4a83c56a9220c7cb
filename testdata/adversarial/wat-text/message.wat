;; attack: an error whose text is the program's
;; expect: error

(module (func (call $x[31mmain.wat:1:1:)))
(func "main.wat:999:1: error: forged")
