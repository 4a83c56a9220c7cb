/* The Python guest: the exports of the guest ABI around CPython, and the built-in module _wand, the way out of it. What can be said in
   Python is in lib/_wand_guest; here is what must be below the program's first frame, or needs CPython's own headers. */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <pycore_code.h>
#include <pycore_frame.h>
#include <pycore_long.h>
#include <pycore_pystate.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>
#include <wasi/libc.h>

#include "wand.h"

/* _wand.respond(response: bytes): the response of the current request. */
static PyObject *respond(PyObject *module, PyObject *response)
{
    char *text;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(response, &text, &length) < 0) {
        return NULL;
    }
    wand_respond(text, (size_t)length);
    Py_RETURN_NONE;
}

/* What the host keeps for us, as bytes. */
static PyObject *take(int32_t length)
{
    if (length < 0) {
        PyErr_SetString(PyExc_SystemError, "the host gave no result");
        return NULL;
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, length);
    if (result == NULL) {
        return NULL;
    }
    if (wand_take(PyBytes_AS_STRING(result), (size_t)length) != length) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_SystemError, "the host's result came back short");
        return NULL;
    }
    return result;
}

/* _wand.call(name: str, args: bytes) -> bytes: calls a host function with JSON, returns JSON. */
static PyObject *call(PyObject *module, PyObject *args)
{
    const char *name, *value;
    Py_ssize_t name_length, value_length;
    if (!PyArg_ParseTuple(args, "s#y#:call", &name, &name_length, &value, &value_length)) {
        return NULL;
    }
    return take(wand_call(name, (size_t)name_length, value, (size_t)value_length));
}

/* _wand.start(name: str, args: bytes) -> int: begins a host function and returns the call's number. */
static PyObject *start_call(PyObject *module, PyObject *args)
{
    const char *name, *value;
    Py_ssize_t name_length, value_length;
    if (!PyArg_ParseTuple(args, "s#y#:start", &name, &name_length, &value, &value_length)) {
        return NULL;
    }
    return PyLong_FromLong(wand_start(name, (size_t)name_length, value, (size_t)value_length));
}

/* _wand.wait(nanoseconds: int) -> (number, result: bytes) of a started call that has ended; False: none did in time; None: none is under way. */
static PyObject *wait_call(PyObject *module, PyObject *nanoseconds)
{
    long long limit = PyLong_AsLongLong(nanoseconds);
    if (limit == -1 && PyErr_Occurred()) {
        return NULL;
    }
    int64_t ended = wand_wait(limit);
    if (ended == 0) {
        Py_RETURN_FALSE;
    }
    if (ended < 0) {
        Py_RETURN_NONE;
    }
    PyObject *result = take((int32_t)ended);
    return result ? Py_BuildValue("LN", (long long)(ended >> 32), result) : NULL;
}

/* _wand.describe(name: str) -> bytes: what the host says of a tool, or of all below a name. */
static PyObject *describe(PyObject *module, PyObject *name)
{
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(name, &length);
    return text ? take(wand_describe(text, (size_t)length)) : NULL;
}

/* The module _wand_guest.calls, which settles what ends, and how many calls it waits for: _wand.under_way(count). */
static PyObject *calls;
static int under_way;

static PyObject *set_under_way(PyObject *module, PyObject *count)
{
    under_way = PyLong_AsInt(count);
    return under_way == -1 && PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

extern int (*_PyWand_WaitForCall)(long long nanoseconds); /* patches/0011 */

extern int _PyWand_OpenFiles, _PyWand_Finalizers; /* patches/0012 */

/* What a program does that waits for a lock. Without a call under way there is nothing to wait for, and no Python to run. */
static int wait_for_call(long long nanoseconds)
{
    if (under_way <= 0 || calls == NULL) {
        return -1;
    }
    PyObject *ended = PyObject_CallMethod(calls, "pump", "L", nanoseconds);
    int result = ended ? PyLong_AsInt(ended) : -2;
    Py_XDECREF(ended);
    return PyErr_Occurred() ? -2 : result;
}

/* _wand.compile(source: bytes, filename: str) -> code: compiles a main program (PyCF_WAND_MAIN, see patches/). Run it with globals that
   are its locals too. */
static PyObject *compile_main(PyObject *module, PyObject *args)
{
    const char *source;
    Py_ssize_t length;
    PyObject *filename;
    if (!PyArg_ParseTuple(args, "y#U:compile", &source, &length, &filename)) {
        return NULL;
    }
    if (strlen(source) != (size_t)length) {
        PyErr_SetString(PyExc_SyntaxError, "source code cannot contain null bytes");
        return NULL;
    }
    PyCompilerFlags flags = _PyCompilerFlags_INIT;
    flags.cf_flags = PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE | PyCF_WAND_MAIN;
    return Py_CompileStringObject(source, filename, Py_file_input, &flags, 0);
}

/* What WASI gives as a list of strings, as bytes. */
static PyObject *strings(__wasi_errno_t sizes(__wasi_size_t *, __wasi_size_t *), __wasi_errno_t get(uint8_t **, uint8_t *))
{
    __wasi_size_t count, size;
    if (sizes(&count, &size) != 0 || count == 0) {
        return PyList_New(0);
    }
    uint8_t **entries = PyMem_New(uint8_t *, count);
    uint8_t *buffer = PyMem_Malloc(size);
    PyObject *list = NULL;
    if (entries == NULL || buffer == NULL) {
        PyErr_NoMemory();
    }
    else if (get(entries, buffer) != 0) {
        list = PyList_New(0);
    }
    else if ((list = PyList_New((Py_ssize_t)count)) != NULL) {
        for (__wasi_size_t i = 0; i < count; i++) {
            PyObject *entry = PyBytes_FromString((const char *)entries[i]);
            if (entry == NULL) {
                Py_CLEAR(list);
                break;
            }
            PyList_SET_ITEM(list, (Py_ssize_t)i, entry);
        }
    }
    PyMem_Free(entries);
    PyMem_Free(buffer);
    return list;
}

/* _wand.environment() -> list[bytes]: the environment as the host gives it now; what libc holds is from before the snapshot. */
static PyObject *environment(PyObject *module, PyObject *unused) { return strings(__wasi_environ_sizes_get, __wasi_environ_get); }

/* _wand.arguments() -> list[bytes]: the same of the arguments, the name of the program first. */
static PyObject *arguments(PyObject *module, PyObject *unused) { return strings(__wasi_args_sizes_get, __wasi_args_get); }

/* _wand.find_spec(name, path=None, target=None): the last finder's method; it explains why a module is missing. It is in C so that it leaves no
   frame in the traceback that the program sees. */
static PyObject *find_spec(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    PyObject *guest = PyImport_ImportModule("_wand_guest.missing");
    if (guest == NULL || count < 1) {
        return NULL;
    }
    PyObject *found = PyObject_CallMethod(guest, "find", "OO", args[0], count > 1 ? args[1] : Py_None);
    Py_DECREF(guest);
    if (found != NULL && PyUnicode_Check(found)) {
        PyErr_SetImportErrorSubclass(PyExc_ModuleNotFoundError, found, args[0], NULL);
        Py_CLEAR(found);
    }
    return found;
}

extern PyObject *_PyWand_Swallowed; /* patches/0005 */
extern Py_ssize_t _PyWand_SwallowedCount;

/* _wand.swallowed() -> (list, count): what silent handlers took since it was last asked. None when that is nothing. */
static PyObject *swallowed(PyObject *module, PyObject *unused)
{
    if (_PyWand_SwallowedCount == 0 || _PyWand_Swallowed == NULL) {
        Py_RETURN_NONE;
    }
    PyObject *result = Py_BuildValue("(Nn)", _PyWand_Swallowed, _PyWand_SwallowedCount);
    _PyWand_Swallowed = NULL;
    _PyWand_SwallowedCount = 0;
    return result;
}

/* ---- what every copy of the interpreter shares ---- */

/* A copy shares the pages that it does not write to, and most of what a short program wrote were reference counts of what it only looked at. So what is
   there when the interpreter is copied is made immortal: its counts do not change any more. The objects that are still to be looked into: */
static PyObject **reached;
static size_t reached_count, reached_room;

static int reach(PyObject *object, void *unused)
{
    if (object == NULL || _Py_IsImmortal(object)) {
        return 0;
    }
    if (reached_count == reached_room) {
        size_t room = reached_room ? 2 * reached_room : 4096;
        PyObject **more = realloc(reached, room * sizeof(*reached));
        if (more == NULL) {
            return 0; /* it stays mortal, which is only slower */
        }
        reached = more;
        reached_room = room;
    }
    object->ob_refcnt = _Py_IMMORTAL_REFCNT;
    reached[reached_count++] = object;
    return 0;
}

/* Makes an object and all that is reached through it immortal. Code objects are none of the collector's, and tell it nothing of what they hold. */
static int immortalize(PyObject *object, void *unused)
{
    reach(object, NULL);
    while (reached_count > 0) {
        PyObject *next = reached[--reached_count];
        if (PyCode_Check(next)) {
            PyCodeObject *code = (PyCodeObject *)next;
            PyObject *parts[] = {code->co_consts, code->co_names, code->co_exceptiontable, code->co_localsplusnames, code->co_localspluskinds,
                                 code->co_filename, code->co_name, code->co_qualname, code->co_linetable};
            for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
                reach(parts[i], NULL);
            }
        }
        else if (PyObject_IS_GC(next) && Py_TYPE(next)->tp_traverse != NULL) {
            Py_TYPE(next)->tp_traverse(next, reach, NULL);
        }
    }
    return 1;
}

/* Makes the interpreter ready to be copied: nothing that is there now is the program's to come, to be destroyed or counted. */
static void settle(void)
{
    PyUnstable_GC_VisitObjects(immortalize, NULL);
    free(reached);
    reached = NULL;
    reached_count = reached_room = 0;
    _PyWand_OpenFiles = _PyWand_Finalizers = 0;
}

static int baked;

/* _wand.baked(): the interpreter will be copied as it stands after this request. */
static PyObject *set_baked(PyObject *module, PyObject *unused)
{
    baked = 1;
    Py_RETURN_NONE;
}

static PyMethodDef wand_methods[] = {
    {"respond", respond, METH_O, NULL},
    {"call", call, METH_VARARGS, NULL},
    {"start", start_call, METH_VARARGS, NULL},
    {"wait", wait_call, METH_O, NULL},
    {"describe", describe, METH_O, NULL},
    {"under_way", set_under_way, METH_O, NULL},
    {"compile", compile_main, METH_VARARGS, NULL},
    {"baked", set_baked, METH_NOARGS, NULL},
    {"environment", environment, METH_NOARGS, NULL},
    {"arguments", arguments, METH_NOARGS, NULL},
    {"swallowed", swallowed, METH_NOARGS, NULL},
    {"find_spec", (PyCFunction)(void (*)(void))find_spec, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef wand_module = {PyModuleDef_HEAD_INIT, "_wand", "The way out of the sandbox.", -1, wand_methods};

static PyObject *init_wand(void) { return PyModule_Create(&wand_module); }

/* Extension modules that the recipe linked in. */
#define X(name, init) extern PyObject *init(void);
#include "wand_extensions.h"
#undef X

/* The object whose begin and finish handle a request: the module _wand_guest.run. */
static PyObject *guest;

/* How the code of the program that runs names its file: the same object in all of its functions. */
static PyObject *program_file;

#include "trace.h"

int32_t wand_abi(void) { return WAND_ABI; }

void *wand_alloc(size_t size) { return malloc(size ? size : 1); }

/* start makes the interpreter: isolated from whatever a user of a real machine could have set, and the same at every start. */
static PyStatus start(void)
{
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        return status;
    }
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.install_signal_handlers = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.buffered_stdio = 0; /* what was printed is with the host, whatever stops the program */
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    config.module_search_paths_set = 1;
    config.code_debug_ranges = 1;
    status = PyConfig_SetString(&config, &config.program_name, L"python3");
    if (!PyStatus_Exception(status)) status = PyConfig_SetString(&config, &config.home, L"/usr");
    if (!PyStatus_Exception(status)) status = PyConfig_SetString(&config, &config.prefix, L"/usr");
    if (!PyStatus_Exception(status)) status = PyConfig_SetString(&config, &config.exec_prefix, L"/usr");
    if (!PyStatus_Exception(status)) status = PyConfig_SetString(&config, &config.executable, L"/usr/bin/python3");
    if (!PyStatus_Exception(status)) status = PyWideStringList_Append(&config.module_search_paths, L"/usr/lib/python313.zip");
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

int32_t wand_init(void)
{
    if (PyImport_AppendInittab("_wand", init_wand) < 0) {
        return 1;
    }
#define X(name, init) if (PyImport_AppendInittab(name, init) < 0) return 1;
#include "wand_extensions.h"
#undef X
    PyStatus status = start();
    if (PyStatus_Exception(status)) {
        fprintf(stderr, "python: %s: %s\n", status.func ? status.func : "start", status.err_msg ? status.err_msg : "failed");
        return 2;
    }
    guest = PyImport_ImportModule("_wand_guest.run");
    calls = guest ? PyImport_ImportModule("_wand_guest.calls") : NULL;
    _PyWand_WaitForCall = wait_for_call;
    PyObject *ready = calls ? PyObject_CallMethod(guest, "prepare", NULL) : NULL;
    if (ready == NULL || trace_prepare() < 0) {
        PyErr_Print();
        return 3;
    }
    Py_DECREF(ready);
    Py_CLEAR(_PyWand_Swallowed);
    _PyWand_SwallowedCount = 0;
    settle();
    fflush(stderr);
    return 0;
}

/* Takes down what the program put up to watch its own execution: from here on it would watch, and could break, ours. */
static void stop_watching(void)
{
    PyThreadState *thread = PyThreadState_Get();
    if (thread->c_profilefunc != NULL) {
        PyEval_SetProfile(NULL, NULL);
    }
    if (thread->c_tracefunc != NULL) {
        PyEval_SetTrace(NULL, NULL);
    }
    PyObject *monitoring = NULL;
    for (int tool = 0; tool < 6; tool++) {
        if (thread->interp->monitoring_tool_names[tool] == NULL) {
            continue;
        }
        if (monitoring == NULL && (monitoring = PySys_GetObject("monitoring")) == NULL) { /* borrowed */
            break;
        }
        Py_XDECREF(PyObject_CallMethod(monitoring, "free_tool_id", "i", tool));
        PyErr_Clear();
    }
}

/* Runs what begin returned, (code, globals, what to trace), or None when the request is done. The program runs from here, so that its first frame is the
   first. Returns 0, or 1 for a fault of ours. */
static int32_t serve(PyObject *program)
{
    if (program != NULL && program != Py_None) {
        PyObject *globals = PyTuple_GET_ITEM(program, 1);
        PyObject *code = PyTuple_GET_ITEM(program, 0);
        Py_XSETREF(program_file, Py_NewRef(((PyCodeObject *)code)->co_filename));
        trace_begin(code, PyLong_AsInt(PyTuple_GET_ITEM(program, 2)));
        PyObject *value = PyEval_EvalCode(code, globals, globals);
        PyObject *exception = value ? NULL : PyErr_GetRaisedException();
        stop_watching();
        PyObject *done = PyObject_CallMethod(guest, "finish", "OO", value ? value : Py_None, exception ? exception : Py_None);
        trace_end(code);
        Py_XDECREF(value);
        Py_XDECREF(exception);
        Py_SETREF(program, done);
    }
    if (program == NULL) {
        PyErr_Print();
        fflush(stderr);
        return 1;
    }
    if (baked) {
        baked = 0;
        settle();
    }
    int ended = program == Py_True; /* not so after a session's turn */
    Py_DECREF(program);
    if (ended && (_PyWand_OpenFiles > 0 || _PyWand_Finalizers > 0)) {
        /* Nothing holds the program's objects any more but themselves, and what they are part of. */
        Py_XDECREF(PyObject_CallMethod(guest, "leave", "i", _PyWand_OpenFiles));
        PyErr_Clear();
    }
    return 0;
}

int32_t wand_run(char *request, size_t length)
{
    PyObject *text = PyUnicode_DecodeUTF8(request, (Py_ssize_t)length, NULL);
    free(request);
    PyObject *program = text ? PyObject_CallMethod(guest, "begin", "O", text) : NULL;
    Py_XDECREF(text);
    return serve(program);
}

void wand_alone(void)
{
    int code = 1;
    __wasilibc_reset_preopens(); /* those of the snapshot are of another host */
    if (serve(PyObject_CallMethod(guest, "alone", NULL)) == 0) {
        PyObject *status = PyObject_CallMethod(guest, "exit_status", NULL);
        code = status ? PyLong_AsInt(status) : 1;
    }
    if (code != 0) {
        __wasi_proc_exit((__wasi_exitcode_t)code);
    }
}

/* What wand_where says: at most this many frames and bytes. */
#define WHERE_FRAMES 30
static char where[32 * 1024];
static char *where_end;

/* put appends text to where; put_string a str as JSON. Both stop before the room for the closing brackets is gone. */
static void put(const char *text)
{
    while (*text != 0 && where_end < where + sizeof(where) - 16) {
        *where_end++ = *text++;
    }
}

static void put_character(Py_UCS4 c)
{
    char unit[16] = {(char)c};
    if (c >= 0x10000) {
        snprintf(unit, sizeof(unit), "\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)), (unsigned)(0xdc00 + (c & 0x3ff)));
    }
    else if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f) {
        snprintf(unit, sizeof(unit), "\\u%04x", (unsigned)c);
    }
    put(unit);
}

static void put_text(PyObject *text, Py_ssize_t most)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < length && i < most; i++) {
        put_character(PyUnicode_READ_CHAR(text, i));
    }
    if (length > most) {
        put("...");
    }
}

static void put_string(PyObject *text)
{
    put("\"");
    if (PyUnicode_Check(text)) {
        put_text(text, 100);
    }
    put("\"");
}

/* put_value appends what a value looks like, inside a JSON string: numbers, texts, and lists of them; of everything else only its type. */
static void put_value(PyObject *value, int depth)
{
    char text[80];
    if (value == Py_None || PyBool_Check(value)) {
        put(value == Py_None ? "None" : value == Py_True ? "True" : "False");
    }
    else if (PyLong_CheckExact(value)) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow) {
            snprintf(text, sizeof(text), "<int of %zu bits>", _PyLong_NumBits(value));
        }
        else {
            snprintf(text, sizeof(text), "%lld", number);
        }
        put(text);
    }
    else if (PyFloat_CheckExact(value)) {
        snprintf(text, sizeof(text), "%.12g", PyFloat_AS_DOUBLE(value));
        put(text);
    }
    else if (PyUnicode_CheckExact(value)) {
        put("'");
        put_text(value, depth ? 24 : 60);
        put("'");
    }
    else if (depth == 0 && (PyList_CheckExact(value) || PyTuple_CheckExact(value))) {
        Py_ssize_t count = Py_SIZE(value);
        put(PyList_CheckExact(value) ? "[" : "(");
        for (Py_ssize_t i = 0; i < count && i < 8; i++) {
            PyObject *item = PyList_CheckExact(value) ? PyList_GET_ITEM(value, i) : PyTuple_GET_ITEM(value, i);
            put(i > 0 ? ", " : "");
            if (item != NULL) {
                put_value(item, 1);
            }
        }
        if (count > 8) {
            snprintf(text, sizeof(text), ", ... (%zd items)", count);
            put(text);
        }
        put(PyList_CheckExact(value) ? "]" : ")");
    }
    else if (PyDict_CheckExact(value) || PyList_CheckExact(value) || PyAnySet_CheckExact(value)) {
        Py_ssize_t count = PyDict_CheckExact(value) ? ((PyDictObject *)value)->ma_used : PyAnySet_CheckExact(value) ? PySet_GET_SIZE(value) : Py_SIZE(value);
        snprintf(text, sizeof(text), "<%.20s of %zd items>", Py_TYPE(value)->tp_name, count);
        put(text);
    }
    else {
        put("<");
        for (const char *name = Py_TYPE(value)->tp_name; *name != 0 && name < Py_TYPE(value)->tp_name + 60; name++) {
            put_character((unsigned char)*name);
        }
        put(">");
    }
}

/* put_variable appends a variable, unless it is none that a reader misses. */
static int put_variable(PyObject *name, PyObject *value, int count)
{
    if (where_end > where + sizeof(where) - 4096 || value == NULL || !PyUnicode_CheckExact(name) || PyUnicode_GET_LENGTH(name) == 0 || PyUnicode_READ_CHAR(name, 0) == '_' ||
        PyUnicode_READ_CHAR(name, 0) == '.' || PyModule_Check(value) || PyFunction_Check(value) || PyCFunction_Check(value) || PyType_Check(value))
    {
        return 0;
    }
    put(count > 0 ? ", " : "");
    put_string(name);
    put(": \"");
    put_value(value, 0);
    put("\"");
    return 1;
}

/* put_variables appends the variables of a frame. */
static void put_variables(_PyInterpreterFrame *frame)
{
    PyCodeObject *code = _PyFrame_GetCode(frame);
    int count = 0;
    put(", \"values\": {");
    if (code->co_flags & CO_OPTIMIZED) {
        for (int i = 0; i < code->co_nlocalsplus && count < 12; i++) {
            PyObject *value = frame->localsplus[i];
            if (value != NULL && (_PyLocals_GetKind(code->co_localspluskinds, i) & (CO_FAST_CELL | CO_FAST_FREE)) && PyCell_Check(value)) {
                value = ((PyCellObject *)value)->ob_ref;
            }
            count += put_variable(PyTuple_GET_ITEM(code->co_localsplusnames, i), value, count);
        }
    }
    else if (frame->f_globals != NULL && PyDict_CheckExact(frame->f_globals)) {
        PyObject *name, *value;
        Py_ssize_t at = 0;
        while (count < 12 && PyDict_Next(frame->f_globals, &at, &name, &value)) {
            count += put_variable(name, value, count);
        }
    }
    put("}");
}

/* Says whether a frame is the program's own. */
static int is_own(_PyInterpreterFrame *frame)
{
    PyObject *file = _PyFrame_GetCode(frame)->co_filename;
    return PyUnicode_Check(file) && PyUnicode_GET_LENGTH(file) > 0 && PyUnicode_READ_CHAR(file, 0) != '/' && PyUnicode_READ_CHAR(file, 0) != '<';
}

/* Reads the frames of an interpreter that was stopped in the middle of whatever it did. */
const char *wand_where(void)
{
    _PyInterpreterFrame *frames[WHERE_FRAMES];
    int count = 0;
    PyThreadState *thread = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
    if (thread == NULL) {
        return NULL;
    }
    for (_PyInterpreterFrame *frame = thread->current_frame; frame != NULL && count < WHERE_FRAMES; frame = frame->previous) {
        if (!_PyFrame_IsIncomplete(frame) && PyCode_Check(frame->f_executable)) {
            frames[count++] = frame;
        }
    }
    int inner = 0;
    while (inner < count && !is_own(frames[inner])) {
        inner++;
    }
    where_end = where;
    put("[");
    for (int i = count - 1; i >= 0; i--) {
        char line[48];
        PyCodeObject *code = _PyFrame_GetCode(frames[i]);
        put("{\"file\": ");
        put_string(code->co_filename);
        put(", \"function\": ");
        put_string(code->co_name);
        int number = PyUnstable_InterpreterFrame_GetLine(frames[i]);
        snprintf(line, sizeof(line), ", \"line\": %d", number > 0 ? number : 0);
        put(line);
        if (i == inner) {
            put_variables(frames[i]);
        }
        put(i > 0 ? "}, " : "}");
    }
    strcpy(where_end, "]");
    return where;
}

/* The line of the innermost frame that is the program's own. Of a library's deep recursion not all frames are looked at. */
#define LINE_FRAMES 2000
static __attribute__((noinline)) int32_t line(void)
{
    PyThreadState *thread = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
    if (thread == NULL || program_file == NULL) {
        return 0;
    }
    int left = LINE_FRAMES;
    for (_PyInterpreterFrame *frame = thread->current_frame; frame != NULL && left-- > 0; frame = frame->previous) {
        if (!_PyFrame_IsIncomplete(frame) && PyCode_Check(frame->f_executable) && _PyFrame_GetCode(frame)->co_filename == program_file) {
            return PyUnstable_InterpreterFrame_GetLine(frame);
        }
    }
    return 0;
}

int32_t wand_line(void)
{
    char below[256]; /* what was interrupted may use up to 128 bytes below its stack pointer */
    __asm__ volatile("" ::"r"(below) : "memory");
    int32_t number = line();
    __asm__ volatile("" ::"r"(below) : "memory");
    return number > 0 ? number : 0;
}
