;; attack: annotations
;; expect: error | module

(module (@custom ".debug_line" "\ff\ff\ff\ff") (@name "/etc/passwd") (func (export "_start")))
