package engine

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// backing is a sealed memory file: nobody can change it any more, and a private mapping of it is copy-on-write.
type backing struct{ fd int }

const hostPage = 4096

func newBacking(memory []byte) (backing, error) {
	fd, err := unix.MemfdCreate("wand-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return backing{}, fmt.Errorf("%w: memfd_create: %v", ErrNoMemory, err)
	}
	b := backing{fd}
	if err := fill(fd, memory); err != nil {
		b.close()
		return backing{}, fmt.Errorf("%w: writing an image of %d bytes: %v", ErrNoMemory, len(memory), err)
	}
	return b, nil
}

// fill writes the pages that are not zero, so that the others stay holes, and seals the file.
func fill(fd int, memory []byte) error {
	if err := unix.Ftruncate(fd, int64(len(memory))); err != nil {
		return err
	}
	for off := 0; off < len(memory); {
		if isZero(memory[off:min(off+hostPage, len(memory))]) {
			off += hostPage
			continue
		}
		end := off + hostPage
		for end < len(memory) && !isZero(memory[end:min(end+hostPage, len(memory))]) {
			end += hostPage
		}
		for chunk := memory[off:min(end, len(memory))]; len(chunk) > 0; {
			n, err := unix.Pwrite(fd, chunk, int64(off))
			if err != nil {
				return err
			}
			chunk, off = chunk[n:], off+n
		}
		off = end
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	return err
}

func isZero(page []byte) bool {
	for ; len(page) >= 8; page = page[8:] {
		if *(*uint64)(unsafe.Pointer(&page[0])) != 0 {
			return false
		}
	}
	for _, b := range page {
		if b != 0 {
			return false
		}
	}
	return true
}

func (b backing) close() error { return unix.Close(b.fd) }

// reserve maps length bytes; the first imageSize of them are a private view of pages.
func reserve(length, imageSize uint64, pages backing) ([]byte, error) {
	if length == 0 {
		return []byte{}, nil
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("%w: reserving %d bytes of address space: %v", ErrNoMemory, length, err)
	}
	if imageSize > 0 {
		if _, err := unix.MmapPtr(pages.fd, 0, p, uintptr(imageSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE); err != nil {
			_ = unix.MunmapPtr(p, uintptr(length))
			return nil, fmt.Errorf("%w: mapping an image of %d bytes: %v", ErrNoMemory, imageSize, err)
		}
	}
	return unsafe.Slice((*byte)(p), length), nil
}

func release(reserved []byte) {
	if len(reserved) > 0 {
		_ = unix.MunmapPtr(unsafe.Pointer(&reserved[0]), uintptr(len(reserved)))
	}
}
