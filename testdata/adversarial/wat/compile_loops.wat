;; attack: nested loops that use many locals: compilers make a merge point of every local at every header
;; expect: invalid unsupported
;; feedback: too long to compile
;; expand: LOCALS 2000 "i32 "
;; expand: OPEN 1000 "(loop "
;; expand: CLOSE 1000 ")"
;; expand: USE 2000 "(local.set {i} (i32.add (local.get {i}) (i32.const 1)))"
(module (func (export "_start") (local @@LOCALS@@) @@OPEN@@ @@USE@@ @@CLOSE@@))
