;; attack: a frame whose room is on the operand stack: a thousand values live across the call
;; expect: exhausted call_depth
;; expand: PUSH 1000 "(local.get 0)"
;; expand: POP 1000 "(drop)"
(module
  (func $f (param i64) @@PUSH@@ (call $f (local.get 0)) @@POP@@)
  (func (export "_start") (call $f (i64.const 1))))
