;; attack: a function that is one basic block of a million instructions, called in a loop
;; expect: exhausted fuel
;; expand: CODE 250000 "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))"
(module
  (func $f (local i32) @@CODE@@)
  (func (export "_start") (loop (call $f) (br 0))))
