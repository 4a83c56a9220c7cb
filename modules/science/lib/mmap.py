"""Files cannot be mapped here, which is said when somebody tries: pandas imports this module in case that it is asked to."""

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = range(4)
PAGESIZE = ALLOCATIONGRANULARITY = 65536


class mmap:
    def __new__(cls, *arguments, **options):
        raise OSError("memory cannot be mapped in this sandbox; read the file")


error = OSError
