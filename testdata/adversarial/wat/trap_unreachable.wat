;; attack: none, but the end that aborts have
;; expect: failed trap
;; feedback: unreachable
(module (func (export "_start") (unreachable)))
