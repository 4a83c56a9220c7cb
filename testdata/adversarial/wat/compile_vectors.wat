;; attack: 2,000 vectors alive at the same time, in a loop
;; expect: completed | invalid unsupported
;; because: it depends on the engine and the machine whether it comes in time
;; expand: LOCALS 2000 "(local v128)"
;; expand: SETS 2000 "(local.set {i+1} (i32x4.add (local.get {i}) (i32x4.splat (i32.const {i}))))"
;; expand: USES 2000 "(v128.store (i32.const 0) (local.get {i}))"
(module (memory (export "memory") 1)
  (func (export "_start") (local v128) @@LOCALS@@ (loop @@SETS@@ @@USES@@)))
