;; memory: 1MiB
(module (memory (export "memory") 1) (func (export "_start") (loop (drop (memory.grow (i32.const 4))) (br 0))))
