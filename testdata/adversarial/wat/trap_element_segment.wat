;; attack: an active element segment outside of its table
;; expect: failed trap | invalid syntax CompileError | refused unsupported
;; because: as for data
(module (table 1 funcref) (elem (i32.const 1) $f) (func $f) (func (export "_start")))
