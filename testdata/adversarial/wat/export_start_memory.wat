;; attack: _start is not a function at all
;; expect: completed
(module (memory (export "_start") 1))
