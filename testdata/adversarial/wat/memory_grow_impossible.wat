;; attack: more pages than there can ever be: fails in the ordinary way, and a loop of it is only a loop
;; expect: exhausted fuel | exhausted deadline
;; because: a failed growth costs one unit of fuel and the time of two host calls
;; limits: fuel=50M deadline=3s
(module (memory 1)
  (func (export "_start") (loop (br_if 0 (i32.eq (memory.grow (i32.const -1)) (i32.const -1))))))
