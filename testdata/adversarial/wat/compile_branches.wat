;; attack: one br_table of 65,000 targets after another
;; expect: invalid unsupported
;; feedback: too long to compile
;; expand: TARGETS 65000 "0 "
;; expand: TABLES 12 "(block (br_table @@TARGETS@@ (i32.const 5)))"
(module (func (export "_start") @@TABLES@@))
