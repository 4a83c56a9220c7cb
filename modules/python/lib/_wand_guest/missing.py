"""Explains missing modules: the last finder on sys.meta_path, asked when nobody else has found one."""

import sys

import _wand

# Functions defined from here on have builtins of their own: the program may replace or empty everybody else's.
__builtins__ = dict(vars(__import__("builtins")))

PACKAGES = "this sandbox has Python's standard library and the packages that were given with the run"
STDLIB = sys.stdlib_module_names
_getframe = sys._getframe
_import = __import__

# What a program is told in the place of a module, in one line: what there is instead. Where numpy makes a difference, what holds with it comes second.
_NO_TENSORS = ("there are no tensors or models here; compute it with lists, math and statistics", "there are no tensors or models here; compute it with numpy")
_NO_BROWSER = "there is no browser here; fetch the page with requests where the policy grants the host, and read it with html.parser"
_NO_SERVER = "there is no server here; call the functions directly and print what they return"
_NO_DATABASE = "no database server is reachable; use sqlite3 in memory or in a file, or tools.sql where that is granted"
_NO_CLOUD = "this service has no client here; use requests where the policy grants its host, or the tools that were given"
_TABLES = ("for tables use csv, sqlite3, collections and statistics", "for tables use pandas")
_PICTURES = "pictures cannot be decoded or changed here; write an SVG file as text"
_CHARTS = "use matplotlib.pyplot, which draws simple charts as SVG here"
_TEXT = "there are no language models or corpora here; use re, string, collections.Counter and difflib"
_CRYPTO = "use hashlib, hmac and secrets; there are no ciphers here"

REASONS = {
    # The standard library's own.
    "_ctypes": "C libraries cannot be loaded in this sandbox; write it in Python",
    "_curses": "there is no terminal in this sandbox; use print",
    "_dbm": "dbm is not available in this sandbox; use sqlite3 or a file",
    "_gdbm": "dbm is not available in this sandbox; use sqlite3 or a file",
    "_multiprocessing": "processes are not available in this sandbox; call the function directly, or use concurrent.futures, which does",
    "_posixshmem": "processes are not available in this sandbox, so there is no memory to share with one",
    "_posixsubprocess": "processes are not available in this sandbox; do it in Python, or call a host function (import tools)",
    "_ssl": "the network is not reachable from this sandbox; call a host function (import tools) or use the data that was given",
    "_tkinter": "there is no display in this sandbox; print the result, or write a file",
    "curses": "there is no terminal in this sandbox; use print",
    "dbm": "dbm is not available in this sandbox; use sqlite3 or a file",
    "ensurepip": f"nothing can be installed in this sandbox; {PACKAGES}",
    "mmap": "memory cannot be mapped in this sandbox; read the file",
    "pip": f"nothing can be installed in this sandbox; {PACKAGES}",
    "readline": "there is no terminal in this sandbox; use input",
    "resource": "resource is not available in this sandbox; the host limits what a program uses",
    "termios": "there is no terminal in this sandbox; use print and input",
    "tkinter": "there is no display in this sandbox; print the result, or write a file",
    "turtle": "there is no display in this sandbox; print the result, or write a file",
    # Packages with native code, and those that reach what is not there.
    "numpy": "this guest has no numpy (the science guest has: make guests SCIENCE=1); for arithmetic use lists with math, statistics and fractions",
    "pandas": "this guest has no pandas (the science guest has: make guests SCIENCE=1); for tables use csv, sqlite3 and collections",
    "scipy": (
        "use statistics (NormalDist, linear_regression, correlation), math and random",
        "use numpy.linalg, numpy.fft, numpy.random and numpy.polynomial; statistics has NormalDist, linear_regression and correlation",
    ),
    "sklearn": (
        "use statistics.linear_regression and correlation, or write the method out: most are a few loops",
        "use numpy.linalg.lstsq for regressions, numpy.random.permutation to split, and write the rest out with arrays",
    ),
    "statsmodels": ("use statistics.linear_regression, correlation and NormalDist", "use numpy.linalg.lstsq and numpy.corrcoef; statistics has NormalDist"),
    **dict.fromkeys(("torch", "torchvision", "tensorflow", "keras", "jax", "xgboost", "lightgbm", "catboost", "onnxruntime", "mxnet"), _NO_TENSORS),
    **dict.fromkeys(("transformers", "sentence_transformers", "tokenizers", "datasets", "spacy", "nltk", "gensim", "textblob"), _TEXT),
    **dict.fromkeys(("cv2", "PIL", "skimage", "imageio", "pytesseract"), _PICTURES),
    **dict.fromkeys(("seaborn", "plotly", "bokeh", "altair", "pygal"), _CHARTS),
    **dict.fromkeys(("polars", "duckdb", "dask", "modin", "pyspark", "vaex"), _TABLES),
    **dict.fromkeys(("pyarrow", "fastparquet", "tables", "h5py"), "there is no Arrow, Parquet or HDF5 here; use CSV, JSON, SQLite or pickle"),
    **dict.fromkeys(("selenium", "playwright", "pyppeteer", "scrapy", "mechanize"), _NO_BROWSER),
    **dict.fromkeys(("flask", "django", "fastapi", "uvicorn", "starlette", "tornado", "bottle", "streamlit", "gradio", "dash"), _NO_SERVER),
    **dict.fromkeys(("psycopg2", "psycopg", "pymysql", "MySQLdb", "mysql", "redis", "pymongo", "asyncpg", "pyodbc", "cx_Oracle"), _NO_DATABASE),
    **dict.fromkeys(("boto3", "botocore", "google", "azure", "googleapiclient", "stripe", "slack_sdk", "tweepy", "github"), _NO_CLOUD),
    **dict.fromkeys(("openai", "anthropic", "langchain", "langchain_core", "litellm", "llama_index"), "use tools.llm.ask, where the policy grants a model"),
    **dict.fromkeys(("cryptography", "Crypto", "Cryptodome", "nacl", "bcrypt"), _CRYPTO),
    **dict.fromkeys(("numba", "Cython", "pythran", "cupy"), ("nothing is compiled to machine code here; write it in Python", "nothing is compiled to machine code here; use numpy's operations on whole arrays")),
    **dict.fromkeys(("httpx", "urllib3", "pycurl", "grequests"), "use requests or urllib.request, which go through the host's http tool where that is granted"),
    **dict.fromkeys(("aiohttp", "aiofiles", "websockets", "websocket"), "use requests with asyncio.to_thread, which goes through the host's http tool where that is granted"),
    **dict.fromkeys(("paramiko", "fabric", "psutil", "pexpect", "sh", "docker"), "other processes and machines are not reachable; do it in Python, or call a host function (import tools)"),
    **dict.fromkeys(("pygame", "pyglet", "kivy", "PyQt5", "PyQt6", "PySide6", "wx"), "there is no display in this sandbox; print the result, or write a file"),
    **dict.fromkeys(("IPython", "ipywidgets", "notebook"), "this is no notebook; print the result, or make it the last expression"),
    "lxml": "use xml.etree.ElementTree for XML and html.parser for HTML",
    "regex": "use re, which has most of it",
    **dict.fromkeys(("orjson", "ujson", "rapidjson"), "use json"),
    **dict.fromkeys(("pytest", "nose"), "use unittest or assert"),
    "gmpy2": "use int, which has no bound, math and fractions",
    "tomli": "use tomllib, which is the same",
    "Levenshtein": "use difflib.SequenceMatcher",
    "rapidfuzz": "use difflib.get_close_matches",
    "ortools": ("use itertools and a search of your own", "use numpy and a search of your own"),
    "pulp": "use itertools and a search of your own",
    "cvxpy": ("use a search of your own", "use numpy.linalg and a descent of your own"),
    "shapely": "use math; for polygons the shoelace formula and a point-in-polygon test are a few lines",
    "geopandas": "use math and json; for polygons the shoelace formula and a point-in-polygon test are a few lines",
}

# Packages in pure Python: what to import, what to add, and what does without it.
ADDED = {
    "sympy": ("sympy", "fractions and math"), "mpmath": ("mpmath", "decimal and fractions"), "networkx": ("networkx", "dictionaries and heapq"),
    "attr": ("attrs", "dataclasses"), "attrs": ("attrs", "dataclasses"), "pydantic": ("'pydantic<2'", "dataclasses"), "marshmallow": ("marshmallow", "dataclasses and json"),
    "yaml": ("pyyaml", "json"), "toml": ("toml", "tomllib"), "tomlkit": ("tomlkit", "tomllib"), "simplejson": ("simplejson", "json"), "xmltodict": ("xmltodict", "xml.etree.ElementTree"),
    "jinja2": ("jinja2", "string.Template and f-strings"), "markupsafe": ("markupsafe", "html.escape"), "mako": ("mako", "string.Template and f-strings"),
    "markdown": ("markdown", "re"), "bs4": ("beautifulsoup4", "html.parser"), "html5lib": ("html5lib", "html.parser"), "pygments": ("pygments", "tokenize"),
    "tabulate": ("tabulate", "str.ljust and format, or a data frame's to_string"), "prettytable": ("prettytable", "str.ljust and format"), "rich": ("rich", "print"), "tqdm": ("tqdm", "print"),
    "click": ("click", "argparse"), "typer": ("typer", "argparse"), "colorama": ("colorama", "plain text"), "termcolor": ("termcolor", "plain text"),
    "dateutil": ("python-dateutil", "datetime"), "pytz": ("pytz", "zoneinfo"), "arrow": ("arrow", "datetime"),
    "six": ("six", "nothing; this is Python 3"), "typing_extensions": ("typing-extensions", "typing"), "more_itertools": ("more-itertools", "itertools"),
    "toolz": ("toolz", "functools and itertools"), "sortedcontainers": ("sortedcontainers", "bisect and heapq"), "cachetools": ("cachetools", "functools.lru_cache"),
    "pyparsing": ("pyparsing", "re"), "lark": ("lark", "re"), "ply": ("ply", "re"), "sqlparse": ("sqlparse", "re"), "sqlglot": ("sqlglot", "re"), "sqlalchemy": ("sqlalchemy", "sqlite3"),
    "openpyxl": ("openpyxl", "csv"), "xlsxwriter": ("xlsxwriter", "csv"), "xlrd": ("xlrd", "csv"), "pypdf": ("pypdf", "the text, where it was given"),
    "dotenv": ("python-dotenv", "os.environ"), "packaging": ("packaging", "tuples of numbers"), "chardet": ("chardet", "bytes.decode with errors='replace'"),
    "faker": ("faker", "random"), "hypothesis": ("hypothesis", "random"), "unidecode": ("unidecode", "unicodedata.normalize"), "humanize": ("humanize", "format"),
    "inflect": ("inflect", "a dictionary"), "num2words": ("num2words", "a dictionary"), "wcwidth": ("wcwidth", "unicodedata.east_asian_width"), "isodate": ("isodate", "datetime.fromisoformat"),
    "phonenumbers": ("phonenumbers", "re"), "loguru": ("loguru", "logging"), "docutils": ("docutils", "re"), "idna": ("idna", "the encoding idna"), "decorator": ("decorator", "functools.wraps"),
}


# The modules that are not in an interpreter that was made for one program; None in any other.
left_out = None


class Finder:
    """The finder; its method is in C, so that it leaves no frame in the program's traceback."""

    find_spec = staticmethod(_wand.find_spec)


def find(name, path):
    """Returns the message for a top-level module that an import statement did not find, or None to stay silent."""
    given_up = left_out is not None and name in left_out and name not in _quiet
    if not given_up and (path is not None or "." in name or name in _quiet):
        return None
    # importlib.util.find_spec asks too, and wants None for an answer.
    asking = _getframe(2) if _getframe(1).f_code.co_name == "_find_spec" else None
    if asking is None or asking.f_code.co_name != "_find_and_load_unlocked":
        return None
    if given_up:
        return f"No module named {name!r}; it was left out of this file: build it in with: wand build --include {name}"
    if left_out is not None and name not in REASONS and name not in STDLIB:
        return f"No module named {name!r}; this file has only the modules that were built into it: add a package with: wand build --package"
    return f"No module named {name!r}; {reason(name)}"


def reason(name):
    """Returns what there is in the place of a module, in one line."""
    known = REASONS.get(name)
    if type(known) is tuple:
        known = known[_has_numpy()]
    if known is not None:
        return known
    if name in ADDED:
        package, instead = ADDED[name]
        return f"use {instead}, or ask whoever runs this to add it: wand packages add {package}"
    return PACKAGES if name not in STDLIB else "it is not available in this sandbox"


def known(name):
    """Says whether reason knows a module by name."""
    return name in REASONS or name in ADDED


def _has_numpy():
    return "numpy" in sys.modules or _import("importlib.util").util.find_spec("numpy") is not None


# Optional parts of the standard library, which does without: an exception made for nothing costs time.
_quiet = frozenset({"pwd", "grp", "_posixsubprocess", "org", "_winapi", "winreg", "msvcrt", "nt", "_scproxy", "_overlapped"})
