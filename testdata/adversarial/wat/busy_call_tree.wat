;; attack: no loop and no recursion: forty functions that each call the next one twice
;; expect: exhausted fuel
;; expand: LEVELS 40 "(func (call {i+1}) (call {i+1})) "
(module @@LEVELS@@ (func) (func (export "_start") (call 0)))
