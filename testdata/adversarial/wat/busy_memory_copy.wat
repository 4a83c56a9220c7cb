;; attack: overlapping copies of all of memory, in both directions
;; expect: exhausted fuel
;; limits: memory=80MiB
(module (memory 1024)
  (func (export "_start")
    (loop
      (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3ffffff))
      (memory.copy (i32.const 0) (i32.const 1) (i32.const 0x3ffffff))
      (br 0))))
