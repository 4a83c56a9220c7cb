;; attack: all 65,536 pages, whose size in bytes does not fit 32 bits
;; expect: exhausted memory
(module (memory 65536) (func (export "_start")))
