;; attack: a data segment at an offset that is negative as a signed number
;; expect: failed trap
(module (memory 1) (data (i32.const -4) "xxxxxxxx") (func (export "_start")))
