package hostfuncs

import (
	"encoding/json"
	"errors"
)

// Bytes is an argument or a result that is text or bytes, whichever the program has: of text it holds the UTF-8. A tool that makes its schema by hand
// asks for it with the types string and object and the format text-or-bytes.
type Bytes []byte

const formatBytes = "text-or-bytes"

type bytesJSON struct {
	Type  string `json:"$type"`
	Value []byte `json:"value"`
}

// MarshalJSON implements json.Marshaler.
func (b Bytes) MarshalJSON() ([]byte, error) {
	if b == nil {
		return []byte("null"), nil
	}
	return json.Marshal(bytesJSON{Type: "bytes", Value: b})
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *Bytes) UnmarshalJSON(text []byte) error {
	var s *string
	if json.Unmarshal(text, &s) == nil {
		if *b = nil; s != nil {
			*b = Bytes(*s)
		}
		return nil
	}
	var v bytesJSON
	if err := json.Unmarshal(text, &v); err != nil || v.Type != "bytes" {
		return errors.New("neither text nor bytes")
	}
	*b = v.Value
	return nil
}
