;; attack: a sequence of conditions, after which a thousand locals are read: compilers make a merge point of every local at every condition
;; expect: invalid unsupported
;; feedback: too long to compile
;; expand: LOCALS 1000 "i32 "
;; expand: IFS 4000 "(if (local.get 0) (then (local.set 1 (i32.const 1))))"
;; expand: USE 1000 "(local.set 0 (i32.add (local.get 0) (local.get {i})))"
(module (func (export "_start") (local @@LOCALS@@) @@IFS@@ @@USE@@))
