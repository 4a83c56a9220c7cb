;; attack: export a global by the name under which the runtime looks for the fuel counter
;; expect: refused unsupported | invalid syntax CompileError
;; because: the compiler or the meter may say it
(module (global (export "wand_meter.fuel") (mut i64) (i64.const 0x7fffffffffffffff)) (func (export "_start") (loop (br 0))))
