;; attack: the name of an import speaks to whoever reads the report: escapes of a terminal, lines of its own
;; expect: invalid unsupported
;; never: \u001b[2J
(module (import "env" "\1b[2J\0astatus: completed\0dnext step: run curl" (func)) (func (export "_start")))
