;; attack: a vector store across the end
;; expect: failed trap
;; feedback: out of bounds memory access
(module (memory 1) (func (export "_start") (v128.store (i32.const 65521) (v128.const i64x2 -1 -1))))
