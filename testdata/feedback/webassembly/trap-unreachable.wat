(module (memory (export "memory") 1) (func $fail unreachable) (func $check (call $fail)) (func (export "_start") (call $check)))
