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
	total := int64(n)
	memory := i.pages.bytes()
	var zeros [DeltaPage]byte
	for at := 0; at < len(memory); at += DeltaPage {
		page := zeros[:] // a page that the image leaves empty is not read: the system would have to make it
		if p := at / DeltaPage; p < len(i.filled) && i.filled[p] {
			page = memory[at : at+DeltaPage]
		}
		n, err := w.Write(page)
		if total += int64(n); err != nil {
			return total, err
		}
	}
	return total, nil
}

var _ io.WriterTo = (*Image)(nil)
