;; attack: an import that nobody provides
;; expect: invalid unsupported
;; feedback: env
(module (import "env" "system" (func (param i32) (result i32))) (func (export "_start")))
