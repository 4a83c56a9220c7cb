;; attack: fill all of memory in one instruction, again and again: few instructions, much work
;; expect: exhausted fuel
;; limits: memory=80MiB
(module (memory 1024)
  (func (export "_start")
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000)) (br 0))))
