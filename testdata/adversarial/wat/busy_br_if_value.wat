;; attack: a loop with parameters, which branches back with values
;; expect: exhausted fuel
(module
  (func (export "_start")
    (i32.const 1)
    (loop $l (param i32) (i32.const 1) (i32.add) (br $l))))
