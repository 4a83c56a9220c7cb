;; attack: functions that call each other, with results, so that no call is a tail call
;; expect: exhausted call_depth
(module
  (func $a (param i32) (result i32) (i32.add (call $b (local.get 0)) (i32.const 1)))
  (func $b (param i32) (result i32) (i32.mul (call $c (local.get 0)) (i32.const 3)))
  (func $c (param i32) (result i32) (i32.sub (call $a (local.get 0)) (i32.const 1)))
  (func (export "_start") (drop (call $a (i32.const 0)))))
