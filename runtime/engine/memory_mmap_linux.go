package engine

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// backing is a sealed memory file: nobody can change it any more, and a private mapping of it is copy-on-write.
type backing struct {
	fd      int
	view    []byte // read-only, for resets
	pagemap int    // /proc/self/pagemap, -1 when it does not tell written pages from others
	// searches, of *search, is nil when the kernel does not search the page map itself, which it can since 6.7: pages that nobody has touched
	// cost next to nothing then.
	searches *sync.Pool
}

func newBacking(size uint64, extents []Extent) (backing, error) {
	fd, err := unix.MemfdCreate("wand-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return backing{}, fmt.Errorf("%w: memfd_create: %v", ErrNoMemory, err)
	}
	b := backing{fd: fd, pagemap: -1}
	if err := fill(fd, size, extents); err != nil {
		b.close()
		return backing{}, fmt.Errorf("%w: writing an image of %d bytes: %v", ErrNoMemory, size, err)
	}
	if size == 0 {
		return b, nil
	}
	p, err := unix.MmapPtr(fd, 0, nil, uintptr(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		b.close()
		return backing{}, fmt.Errorf("%w: mapping an image of %d bytes: %v", ErrNoMemory, size, err)
	}
	b.view = unsafe.Slice((*byte)(p), size)
	b.pagemap, b.searches = openPagemap(b)
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

func (b backing) close() error {
	if len(b.view) > 0 {
		_ = unix.MunmapPtr(unsafe.Pointer(&b.view[0]), uintptr(len(b.view)))
	}
	if b.pagemap >= 0 {
		_ = unix.Close(b.pagemap)
	}
	return unix.Close(b.fd)
}

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
		if err := pages.lay(unsafe.Slice((*byte)(p), imageSize)); err != nil {
			_ = unix.MunmapPtr(p, uintptr(length))
			return nil, err
		}
	}
	return unsafe.Slice((*byte)(p), length), nil
}

// lay maps the image over a memory.
func (b backing) lay(memory []byte) error {
	if len(memory) == 0 {
		return nil
	}
	if _, err := unix.MmapPtr(b.fd, 0, unsafe.Pointer(&memory[0]), uintptr(len(memory)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE); err != nil {
		return fmt.Errorf("%w: mapping an image of %d bytes: %v", ErrNoMemory, len(memory), err)
	}
	return nil
}

// restore makes a private mapping of the image show the image again. Copying back the pages that were written costs a quarter of what dropping
// them does, because dropped pages fault in one by one when the next run touches them; when there are many, dropping gives the memory back.
func (b backing) restore(mapped []byte) bool {
	if len(mapped) == 0 {
		return true
	}
	if spans, ok := b.written(nil, mapped, maxWritten); ok {
		for _, s := range spans {
			copy(mapped[s.Start:s.End], b.view[s.Start:s.End])
		}
		return true
	}
	return unix.Madvise(mapped, unix.MADV_DONTNEED) == nil
}

// zero makes memory beyond the end of the image, which is of no file, what it was when it was reserved.
func (b backing) zero(mapped []byte) bool {
	if len(mapped) == 0 {
		return true
	}
	if spans, ok := b.written(nil, mapped, maxWritten); ok {
		for _, s := range spans {
			clear(mapped[s.Start:s.End])
		}
		return true
	}
	return unix.Madvise(mapped, unix.MADV_DONTNEED) == nil
}

// bytes is the content.
func (b backing) bytes() []byte { return b.view }

const hostPage = 4096

// maxWritten is how many pages are copied back at the most: 4 MiB.
const maxWritten = 1024

// Bits of an entry of /proc/self/pagemap (the kernel's Documentation/admin-guide/mm/pagemap.rst).
const (
	pagePresent = 1 << 63
	pageSwapped = 1 << 62
	pageFile    = 1 << 61 // of a file or shared: in a private mapping, a page that was not written
)

// written appends the pages of private mappings, of this file or of none, that are no longer what was mapped; ok is false when there are more
// than most (0: there is no bound) or the kernel does not say.
func (b backing) written(spans []Span, mapped []byte, most int) (found []Span, ok bool) {
	if b.pagemap < 0 {
		return nil, false
	}
	if b.searches != nil {
		s := b.searches.Get().(*search)
		defer b.searches.Put(s)
		return s.written(b.pagemap, spans, mapped, most)
	}
	var entries [512]uint64
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&entries)), unsafe.Sizeof(entries))
	first := int64(uintptr(unsafe.Pointer(&mapped[0])) / hostPage)
	pages := len(mapped) / hostPage
	count, own := 0, len(spans)
	for at := 0; at < pages; {
		n := min(len(entries), pages-at)
		if got, err := unix.Pread(b.pagemap, raw[:n*8], (first+int64(at))*8); err != nil || got != n*8 {
			return nil, false
		}
		for i, e := range entries[:n] {
			if e&pageSwapped == 0 && (e&pagePresent == 0 || e&pageFile != 0) {
				continue
			}
			if count++; most > 0 && count > most {
				return nil, false
			}
			start := (at + i) * hostPage
			if last := len(spans) - 1; last >= own && spans[last].End == start {
				spans[last].End += hostPage
			} else {
				spans = append(spans, Span{start, start + hostPage})
			}
		}
		at += n
	}
	return spans, true
}

// search is what the ioctl PAGEMAP_SCAN takes, struct pm_scan_arg of linux/fs.h, and where it puts what it finds. It comes from a pool and not from
// the stack, because the kernel is given the address of regions as a number, and stacks move.
type search struct {
	argument struct {
		size, flags, start, end, walkEnd, vector, vectorLength, maxPages, inverted, mask, anyOf, returned uint64
	}
	regions [256]struct{ start, end, categories uint64 }
}

const (
	pagemapScan = 0xc0606610 // _IOWR('f', 16, struct pm_scan_arg)
	scanFile    = 1 << 2
	scanPresent = 1 << 3
	scanSwapped = 1 << 4
)

// written is backing.written, by the kernel's own search.
func (s *search) written(pagemap int, spans []Span, mapped []byte, most int) (found []Span, ok bool) {
	origin := uint64(uintptr(unsafe.Pointer(&mapped[0])))
	a := &s.argument
	a.size = uint64(unsafe.Sizeof(*a))
	a.start, a.end = origin, origin+uint64(len(mapped))
	a.vector, a.vectorLength = uint64(uintptr(unsafe.Pointer(&s.regions))), uint64(len(s.regions))
	a.inverted, a.mask, a.anyOf, a.returned = scanFile, scanFile, scanPresent|scanSwapped, scanFile // not of the file, and there
	count, own := 0, len(spans)
	for a.start < a.end {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pagemap), pagemapScan, uintptr(unsafe.Pointer(a)))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 || n > uintptr(len(s.regions)) || a.walkEnd <= a.start {
			return nil, false
		}
		for _, r := range s.regions[:n] {
			if r.start < a.start || r.end > a.end || r.end <= r.start || (r.start-origin)%hostPage != 0 {
				return nil, false
			}
			if count += int(r.end-r.start) / hostPage; most > 0 && count > most {
				return nil, false
			}
			start, end := int(r.start-origin), int(r.end-origin)
			if last := len(spans) - 1; last >= own && spans[last].End == start {
				spans[last].End = end
			} else {
				spans = append(spans, Span{start, end})
			}
		}
		a.start = a.walkEnd
	}
	return spans, true
}

// openPagemap opens the page map if, tried on a mapping of this image with memory of no file behind it, it tells pages that were written from
// those that were read or not touched at all; searches is not nil if the kernel does so when asked to search it itself.
func openPagemap(b backing) (fd int, searches *sync.Pool) {
	if unix.Getpagesize() != hostPage {
		return -1, nil
	}
	fd, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, nil
	}
	trial, err := reserve(2*PageSize, PageSize, b)
	if err != nil {
		unix.Close(fd)
		return -1, nil
	}
	defer release(trial)
	sink := trial[2*hostPage]
	trial[5*hostPage]++
	trial[7*hostPage] = sink
	trial[PageSize+3*hostPage]++
	want := []Span{page(5), page(7), page(PageSize/hostPage + 3)}
	b.pagemap = fd
	for _, b.searches = range []*sync.Pool{{New: func() any { return new(search) }}, nil} {
		if spans, ok := b.written(nil, trial, 0); ok && slices.Equal(spans, want) {
			return fd, b.searches
		}
	}
	unix.Close(fd)
	return -1, nil
}

func page(n int) Span { return Span{n * hostPage, (n + 1) * hostPage} }

func release(reserved []byte) {
	if len(reserved) > 0 {
		_ = unix.MunmapPtr(unsafe.Pointer(&reserved[0]), uintptr(len(reserved)))
	}
}
