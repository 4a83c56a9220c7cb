;; attack: a reactor's constructor that never returns
;; expect: exhausted fuel
(module (func (export "_initialize") (loop (br 0))) (func (export "_start")))
