;; attack: a hundred tables, each of which may grow
;; expect: exhausted fuel
;; expand: TABLES 100 "(table 10000 funcref) "
(module @@TABLES@@
  (func (export "_start") (loop (drop (table.grow 7 (ref.null func) (i32.const 1000000))) (br 0))))
