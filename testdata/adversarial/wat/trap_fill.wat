;; attack: a fill that would run over the end: it must write nothing and be charged nothing it cannot pay
;; expect: failed trap
;; feedback: out of bounds memory access
(module (memory 1) (func (export "_start") (memory.fill (i32.const 1) (i32.const 1) (i32.const -1))))
