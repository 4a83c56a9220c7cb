;; attack: a function that calls itself
;; expect: exhausted call_depth
(module (func $f (call $f)) (func (export "_start") (call $f)))
