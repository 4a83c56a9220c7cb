;; attack: recursion with a thousand results, for which every frame keeps room
;; expect: exhausted call_depth
;; expand: TYPES 1000 "i64 "
;; expand: DROP 1000 "(drop)"
(module
  (func $f (result @@TYPES@@) (call $f))
  (func (export "_start") (call $f) @@DROP@@))
