;; attack: 30,000 conditional exits one after another: compilers walk from each basic block up to the first
;; expect: invalid unsupported
;; feedback: too long to compile
;; expand: BLOCKS 30000 "(block (br_if 0 (local.get 0)))"
(module (func (export "_start") (local i32) @@BLOCKS@@))
