;; attack: imports whose names have 90,000 characters, for the report to repeat
;; expect: invalid unsupported
;; expand: LONG 90000 "n"
(module (import "wand" "@@LONG@@" (func)) (import "@@LONG@@" "f" (func)) (func (export "_start")))
