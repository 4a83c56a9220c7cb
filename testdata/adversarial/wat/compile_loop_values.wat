;; attack: 500 loops inside each other, each with 500 parameters
;; expect: invalid syntax CompileError
;; expand: TYPES 500 "i64 "
;; expand: VALUES 500 "i64.const {i} "
;; expand: OPEN 500 "loop (type $t) "
;; expand: CLOSE 500 "local.get 0 br_if 0 end "
;; expand: DROPS 500 "drop "
(module (type $t (func (param @@TYPES@@) (result @@TYPES@@))) (func (export "_start") (local i32) @@VALUES@@ @@OPEN@@ @@CLOSE@@ @@DROPS@@))
