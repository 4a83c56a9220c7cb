;; attack: 3,000 calls that take 900 values and give 900
;; expect: invalid syntax CompileError
;; expand: TYPES 900 "i64 "
;; expand: GETS 900 "local.get {i} "
;; expand: VALUES 900 "i64.const {i} "
;; expand: CALLS 3000 "call $f "
;; expand: DROPS 900 "drop "
(module (func $f (param @@TYPES@@) (result @@TYPES@@) @@GETS@@) (func (export "_start") @@VALUES@@ @@CALLS@@ @@DROPS@@))
