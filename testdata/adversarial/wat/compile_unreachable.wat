;; attack: 300,000 instructions after an unreachable, where the operand stack has any shape
;; expect: failed trap
;; expand: DEAD 100000 "i32.add select drop "
(module (func (export "_start") unreachable @@DEAD@@))
