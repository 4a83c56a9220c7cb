;; attack: all the memory that there can be
;; expect: module

(module (memory 65536) (func (export "_start")))
