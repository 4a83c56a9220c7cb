;; attack: a module that declares a memory of 65,535 pages as its minimum
;; expect: exhausted memory
(module (memory 65535) (func (export "_start")))
