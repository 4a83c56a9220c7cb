;; attack: exponential work spread over functions that are each too small to be worth a check
;; expect: exhausted fuel
(module
  (func $a (param i32) (if (local.get 0) (then (call $b (i32.sub (local.get 0) (i32.const 1))) (call $c (i32.sub (local.get 0) (i32.const 1))))))
  (func $b (param i32) (call $c (local.get 0)) (call $c (local.get 0)))
  (func $c (param i32) (call $a (local.get 0)))
  (func (export "_start") (call $a (i32.const 50))))
