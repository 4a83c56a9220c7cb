(module (import "env" "launch" (func $launch)) (func (export "_start") (call $launch)))
