;; attack: write across the last byte of memory
;; expect: failed trap
;; feedback: out of bounds memory access
(module (memory 1) (func (export "_start") (i64.store (i32.const 65529) (i64.const -1))))
