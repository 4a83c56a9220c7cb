;; attack: initialise memory from one large passive segment, again and again
;; expect: exhausted fuel
;; expand: DATA 300000 "x"
(module (memory 8) (data $d "@@DATA@@")
  (func (export "_start")
    (loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 300000)) (br 0))))
