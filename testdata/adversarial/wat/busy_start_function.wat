;; attack: a start function that never returns: it runs before any export is called
;; expect: exhausted fuel
(module (func $s (loop (br 0))) (start $s))
