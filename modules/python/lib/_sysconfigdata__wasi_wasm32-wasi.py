"""How this Python was built, as far as the standard library asks: sysconfig reads it."""

build_time_vars = {
    "EXT_SUFFIX": ".cpython-313-wasm32-wasi.so",
    "Py_DEBUG": 0,
    "Py_GIL_DISABLED": 0,
    "SOABI": "cpython-313-wasm32-wasi",
    "TZPATH": "/usr/share/zoneinfo",
    "VERSION": "3.13",
    "prefix": "/usr",
    "exec_prefix": "/usr",
}
