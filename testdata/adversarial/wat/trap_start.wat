;; attack: a start function that traps, in a module whose entry point would do well
;; expect: failed trap
(module (func $s (unreachable)) (start $s) (func (export "_start")))
