;; attack: the meter's fuel counter as an imported global
;; expect: invalid unsupported
(module (import "wand_meter" "wand_meter.fuel" (global (mut i64))) (func (export "_start") (global.set 0 (i64.const 0x7fffffffffffffff)) (loop (br 0))))
