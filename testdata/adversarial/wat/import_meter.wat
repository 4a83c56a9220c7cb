;; attack: the meter's own imports, to refill the fuel by hand
;; expect: invalid unsupported
(module
  (import "wand_meter" "refill" (func $refill (param i64) (result i64)))
  (func (export "_start") (loop (drop (call $refill (i64.const 1000000000))) (br 0))))
