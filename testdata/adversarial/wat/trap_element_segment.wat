;; attack: an active element segment outside of its table
;; expect: failed trap | completed
;; because: the specification traps at once; wazero leaves the segment out and traps when an entry is used, which is as safe
(module (table 1 funcref) (elem (i32.const 1) $f) (func $f) (func (export "_start")))
