;; attack: a call whose frame has 48,000 locals to clear, in a loop
;; expect: exhausted fuel
;; expand: LOCALS 47990 "i64 "
(module
  (func $f (local @@LOCALS@@))
  (func (export "_start") (loop (call $f) (br 0))))
