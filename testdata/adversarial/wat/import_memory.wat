;; attack: a memory that somebody else should provide
;; expect: invalid unsupported
(module (import "env" "memory" (memory 1)) (func (export "_start")))
