;; attack: frames of 48,000 vectors, 770 KB each
;; expect: exhausted call_depth
;; expand: LOCALS 48000 "v128 "
(module
  (func $f (param i32) (local @@LOCALS@@)
    (local.set 1 (i32x4.splat (local.get 0)))
    (call $f (i32.add (local.get 0) (i32.const 1)))
    (drop (v128.any_true (local.get 1))))
  (func (export "_start") (call $f (i32.const 0))))
