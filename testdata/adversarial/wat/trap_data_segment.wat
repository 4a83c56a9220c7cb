;; attack: an active data segment outside of memory, applied before any code runs
;; expect: failed trap
(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))
