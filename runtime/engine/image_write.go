package engine

import (
	"encoding/binary"
	"io"
)

// WriteTo writes what identifies the image: its size, its globals and its memory. It implements io.WriterTo; the form is for digests only.
func (i *Image) WriteTo(w io.Writer) (int64, error) {
	head := binary.LittleEndian.AppendUint64(nil, i.size)
	for _, name := range i.names {
		head = binary.AppendUvarint(head, uint64(len(name)))
		head = append(head, name...)
		head = binary.LittleEndian.AppendUint64(head, i.Globals[name])
	}
	n, err := w.Write(head)
	if err != nil {
		return int64(n), err
	}
	m, err := w.Write(i.pages.bytes())
	return int64(n + m), err
}

var _ io.WriterTo = (*Image)(nil)
