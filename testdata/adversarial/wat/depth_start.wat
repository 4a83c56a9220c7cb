;; attack: recursion in the start function
;; expect: exhausted call_depth
(module (func $f (call $f) (nop)) (start $f))
