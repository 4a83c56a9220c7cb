;; attack: a memory under a thousand names
;; expect: completed
;; expand: EXPORTS 1000 "(export \"m{i}\" (memory 0))"
(module (memory (export "memory") 1) @@EXPORTS@@ (func (export "_start") (i32.store (i32.const 65532) (i32.const 1))))
