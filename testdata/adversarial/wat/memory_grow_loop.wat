;; attack: grow by one page until it fails; the failure is never seen
;; expect: exhausted memory
(module (memory 1)
  (func (export "_start")
    (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))))
