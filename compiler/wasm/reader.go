package wasm

import (
	"fmt"
	"unicode/utf8"
)

// reader reads primitives. After the first error it stays at its position and returns zeros, so callers check err once per
// item; every count is checked against the bytes that are left, so loops over counts end.
type reader struct {
	b    []byte
	p    int
	base int // offset of b[0] in the module
	err  *Error
}

func (r *reader) failAt(p int, feature, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: r.base + p, Feature: feature, Message: fmt.Sprintf(format, args...)}
	}
	r.p = len(r.b)
}

func (r *reader) fail(format string, args ...any) { r.failAt(r.p, "", format, args...) }

func (r *reader) refuse(feature, format string, args ...any) { r.failAt(r.p, feature, format, args...) }

func (r *reader) done() bool { return r.p >= len(r.b) }

func (r *reader) byte() byte {
	if r.p >= len(r.b) {
		r.fail("unexpected end")
		return 0
	}
	c := r.b[r.p]
	r.p++
	return c
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)-r.p) {
		r.fail("length %d is out of bounds: unexpected end", n)
		return nil
	}
	s := r.b[r.p : r.p+int(n) : r.p+int(n)]
	r.p += int(n)
	return s
}

func (r *reader) u32() uint32 {
	if r.p < len(r.b) {
		if c := r.b[r.p]; c < 0x80 {
			r.p++
			return uint32(c)
		}
	}
	return r.u32Slow()
}

func (r *reader) u32Slow() uint32 {
	start := r.p
	var v uint32
	for s := uint(0); ; s += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		if s == 28 && c > 0x0f {
			if c >= 0x80 {
				r.failAt(start, "", "integer representation too long")
			} else {
				r.failAt(start, "", "integer too large")
			}
			return 0
		}
		v |= uint32(c&0x7f) << s
		if c < 0x80 {
			return v
		}
	}
}

// signed reads a signed LEB128 number of the given width: 32, 33 or 64 bits.
func (r *reader) signed(bits uint) int64 {
	start := r.p
	var v int64
	for s := uint(0); ; s += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		v |= int64(c&0x7f) << s
		if left := bits - s; left <= 7 {
			if c >= 0x80 {
				r.failAt(start, "", "integer representation too long")
				return 0
			}
			// The bits beyond the width must repeat the sign bit.
			high := c & 0x7f >> (left - 1)
			if high != 0 && high != 0x7f>>(left-1) {
				r.failAt(start, "", "integer too large")
				return 0
			}
		}
		if c < 0x80 {
			if s += 7; s < 64 {
				v = v << (64 - s) >> (64 - s)
			}
			return v
		}
	}
}

// count reads a vector's length, of items that take at least size bytes each.
func (r *reader) count(what string, limit, size int) int {
	start := r.p
	n := r.u32()
	if r.err != nil {
		return 0
	}
	if uint64(n)*uint64(size) > uint64(len(r.b)-r.p) {
		r.failAt(start, "", "%d %s do not fit: unexpected end", n, what)
		return 0
	}
	if uint64(n) > uint64(limit) {
		r.failAt(start, FeatureLimit, "%d %s, at most %d are accepted", n, what, limit)
		return 0
	}
	return int(n)
}

func (r *reader) name(limit int) string {
	start := r.p
	n := r.u32()
	b := r.bytes(n)
	if r.err != nil {
		return ""
	}
	if len(b) > limit {
		r.failAt(start, FeatureLimit, "a name of %d bytes, at most %d are accepted", len(b), limit)
		return ""
	}
	if !utf8.Valid(b) {
		r.failAt(start, "", "malformed UTF-8 encoding in a name")
		return ""
	}
	return string(b)
}

func (r *reader) valType() ValType {
	c := r.byte()
	if r.err == nil && !isValType(c) {
		r.p--
		r.failAt(r.p, typeFeature(c), "value type %#x", c)
	}
	return ValType(c)
}

func (r *reader) refType() ValType {
	start := r.p
	t := r.valType()
	if r.err == nil && !t.IsRef() {
		r.failAt(start, "", "malformed reference type %#x", byte(t))
	}
	return t
}

func isValType(c byte) bool {
	return c >= 0x7b && c <= 0x7f || c == 0x70 || c == 0x6f
}

// typeFeature names the proposal that an unsupported type code belongs to; empty when there is none.
func typeFeature(c byte) string {
	switch {
	case c == 0x63 || c == 0x64:
		return featureFuncRefs
	case c == 0x69 || c == 0x74:
		return featureExceptions
	case c >= 0x6a && c <= 0x6e || c >= 0x71 && c <= 0x73 || c == 0x78 || c == 0x77:
		return featureGC
	case c == 0x68 || c == 0x75:
		return featureStackSwitch
	}
	return ""
}
