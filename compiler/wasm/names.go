package wasm

import "unicode/utf8"

// FunctionNames are the names that the module's name section gives its functions, by index. A section that is malformed names those before the fault.
func (m *Module) FunctionNames() map[int]string {
	const functions = 1
	names := map[int]string{}
	for i := range m.Customs {
		if m.Customs[i].Name != "name" {
			continue
		}
		for r := (&reader{b: m.Customs[i].Bytes}); !r.done(); {
			id := r.byte()
			part := &reader{b: r.bytes(r.u32())}
			if id != functions {
				continue
			}
			for range part.u32() {
				index, name := part.u32(), part.bytes(part.u32())
				if part.err != nil {
					break
				}
				if utf8.Valid(name) {
					names[int(index)] = string(name)
				}
			}
		}
		break
	}
	return names
}
