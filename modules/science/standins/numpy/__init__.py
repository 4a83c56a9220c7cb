"""pandas' build asks numpy where its headers are."""

import os


def get_include():
    return os.environ["WAND_NUMPY_INCLUDE"]
