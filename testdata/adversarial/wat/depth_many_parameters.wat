;; attack: recursion with a thousand parameters, which engines pass on the stack
;; expect: exhausted call_depth
;; expand: TYPES 1000 "i64 "
;; expand: ZERO 1000 "(i64.const 0)"
;; expand: PASS 1000 "(local.get {i})"
(module
  (func $f (param @@TYPES@@) @@PASS@@ (call $f) (nop))
  (func (export "_start") @@ZERO@@ (call $f)))
