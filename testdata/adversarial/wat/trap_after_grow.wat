;; attack: write to what was never granted, just behind what was
;; expect: failed trap
;; feedback: out of bounds memory access
(module (memory 1)
  (func (export "_start")
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 131068) (i32.const 1))
    (i32.store (i32.const 131069) (i32.const 1))))
