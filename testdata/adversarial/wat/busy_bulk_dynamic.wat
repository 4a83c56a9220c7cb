;; attack: bulk operations whose size is computed, so that it cannot be charged beforehand, hidden in small functions
;; expect: exhausted fuel
;; limits: memory=80MiB
(module (memory 1024) (global $n (mut i32) (i32.const 1))
  (func $fill (memory.fill (i32.const 0) (i32.const 7) (global.get $n)))
  (func (export "_start")
    (loop
      (global.set $n (i32.and (i32.mul (global.get $n) (i32.const 3)) (i32.const 0x3ffffff)))
      (call $fill) (call $fill) (call $fill) (br 0))))
