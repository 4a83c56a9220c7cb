;; attack: an active element segment outside of its table, which wazero leaves out and wasmtime takes for a trap
;; expect: failed trap
(module (table 1 funcref) (elem (i32.const 1) $f) (func $f) (func (export "_start")))
