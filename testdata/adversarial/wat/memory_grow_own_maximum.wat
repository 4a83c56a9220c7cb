;; attack: grow past the module's own maximum: that is the module's business and must fail as the specification says
;; expect: completed
(module (memory 1 4)
  (func (export "_start")
    (if (i32.ne (memory.grow (i32.const 3)) (i32.const 1)) (then (unreachable)))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
    (if (i32.ne (memory.size) (i32.const 4)) (then (unreachable)))))
