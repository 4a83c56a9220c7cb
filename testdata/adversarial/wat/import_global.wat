;; attack: the meter's fuel counter as an imported global
;; expect: refused unsupported | invalid syntax Unsupported | invalid syntax CompileError
;; because: the decoder or the linker may say it
(module (import "wand_meter" "wand_meter.fuel" (global (mut i64))) (func (export "_start") (global.set 0 (i64.const 0x7fffffffffffffff)) (loop (br 0))))
