;; attack: loops that leave through an outer label each time, so that no inner one is ever entered twice
;; expect: exhausted fuel
(module
  (func (export "_start")
    (loop $a (loop $b (loop $c (br_if $a (i32.const 1)) (br $b)) (br $a)) (br $a))))
