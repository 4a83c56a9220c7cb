"""What pydoc shows a text with: it is printed."""

import re
import sys


def plain(text):
    """Returns a text without the overstriking that makes bold."""
    return re.sub(".\b", "", text)


def plain_pager(text, title=""):
    sys.stdout.write(plain(text))


tty_pager = plain_pager


def get_pager():
    return plain_pager


def escape_less(text):
    return text


def pipe_pager(text, cmd, title=""):
    plain_pager(text)


tempfile_pager = pipe_pager
