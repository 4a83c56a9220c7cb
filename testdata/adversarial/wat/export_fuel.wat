;; attack: export a global by the name under which the runtime looks for the fuel counter
;; expect: invalid unsupported
(module (global (export "wand_meter.fuel") (mut i64) (i64.const 0x7fffffffffffffff)) (func (export "_start") (loop (br 0))))
