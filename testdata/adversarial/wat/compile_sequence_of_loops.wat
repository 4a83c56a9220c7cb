;; attack: a sequence of loops, after which a thousand locals are read
;; expect: invalid unsupported
;; feedback: too long to compile
;; expand: LOCALS 1000 "i32 "
;; expand: LOOPS 4000 "(loop (br_if 0 (local.get 0)))"
;; expand: USE 1000 "(local.set 0 (i32.add (local.get 0) (local.get {i})))"
(module (func (export "_start") (local @@LOCALS@@) @@LOOPS@@ @@USE@@))
