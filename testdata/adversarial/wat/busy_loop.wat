;; attack: the smallest loop
;; expect: exhausted fuel
(module (func (export "_start") (loop (br 0))))
