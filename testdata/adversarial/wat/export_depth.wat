;; attack: the same with the call depth, as a function
;; expect: invalid unsupported
(module (func (export "wand_meter.depth")) (func $f (call $f)) (func (export "_start") (call $f)))
