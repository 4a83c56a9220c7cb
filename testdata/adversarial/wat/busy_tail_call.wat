;; attack: a loop made of tail calls: no loop header, and the stack never grows
;; expect: exhausted fuel
(module
  (func $f (param i32) (return_call $g (local.get 0)))
  (func $g (param i32) (return_call $f (i32.add (local.get 0) (i32.const 1))))
  (func (export "_start") (call $f (i32.const 0))))
