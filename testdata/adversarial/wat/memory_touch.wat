;; attack: take what the limit allows and write to all of it
;; expect: exhausted memory
;; limits: memory=48MiB
(module (memory 0)
  (func (export "_start") (local i32)
    (loop
      (drop (memory.grow (i32.const 16)))
      (memory.fill (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1048576)) (i32.const 255) (i32.const 1048576))
      (br 0))))
