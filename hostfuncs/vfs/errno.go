package vfs

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// Errno is what a file operation of the guest comes back with. Its numbers are those of WASI preview 1, so the wasi package
// hands them on as they are. Zero is success. As an error (the host API returns it inside *fs.PathError) it matches
// fs.ErrNotExist, fs.ErrExist, fs.ErrPermission and fs.ErrInvalid.
type Errno uint16

// The error numbers of WASI preview 1 that this project uses.
const (
	OK           Errno = 0
	E2BIG        Errno = 1
	EACCES       Errno = 2
	EBADF        Errno = 8
	EBUSY        Errno = 10
	EDQUOT       Errno = 19
	EEXIST       Errno = 20
	EFAULT       Errno = 21
	EFBIG        Errno = 22
	EILSEQ       Errno = 25
	EINVAL       Errno = 28
	EIO          Errno = 29
	EISDIR       Errno = 31
	ELOOP        Errno = 32
	EMFILE       Errno = 33
	EMLINK       Errno = 34
	ENAMETOOLONG Errno = 37
	ENOENT       Errno = 44
	ENOSPC       Errno = 51
	ENOSYS       Errno = 52
	ENOTDIR      Errno = 54
	ENOTEMPTY    Errno = 55
	ENOTSOCK     Errno = 57
	ENOTSUP      Errno = 58
	EOVERFLOW    Errno = 61
	EPERM        Errno = 63
	EPIPE        Errno = 64
	EROFS        Errno = 69
	ESPIPE       Errno = 70
	EXDEV        Errno = 75
	ENOTCAPABLE  Errno = 76
)

// Error implements error.
func (e Errno) Error() string {
	switch e {
	case OK:
		return "success"
	case E2BIG:
		return "argument list too long"
	case EACCES:
		return "permission denied"
	case EBADF:
		return "bad file descriptor"
	case EBUSY:
		return "resource busy"
	case EDQUOT:
		return "quota exceeded"
	case EEXIST:
		return "file exists"
	case EFAULT:
		return "bad address"
	case EFBIG:
		return "file too large"
	case EILSEQ:
		return "path is not valid UTF-8"
	case EINVAL:
		return "invalid argument"
	case EIO:
		return "input/output error"
	case EISDIR:
		return "is a directory"
	case ELOOP:
		return "too many symbolic links"
	case EMFILE:
		return "too many open files"
	case EMLINK:
		return "too many links"
	case ENAMETOOLONG:
		return "file name too long"
	case ENOENT:
		return "no such file or directory"
	case ENOSPC:
		return "no space left on device"
	case ENOSYS:
		return "function not implemented"
	case ENOTDIR:
		return "not a directory"
	case ENOTEMPTY:
		return "directory not empty"
	case ENOTSOCK:
		return "not a socket"
	case ENOTSUP:
		return "not supported"
	case EOVERFLOW:
		return "value too large"
	case EPERM:
		return "operation not permitted"
	case EPIPE:
		return "broken pipe"
	case EROFS:
		return "read-only file system"
	case ESPIPE:
		return "illegal seek"
	case EXDEV:
		return "cross-device link"
	case ENOTCAPABLE:
		return "capabilities insufficient"
	}
	return "unknown error"
}

// Is lets errors.Is find the portable error that an Errno stands for.
func (e Errno) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e == ENOENT
	case fs.ErrExist:
		return e == EEXIST || e == ENOTEMPTY
	case fs.ErrPermission:
		return e == EACCES || e == EPERM || e == EROFS
	case fs.ErrInvalid:
		return e == EINVAL
	}
	return false
}

// errnoOf maps an error of the host without telling the guest more than it needs.
func errnoOf(err error) Errno {
	for _, known := range [...]struct {
		host  error
		guest Errno
	}{
		{syscall.ENOTEMPTY, ENOTEMPTY}, {fs.ErrNotExist, ENOENT}, {syscall.EROFS, EROFS}, {fs.ErrPermission, EACCES}, {fs.ErrExist, EEXIST},
		{syscall.ENOTDIR, ENOTDIR}, {syscall.EISDIR, EISDIR}, {syscall.ELOOP, ELOOP}, {syscall.ENAMETOOLONG, ENAMETOOLONG},
		{syscall.ENOSPC, ENOSPC}, {syscall.EDQUOT, EDQUOT}, {syscall.EFBIG, EFBIG}, {syscall.EMFILE, EMFILE}, {syscall.ENFILE, EMFILE},
		{syscall.EXDEV, EXDEV}, {syscall.EBUSY, EBUSY}, {syscall.ETXTBSY, EBUSY}, {syscall.EMLINK, EMLINK}, {syscall.EINVAL, EINVAL},
		// What a pipe or socket, or a device without a driver, says when it is opened.
		{syscall.ENXIO, EACCES}, {syscall.ENODEV, EACCES},
	} {
		if errors.Is(err, known.host) {
			return known.guest
		}
	}
	if strings.Contains(err.Error(), "escapes") { // package os does not export it
		return EACCES
	}
	return EIO
}
