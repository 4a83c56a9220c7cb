;; attack: 40,000 branches, each of which carries 900 values
;; expect: invalid syntax CompileError
;; expand: TYPES 900 "i64 "
;; expand: VALUES 900 "i64.const {i} "
;; expand: BRANCHES 40000 "local.get 0 br_if 0 "
;; expand: DROPS 900 "drop "
(module (func (export "_start") (local i32) (block (result @@TYPES@@) @@VALUES@@ @@BRANCHES@@) @@DROPS@@))
