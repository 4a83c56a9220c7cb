;; attack: read beyond memory, at the largest address and offset there are
;; expect: failed trap
;; feedback: out of bounds memory access
(module (memory 1) (func (export "_start") (drop (i64.load offset=0xffffffff (i32.const -1)))))
