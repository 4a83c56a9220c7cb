;; attack: the same with the call depth, as a function
;; expect: refused unsupported | invalid syntax CompileError
;; because: the compiler or the meter may say it
(module (func (export "wand_meter.depth")) (func $f (call $f)) (func (export "_start") (call $f)))
