;; attack: a file of the host as the module of an import
;; expect: module

(module (import "/etc/passwd" "x" (func $x)) (func (export "_start") (call $x)))
