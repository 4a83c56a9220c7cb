package engine

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// backing is a sealed memory file: nobody can change it any more, and a private mapping of it is copy-on-write.
type backing struct{ fd int }

func newBacking(size uint64, extents []Extent) (backing, error) {
	fd, err := unix.MemfdCreate("wand-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return backing{}, fmt.Errorf("%w: memfd_create: %v", ErrNoMemory, err)
	}
	b := backing{fd}
	if err := fill(fd, size, extents); err != nil {
		b.close()
		return backing{}, fmt.Errorf("%w: writing an image of %d bytes: %v", ErrNoMemory, size, err)
	}
	return b, nil
}

// fill writes the extents, leaves the rest holes, and seals the file.
func fill(fd int, size uint64, extents []Extent) error {
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return err
	}
	for _, e := range extents {
		for off, data := int64(e.Offset), e.Data; len(data) > 0; {
			n, err := unix.Pwrite(fd, data, off)
			if err != nil {
				return err
			}
			data, off = data[n:], off+int64(n)
		}
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	return err
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

// drop forgets the private pages of a mapping, so that it shows the image again.
func drop(mapped []byte) bool {
	return len(mapped) == 0 || unix.Madvise(mapped, unix.MADV_DONTNEED) == nil
}

func release(reserved []byte) {
	if len(reserved) > 0 {
		_ = unix.MunmapPtr(unsafe.Pointer(&reserved[0]), uintptr(len(reserved)))
	}
}
