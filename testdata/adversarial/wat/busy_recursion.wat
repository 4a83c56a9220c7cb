;; attack: exponential recursion without a loop, sixty deep: close-on-done checks at loop headers never see it
;; expect: exhausted fuel
(module
  (func $f (param i32)
    (if (local.get 0) (then
      (call $f (i32.sub (local.get 0) (i32.const 1)))
      (call $f (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "_start") (call $f (i32.const 60))))
