;; attack: all of the address space in one instruction
;; expect: exhausted memory
(module (memory 1) (func (export "_start") (drop (memory.grow (i32.const 65534)))))
