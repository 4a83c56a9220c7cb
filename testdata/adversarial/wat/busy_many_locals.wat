;; attack: a call whose frame has 50,000 locals to clear, in a loop
;; expect: exhausted fuel
;; expand: LOCALS 49990 "i64 "
(module
  (func $f (local @@LOCALS@@))
  (func (export "_start") (loop (call $f) (br 0))))
