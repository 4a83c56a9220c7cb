;; attack: 3,000 blocks inside each other, each with 100 parameters and 100 results
;; expect: completed
;; expand: TYPES 100 "i64 "
;; expand: VALUES 100 "i64.const {i} "
;; expand: OPEN 3000 "local.get 0 if (type $t) "
;; expand: CLOSE 3000 "end "
;; expand: DROPS 100 "drop "
(module (type $t (func (param @@TYPES@@) (result @@TYPES@@))) (func (export "_start") (local i32) @@VALUES@@ @@OPEN@@ @@CLOSE@@ @@DROPS@@))
