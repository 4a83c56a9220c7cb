;; attack: a hundred tables, each of which may grow
;; expect: exhausted fuel | exhausted memory | refused unsupported | invalid syntax CompileError
;; because: as for one table; what they take together may be refused beforehand
;; expand: TABLES 100 "(table 10000 funcref) "
(module @@TABLES@@
  (func (export "_start") (loop (drop (table.grow 7 (ref.null func) (i32.const 1000000))) (br 0))))
