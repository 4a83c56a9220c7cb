"""mmap without memory maps, which WASI has not: the file is read when it is mapped, and what was changed is written back by flush, close and the end of the map
or the program.

So a map takes memory as large as what it maps, and two maps of a file see each other's changes when they are flushed, not before.
"""

import atexit
import gc
import io
import os
import weakref

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = range(4)
MAP_SHARED, MAP_PRIVATE, MAP_ANON, MAP_ANONYMOUS = 1, 2, 32, 32
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
PAGESIZE = ALLOCATIONGRANULARITY = 65536

error = OSError

_writing = weakref.WeakSet()  # maps that write back


class mmap:
    closed = True  # until it is made

    def __init__(self, fileno, length, flags=MAP_SHARED, prot=PROT_READ | PROT_WRITE, access=ACCESS_DEFAULT, offset=0):
        if length < 0 or offset < 0:
            raise OverflowError("memory mapped length and offset must be positive")
        if offset % ALLOCATIONGRANULARITY:
            raise OSError(22, "the offset of a map is a multiple of mmap.ALLOCATIONGRANULARITY")
        if access == ACCESS_DEFAULT:
            access = ACCESS_READ if not prot & PROT_WRITE else ACCESS_COPY if flags & MAP_PRIVATE else ACCESS_WRITE
        self._access, self._offset, self._fd, self._at, self._exports = access, offset, fileno, 0, 0
        self._path = self._file = None
        if fileno == -1:
            self._data = bytearray(length)
            self.closed = False
            return
        file = os.fstat(fileno)
        if length == 0:
            length = file.st_size - offset
            if length <= 0:
                raise ValueError("cannot mmap an empty file" if file.st_size == 0 else "mmap offset is greater than file size")
        elif offset + length > file.st_size:
            if access != ACCESS_WRITE:
                raise ValueError("mmap length is greater than file size")
            os.ftruncate(fileno, offset + length)
        self._data = bytearray(length)
        at = 0
        while at < length and (piece := os.pread(fileno, min(length - at, 1 << 20), offset + at)):
            self._data[at : at + len(piece)] = piece
            at += len(piece)
        if access == ACCESS_WRITE:
            self._file, self._path, self._written = (file.st_dev, file.st_ino), _path(fileno), bytes(self._data)
            if not _writing:
                atexit.register(_write_all)
            _writing.add(self)
        self.closed = False

    def _open(self):
        if self.closed:
            raise ValueError("mmap closed or invalid")
        return self._data

    def _writable(self):
        if self._access == ACCESS_READ:
            raise TypeError("mmap can't modify a readonly memory map.")
        return self._open()

    def flush(self, offset=0, size=None, *unused):
        self._open()
        self._write()

    def _write(self):
        if self._file is None or self._written == self._data:
            return
        fd, opened = self._fd, False
        if not _is(fd, self._file):
            # The program has closed its file, which a map outlives.
            if self._path is None:
                raise OSError(9, "the mapped file is closed, and has no name by which it could be opened again; flush the map before")
            fd, opened = os.open(self._path, os.O_RDWR), True
        try:
            if not _is(fd, self._file):
                raise OSError(9, f"{self._path} is another file than the one that was mapped; flush the map before")
            data, at = bytes(self._data), 0
            while at < len(data):
                at += os.pwrite(fd, data[at : at + (1 << 20)], self._offset + at)
            self._written = data
        finally:
            if opened:
                os.close(fd)

    def close(self):
        if self.closed:
            return
        if self._exports:
            raise BufferError("cannot close exported pointers exist")
        self._write()
        self.closed = True  # the memory stays as long as this does: numpy may still point into it

    def __del__(self):
        if not self.closed:
            self._write()

    def __buffer__(self, flags):
        view = memoryview(self._open())
        self._exports += 1
        return view.toreadonly() if self._access == ACCESS_READ else view

    def __release_buffer__(self, view):
        self._exports -= 1
        view.release()

    def __enter__(self):
        self._open()
        return self

    def __exit__(self, *unused):
        self.close()

    def __len__(self):
        return len(self._open())

    def __getitem__(self, key):
        part = self._open()[key]
        return part if isinstance(part, int) else bytes(part)

    def __setitem__(self, key, value):
        data = self._writable()
        if isinstance(key, slice):
            if len(range(*key.indices(len(data)))) != len(value):
                raise IndexError("mmap slice assignment is wrong size")
            memoryview(data)[key] = bytes(value)
        else:
            data[key] = value

    def __iter__(self):
        for i in range(len(self)):
            yield self[i : i + 1]

    def __contains__(self, item):
        return item in self._open()

    def size(self):
        self._open()
        return len(self._data) if self._fd == -1 else os.fstat(self._fd).st_size

    def resize(self, length):
        raise SystemError("mmap: resizing not available--no mremap()")

    def tell(self):
        self._open()
        return self._at

    def seekable(self):
        return True

    def seek(self, position, whence=0):
        position += (0, self._at, len(self._open()))[whence]
        if not 0 <= position <= len(self._data):
            raise ValueError("seek out of range")
        self._at = position
        return position

    def read(self, n=None):
        data = self._open()
        end = len(data) if n is None or n < 0 else min(len(data), self._at + n)
        part, self._at = bytes(data[self._at : end]), end
        return part

    def read_byte(self):
        if self._at >= len(self._open()):
            raise ValueError("read byte out of range")
        return self.read(1)[0]

    def readline(self):
        end = self._open().find(b"\n", self._at)
        return self.read(None if end < 0 else end + 1 - self._at)

    def write(self, text):
        data, text = self._writable(), bytes(text)
        if self._at + len(text) > len(data):
            raise ValueError("data out of range")
        memoryview(data)[self._at : self._at + len(text)] = text
        self._at += len(text)
        return len(text)

    def write_byte(self, byte):
        self.write(bytes([byte]))

    def move(self, to, start, count):
        data = self._writable()
        if min(to, start, count) < 0 or max(to, start) + count > len(data):
            raise ValueError("source, destination, or count out of range")
        memoryview(data)[to : to + count] = bytes(data[start : start + count])

    def find(self, part, start=None, end=None):
        return self._open().find(part, self._at if start is None else start, len(self._data) if end is None else end)

    def rfind(self, part, start=None, end=None):
        return self._open().rfind(part, self._at if start is None else start, len(self._data) if end is None else end)

    def __repr__(self):
        name = f"<{type(self).__module__}.{type(self).__name__} closed={self.closed}"
        return name + (">" if self.closed else f", access={self._access}, length={len(self._data)}, pos={self._at}, offset={self._offset}>")


def _write_all():
    failed = None
    for map in list(_writing):
        try:
            if not map.closed:
                map._write()
        except OSError as e:
            failed = e
    if failed:
        raise failed


def _is(fd, file):
    """Whether a descriptor is open and of that file."""
    try:
        found = os.fstat(fd)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == file


def _path(fd):
    """The name by which a file was opened; a descriptor says nothing of it, and cannot be duplicated."""
    for file in gc.get_objects():
        if type(file) is io.FileIO and not file.closed and file.fileno() == fd and not isinstance(file.name, int):
            return os.path.abspath(os.fsdecode(file.name))
    return None
