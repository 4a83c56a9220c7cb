/* Traces: what a run says of its steps when the request asks for it (modules/ABI.md). Included by main.c.
 *
 * The events are those of sys.monitoring, in the program's own functions only, so that a run that asks for nothing has nothing of it. A callback
 * never runs Python: it reads frames and writes short forms of the values whose type it knows exactly. The program cannot reach the callbacks, and
 * their tool number answers it as one that is in use. */

#include <opcode.h>
#include <pycore_code.h>
#include <pycore_dict.h>
#include <pycore_instruments.h>
#include <pycore_interp.h>
#include <pycore_long.h>
#include <pycore_object.h>
#include <pycore_setobject.h>

#define TRACE_TOOL PY_MONITORING_OPTIMIZER_ID
#define TRACE_EVENTS 1    /* bits of what is asked for */
#define TRACE_COVERAGE 2
#define TRACE_FRAMES 256    /* frames whose variables are remembered */
#define TRACE_VARIABLES 128 /* of each */
#define TRACE_CHANGED 16    /* that one event shows */
#define TRACE_SHORT 80      /* bytes of a value's short form */
#define TRACE_NAME 100      /* bytes of a name */
#define TRACE_LINES (1 << 22)
#define TRACE_DEPTH 10000

/* What is known of a frame: the line that it was at, and a hash for each variable that was seen. */
typedef struct {
    _PyInterpreterFrame *frame;
    int line, count;
    PyObject *names[TRACE_VARIABLES]; /* for comparison only */
    uint32_t hashes[TRACE_VARIABLES];
} TracedFrame;

static struct {
    int wanted; /* TRACE_EVENTS, TRACE_COVERAGE; 0 when nothing is traced */
    int open;   /* the host takes more than the number of events */
    uint32_t *counts, lines;
    TracedFrame *frames[TRACE_FRAMES];
    PyObject *callbacks[_PY_MONITORING_EVENTS];
    char out[16 * 1024];
    size_t length;
} trace;

/* ---- short forms ---- */

/* A value in a few bytes. hash covers what did not fit, as far as it was looked at. */
typedef struct {
    char text[TRACE_SHORT + 4];
    int length, cut;
    uint32_t hash;
} Short;

static void short_mix(Short *s, size_t number) { s->hash = (s->hash ^ (uint32_t)number) * 16777619u; }

/* short_add appends n bytes, all or none: a character, or a word that is as good as one. */
static void short_add(Short *s, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        short_mix(s, (unsigned char)text[i]);
    }
    if (s->cut || s->length + n > TRACE_SHORT) {
        s->cut = 1;
        return;
    }
    memcpy(s->text + s->length, text, n);
    s->length += (int)n;
}

/* short_text appends UTF-8, character by character. */
static void short_text(Short *s, const char *text)
{
    while (*text && !s->cut) {
        size_t n = 1;
        while (((unsigned char)text[n] & 0xc0) == 0x80) {
            n++;
        }
        short_add(s, text, n);
        text += n;
    }
}

static void short_character(Short *s, Py_UCS4 c, Py_UCS4 quote)
{
    char unit[16];
    int n;
    if (c == quote || c == '\\') {
        n = snprintf(unit, sizeof(unit), "\\%c", (char)c);
    }
    else if (c == '\n' || c == '\r' || c == '\t') {
        n = snprintf(unit, sizeof(unit), "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    }
    else if (c < 0x80 && c >= 0x20 && c != 0x7f) {
        unit[0] = (char)c;
        n = 1;
    }
    else if (c < 0x100 && !Py_UNICODE_ISPRINTABLE(c)) {
        n = snprintf(unit, sizeof(unit), "\\x%02x", (unsigned)c);
    }
    else if (!Py_UNICODE_ISPRINTABLE(c)) {
        n = snprintf(unit, sizeof(unit), c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    }
    else if (c < 0x800) {
        n = 2, unit[0] = (char)(0xc0 | c >> 6), unit[1] = (char)(0x80 | (c & 63));
    }
    else if (c < 0x10000) {
        n = 3, unit[0] = (char)(0xe0 | c >> 12), unit[1] = (char)(0x80 | (c >> 6 & 63)), unit[2] = (char)(0x80 | (c & 63));
    }
    else {
        n = 4, unit[0] = (char)(0xf0 | c >> 18), unit[1] = (char)(0x80 | (c >> 12 & 63)), unit[2] = (char)(0x80 | (c >> 6 & 63)), unit[3] = (char)(0x80 | (c & 63));
    }
    short_add(s, unit, (size_t)n);
}

static void short_string(Short *s, PyObject *text, int quoted)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), most = length < TRACE_SHORT ? length : TRACE_SHORT;
    Py_UCS4 quote = '\'';
    for (Py_ssize_t i = 0; i < most && quoted; i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(text, i);
        if (c == '"') {
            quote = '\'';
            break;
        }
        if (c == '\'') {
            quote = '"';
        }
    }
    if (quoted) {
        short_character(s, quote, 0);
    }
    for (Py_ssize_t i = 0; i < length && !s->cut; i++) {
        short_character(s, PyUnicode_READ_CHAR(text, i), quoted ? quote : 0);
    }
    if (quoted) {
        short_character(s, quote, 0);
    }
    short_mix(s, (size_t)length);
}

static void short_name(Short *s, const char *kind, const char *name)
{
    const char *last = strrchr(name, '.');
    short_text(s, "<");
    short_text(s, kind);
    short_text(s, last ? last + 1 : name);
    short_text(s, ">");
}

static void short_double(Short *s, double number, int flags)
{
    char *text = PyOS_double_to_string(number, 'r', 0, flags, NULL);
    if (text != NULL) {
        short_text(s, text);
        PyMem_Free(text);
    }
}

static void short_int(Short *s, PyObject *number)
{
    int overflow;
    char text[32];
    long long small = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (!overflow) {
        snprintf(text, sizeof(text), "%lld", small);
        short_text(s, text);
        return;
    }
    size_t bits = _PyLong_NumBits(number);
    short_mix(s, bits);
    PyObject *digits = bits <= 1024 ? _PyLong_Format(number, 10) : NULL;
    if (digits != NULL) {
        short_string(s, digits, 0);
        Py_DECREF(digits);
        return;
    }
    PyErr_Clear();
    snprintf(text, sizeof(text), "<int of %zu bits>", bits);
    short_text(s, text);
    for (Py_ssize_t i = 0; i < 4; i++) { /* so that another number of the same size is a change */
        short_mix(s, ((PyLongObject *)number)->long_value.ob_digit[i]);
    }
}

static void short_value(Short *s, PyObject *value, int depth);

static void short_attribute(Short *s, PyObject *name, PyObject *value, int *first, int depth)
{
    if (!s->cut && PyUnicode_Check(name)) {
        short_add(s, *first ? " " : ", ", *first ? 1 : 2);
        *first = 0;
        short_string(s, name, 0);
        short_add(s, "=", 1);
        if (depth > 3) {
            short_add(s, "...", 3);
        }
        else {
            short_value(s, value, depth + 1);
        }
    }
}

/* short_instance appends <Class name=value, ...>: what an ordinary object has of attributes, read where they are kept. */
static void short_instance(Short *s, PyObject *value, int depth)
{
    PyTypeObject *type = Py_TYPE(value);
    const char *last = strrchr(type->tp_name, '.');
    int first = 1;
    short_text(s, "<");
    short_text(s, last ? last + 1 : type->tp_name);
    if ((type->tp_flags & (Py_TPFLAGS_HEAPTYPE | Py_TPFLAGS_MANAGED_DICT)) == (Py_TPFLAGS_HEAPTYPE | Py_TPFLAGS_MANAGED_DICT)) {
        PyObject *dict = (PyObject *)_PyObject_GetManagedDict(value);
        if (dict != NULL && PyDict_Check(dict)) {
            PyObject *name, *item;
            for (Py_ssize_t at = 0; !s->cut && PyDict_Next(dict, &at, &name, &item);) {
                short_attribute(s, name, item, &first, depth);
            }
        }
        else if (dict == NULL && (type->tp_flags & Py_TPFLAGS_INLINE_VALUES) && _PyObject_InlineValues(value)->valid) {
            PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
            PyDictValues *values = _PyObject_InlineValues(value);
            for (int i = 0; keys != NULL && i < values->capacity && i < keys->dk_nentries && !s->cut; i++) {
                if (values->values[i] != NULL) {
                    short_attribute(s, DK_UNICODE_ENTRIES(keys)[i].me_key, values->values[i], &first, depth);
                }
            }
        }
    }
    short_text(s, ">");
}

/* short_value appends the short form of a value. Every item adds a byte at least, and the first that does not fit is the last. */
static void short_value(Short *s, PyObject *value, int depth)
{
    PyTypeObject *type = Py_TYPE(value);
    if (value == Py_None || value == Py_True || value == Py_False || value == Py_Ellipsis) {
        short_text(s, value == Py_None ? "None" : value == Py_True ? "True" : value == Py_False ? "False" : "Ellipsis");
    }
    else if (type == &PyLong_Type) {
        short_int(s, value);
    }
    else if (type == &PyFloat_Type) {
        short_double(s, PyFloat_AS_DOUBLE(value), Py_DTSF_ADD_DOT_0);
    }
    else if (type == &PyComplex_Type) {
        Py_complex c = PyComplex_AsCComplex(value);
        short_text(s, "(");
        short_double(s, c.real, 0);
        short_double(s, c.imag, Py_DTSF_SIGN);
        short_text(s, "j)");
    }
    else if (type == &PyUnicode_Type) {
        short_string(s, value, 1);
    }
    else if (type == &PyBytes_Type || type == &PyByteArray_Type) {
        Py_ssize_t length = Py_SIZE(value);
        const char *bytes = type == &PyBytes_Type ? PyBytes_AS_STRING(value) : PyByteArray_AS_STRING(value);
        short_text(s, type == &PyBytes_Type ? "b'" : "bytearray(b'");
        for (Py_ssize_t i = 0; i < length && !s->cut; i++) {
            unsigned char c = (unsigned char)bytes[i];
            if (c < 0x80) {
                short_character(s, c, '\'');
            }
            else {
                char unit[8];
                short_add(s, unit, (size_t)snprintf(unit, sizeof(unit), "\\x%02x", c));
            }
        }
        short_text(s, type == &PyBytes_Type ? "'" : "')");
        short_mix(s, (size_t)length);
    }
    else if (type == &PyList_Type || PyTuple_Check(value)) { /* of a named tuple the name too */
        int list = type == &PyList_Type;
        Py_ssize_t length = Py_SIZE(value);
        if (!list && type != &PyTuple_Type) {
            const char *last = strrchr(type->tp_name, '.');
            short_text(s, last ? last + 1 : type->tp_name);
        }
        short_text(s, list ? "[" : "(");
        for (Py_ssize_t i = 0; i < length && !s->cut; i++) {
            if (i > 0) {
                short_add(s, ", ", 2);
            }
            PyObject *item = list ? PyList_GET_ITEM(value, i) : PyTuple_GET_ITEM(value, i);
            if (depth > 3 || item == NULL) {
                short_add(s, "...", 3);
                break;
            }
            short_value(s, item, depth + 1);
        }
        short_text(s, list ? "]" : length == 1 ? ",)" : ")");
        short_mix(s, (size_t)length);
    }
    else if (type == &PyDict_Type || type == &PySet_Type || type == &PyFrozenSet_Type) {
        Py_ssize_t at = 0;
        PyObject *key, *item = NULL;
        Py_hash_t hash;
        int first = 1, dict = type == &PyDict_Type;
        Py_ssize_t length = dict ? PyDict_GET_SIZE(value) : PySet_GET_SIZE(value);
        short_text(s, type == &PyFrozenSet_Type ? "frozenset({" : !dict && length == 0 ? "set(" : "{");
        while (!s->cut && (dict ? PyDict_Next(value, &at, &key, &item) : _PySet_NextEntry(value, &at, &key, &hash))) {
            if (!first) {
                short_add(s, ", ", 2);
            }
            first = 0;
            if (depth > 3) {
                short_add(s, "...", 3);
                break;
            }
            short_value(s, key, depth + 1);
            if (dict) {
                short_add(s, ": ", 2);
                short_value(s, item, depth + 1);
            }
        }
        short_text(s, type == &PyFrozenSet_Type ? "})" : !dict && length == 0 ? ")" : "}");
        short_mix(s, (size_t)length);
    }
    else if (type == &PyRange_Type) { /* of exact ints, and nobody's code */
        PyObject *text = PyObject_Repr(value);
        if (text != NULL) {
            short_string(s, text, 0);
            Py_DECREF(text);
        }
        else {
            PyErr_Clear();
            short_text(s, "<range>");
        }
    }
    else if (type == &PyFunction_Type && PyUnicode_Check(((PyFunctionObject *)value)->func_name)) {
        short_text(s, "<function ");
        short_string(s, ((PyFunctionObject *)value)->func_name, 0);
        short_text(s, ">");
    }
    else if (PyType_Check(value)) {
        short_name(s, "class ", ((PyTypeObject *)value)->tp_name);
    }
    else {
        short_instance(s, value, depth);
    }
    if (depth == 0) {
        if (s->cut) {
            memcpy(s->text + s->length, "...", 3);
            s->length += 3;
        }
        s->text[s->length] = 0;
    }
}

/* ---- events ---- */

/* say appends to the event; what does not fit is left out, but never the end. */
static void say(const char *text)
{
    while (*text && trace.length < sizeof(trace.out) - 16) {
        trace.out[trace.length++] = *text++;
    }
}

static void say_string(const char *text)
{
    say("\"");
    for (; *text; text++) {
        char unit[8] = {*text};
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\') {
            snprintf(unit, sizeof(unit), "\\u%04x", (unsigned)(unsigned char)*text);
        }
        say(unit);
    }
    say("\"");
}

static void say_number(const char *name, int number)
{
    char text[64];
    snprintf(text, sizeof(text), ",\"%s\":%d", name, number);
    say(text);
}

static void say_value(const char *name, PyObject *value)
{
    Short s = {.length = 0};
    short_value(&s, value, 0);
    say(",\"");
    say(name);
    say("\":");
    say_string(s.text);
}

static void say_name(PyObject *name)
{
    Short s = {.length = 0};
    if (PyUnicode_Check(name)) {
        short_string(&s, name, 0);
    }
    s.text[s.length] = 0;
    say_string(s.text);
}

static TracedFrame *traced(_PyInterpreterFrame *frame, int fresh)
{
    TracedFrame **slot = &trace.frames[((uintptr_t)frame >> 4) % TRACE_FRAMES];
    if (*slot == NULL && (*slot = malloc(sizeof(TracedFrame))) == NULL) {
        return NULL;
    }
    if ((*slot)->frame != frame || fresh) {
        (*slot)->frame = frame;
        (*slot)->line = (*slot)->count = 0;
    }
    return *slot;
}

/* variable notes the value of a variable and shows it when it is another than before. index is its place among those of the frame. */
static void variable(TracedFrame *t, int index, PyObject *name, PyObject *value, int *shown, int *more)
{
    if (!PyUnicode_Check(name) || PyUnicode_GET_LENGTH(name) == 0 || PyUnicode_READ_CHAR(name, 0) == '.' ||
        (PyUnicode_GET_LENGTH(name) > 4 && PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_' &&
         PyUnicode_READ_CHAR(name, PyUnicode_GET_LENGTH(name) - 1) == '_')) {
        return;
    }
    int i = index;
    if (i >= t->count || t->names[i] != name) {
        for (i = 0; i < t->count && t->names[i] != name; i++) {
        }
    }
    Short s = {.length = 0};
    short_value(&s, value, 0);
    if (i < t->count && t->hashes[i] == s.hash) {
        return;
    }
    if (i == t->count) {
        if (t->count == TRACE_VARIABLES) {
            return;
        }
        t->count++;
    }
    t->names[i] = name;
    t->hashes[i] = s.hash;
    if (*shown == TRACE_CHANGED) {
        ++*more;
        return;
    }
    say(*shown ? "," : ",\"changed\":{");
    say_name(name);
    say(":");
    say_string(s.text);
    ++*shown;
}

static void say_changes(TracedFrame *t, _PyInterpreterFrame *frame, PyCodeObject *code)
{
    int shown = 0, more = 0, index = 0;
    if (!(code->co_flags & CO_OPTIMIZED) && frame->f_locals != NULL && PyDict_Check(frame->f_locals)) {
        Py_ssize_t at = 0;
        PyObject *name, *value;
        while (index < 1000 && PyDict_Next(frame->f_locals, &at, &name, &value)) {
            variable(t, index++, name, value, &shown, &more);
        }
    }
    for (int i = 0; i < code->co_nlocalsplus && i < 1000; i++) {
        PyObject *value = frame->localsplus[i];
        if (value != NULL && PyCell_Check(value) && (_PyLocals_GetKind(code->co_localspluskinds, i) & (CO_FAST_CELL | CO_FAST_FREE))) {
            value = PyCell_GET(value);
        }
        if (value != NULL) {
            variable(t, index++, PyTuple_GET_ITEM(code->co_localsplusnames, i), value, &shown, &more);
        }
    }
    if (shown > 0) {
        say("}");
    }
    if (more > 0) {
        say_number("more", more);
    }
}

/* open_event begins an event, or only counts it when the host has enough. */
static int open_event(const char *event, int line, _PyInterpreterFrame *frame, PyCodeObject *code)
{
    if (!trace.open) {
        wand_trace(NULL, 0);
        return 0;
    }
    int depth = 0;
    for (_PyInterpreterFrame *f = frame; f != NULL && depth < TRACE_DEPTH; f = f->previous) {
        depth += !_PyFrame_IsIncomplete(f) && PyCode_Check(f->f_executable) && _PyFrame_GetCode(f)->co_filename == program_file;
    }
    trace.length = 0;
    say("{\"event\":\"");
    say(event);
    say("\"");
    say_number("line", line);
    say_number("depth", depth);
    say(",\"function\":");
    say_name(code->co_name);
    return 1;
}

static void send_event(void)
{
    say("}");
    trace.out[trace.length] = 0;
    if (trace.out[trace.length - 1] != '}') {
        return; /* too large: it cannot be with the bounds above */
    }
    trace.open = wand_trace(trace.out, trace.length) != 0;
}

/* watched returns the frame that an event of the program's is about, or NULL: it is somebody else's, or somebody else who calls. */
static _PyInterpreterFrame *watched(PyObject *code, int event)
{
    PyThreadState *thread = _PyThreadState_GET();
    _PyInterpreterFrame *frame = thread->current_frame;
    if (!trace.wanted || thread->tracing == 0 || thread->what_event != event || frame == NULL || frame->f_executable != code || !PyCode_Check(code) ||
        ((PyCodeObject *)code)->co_filename != program_file) {
        return NULL;
    }
    return frame;
}

static PyObject *on_line(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    _PyInterpreterFrame *frame = count == 2 ? watched(args[0], PY_MONITORING_EVENT_LINE) : NULL;
    int line = frame ? PyLong_AsInt(args[1]) : 0;
    if (line <= 0) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if (trace.counts != NULL && (uint32_t)line < trace.lines && trace.counts[line] < UINT32_MAX - 1) {
        trace.counts[line]++;
    }
    PyCodeObject *code = (PyCodeObject *)args[0];
    if ((trace.wanted & TRACE_EVENTS) && open_event("line", line, frame, code)) {
        TracedFrame *t = traced(frame, 0);
        if (t != NULL) {
            if (t->line > 0) {
                say_number("after", t->line);
            }
            say_changes(t, frame, code);
            t->line = line;
        }
        send_event();
    }
    Py_RETURN_NONE;
}

static PyObject *on_start(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    _PyInterpreterFrame *frame = count == 2 ? watched(args[0], PY_MONITORING_EVENT_PY_START) : NULL;
    PyCodeObject *code = frame ? (PyCodeObject *)args[0] : NULL;
    if (frame != NULL && open_event("call", code->co_firstlineno, frame, code)) {
        TracedFrame *t = traced(frame, 1);
        if (t != NULL) {
            say_changes(t, frame, code);
        }
        send_event();
    }
    Py_RETURN_NONE;
}

static PyObject *on_resume(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    _PyInterpreterFrame *frame = count == 2 ? watched(args[0], PY_MONITORING_EVENT_PY_RESUME) : NULL;
    if (frame != NULL && open_event("call", PyUnstable_InterpreterFrame_GetLine(frame), frame, (PyCodeObject *)args[0])) {
        say(",\"resumed\":true");
        send_event();
    }
    Py_RETURN_NONE;
}

static void left(PyObject *const *args, Py_ssize_t count, int event)
{
    _PyInterpreterFrame *frame = count == 3 ? watched(args[0], event) : NULL;
    if (frame == NULL) {
        return;
    }
    PyCodeObject *code = (PyCodeObject *)args[0];
    int suspended = event == PY_MONITORING_EVENT_PY_YIELD;
    if (open_event("return", PyUnstable_InterpreterFrame_GetLine(frame), frame, code)) {
        TracedFrame *t = traced(frame, 0);
        if (t != NULL) {
            if (t->line > 0) {
                say_number("after", t->line);
            }
            say_changes(t, frame, code);
            if (!suspended) {
                t->frame = NULL;
            }
        }
        if (suspended) {
            say(",\"suspended\":true");
        }
        say_value("value", args[2]);
        send_event();
    }
}

static PyObject *on_return(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    left(args, count, PY_MONITORING_EVENT_PY_RETURN);
    Py_RETURN_NONE;
}

static PyObject *on_yield(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    left(args, count, PY_MONITORING_EVENT_PY_YIELD);
    Py_RETURN_NONE;
}

static PyObject *on_raise(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    _PyInterpreterFrame *frame = count == 3 ? watched(args[0], PY_MONITORING_EVENT_RAISE) : NULL;
    if (frame != NULL && Py_TYPE(args[2]) == (PyTypeObject *)PyExc_StopIteration &&
        _Py_GetBaseOpcode((PyCodeObject *)args[0], _PyInterpreterFrame_LASTI(frame)) == SEND) {
        Py_RETURN_NONE; /* an await is over: nothing that the program would call an exception */
    }
    if (frame != NULL && PyExceptionInstance_Check(args[2]) && open_event("exception", PyUnstable_InterpreterFrame_GetLine(frame), frame, (PyCodeObject *)args[0])) {
        const char *name = Py_TYPE(args[2])->tp_name, *last = strrchr(name, '.');
        Short s = {.length = 0};
        short_text(&s, last ? last + 1 : name);
        s.text[s.length] = 0;
        say(",\"type\":");
        say_string(s.text);
        PyObject *given = ((PyBaseExceptionObject *)args[2])->args;
        if (given != NULL && PyTuple_CheckExact(given) && PyTuple_GET_SIZE(given) > 0) {
            PyObject *first = PyTuple_GET_ITEM(given, 0);
            if (PyTuple_GET_SIZE(given) == 1 && PyUnicode_CheckExact(first)) {
                Short text = {.length = 0};
                short_string(&text, first, 0);
                if (text.cut) {
                    memcpy(text.text + text.length, "...", 3);
                    text.length += 3;
                }
                text.text[text.length] = 0;
                say(",\"message\":");
                say_string(text.text);
            }
            else {
                say_value("message", PyTuple_GET_SIZE(given) == 1 ? first : given);
            }
        }
        send_event();
    }
    Py_RETURN_NONE;
}

static PyObject *on_unwind(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    _PyInterpreterFrame *frame = count == 3 ? watched(args[0], PY_MONITORING_EVENT_PY_UNWIND) : NULL;
    if (frame != NULL) {
        traced(frame, 1);
    }
    Py_RETURN_NONE;
}

/* ---- the tool ---- */

static PyMethodDef trace_methods[] = {
    [PY_MONITORING_EVENT_PY_START] = {"start", (PyCFunction)(void (*)(void))on_start, METH_FASTCALL, NULL},
    [PY_MONITORING_EVENT_PY_RESUME] = {"resume", (PyCFunction)(void (*)(void))on_resume, METH_FASTCALL, NULL},
    [PY_MONITORING_EVENT_PY_RETURN] = {"return", (PyCFunction)(void (*)(void))on_return, METH_FASTCALL, NULL},
    [PY_MONITORING_EVENT_PY_YIELD] = {"yield", (PyCFunction)(void (*)(void))on_yield, METH_FASTCALL, NULL},
    [PY_MONITORING_EVENT_LINE] = {"line", (PyCFunction)(void (*)(void))on_line, METH_FASTCALL, NULL},
    [PY_MONITORING_EVENT_RAISE] = {"raise", (PyCFunction)(void (*)(void))on_raise, METH_FASTCALL, NULL},
    [PY_MONITORING_EVENT_PY_UNWIND] = {"unwind", (PyCFunction)(void (*)(void))on_unwind, METH_FASTCALL, NULL},
};

/* Functions of sys.monitoring that take a tool number first: while a run is traced, ours is in use. Each has its C function changed in place, so that
   whoever holds it holds the guarded one. */
static PyCFunction guarded[4];
static const char *const guarded_names[4] = {"free_tool_id", "register_callback", "set_events", "set_local_events"};

static int is_ours(PyObject *tool)
{
    if (!trace.wanted || !PyLong_Check(tool) || PyLong_AsLong(tool) != TRACE_TOOL) {
        PyErr_Clear();
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "tool %d is in use by the trace of this run", TRACE_TOOL);
    return 1;
}

static PyObject *free_tool_guarded(PyObject *module, PyObject *tool) { return is_ours(tool) ? NULL : guarded[0](module, tool); }

#define GUARDED(name, at)                                                                       \
    static PyObject *name(PyObject *module, PyObject *const *args, Py_ssize_t count)            \
    {                                                                                           \
        return count > 0 && is_ours(args[0]) ? NULL : ((PyCFunctionFast)(void (*)(void))guarded[at])(module, args, count); \
    }
GUARDED(register_callback_guarded, 1)
GUARDED(set_events_guarded, 2)
GUARDED(set_local_events_guarded, 3)

/* trace_prepare is called once, before any program. */
static int trace_prepare(void)
{
    static const PyCFunction ours[4] = {free_tool_guarded, (PyCFunction)(void (*)(void))register_callback_guarded,
                                        (PyCFunction)(void (*)(void))set_events_guarded, (PyCFunction)(void (*)(void))set_local_events_guarded};
    PyObject *monitoring = PySys_GetObject("monitoring"); /* borrowed */
    for (int i = 0; i < 4; i++) {
        PyObject *function = monitoring ? PyObject_GetAttrString(monitoring, guarded_names[i]) : NULL;
        if (function == NULL || !PyCFunction_CheckExact(function)) {
            return -1;
        }
        PyMethodDef *method = ((PyCFunctionObject *)function)->m_ml;
        guarded[i] = method->ml_meth;
        method->ml_meth = ours[i];
        Py_DECREF(function);
    }
    for (int event = 0; event < (int)Py_ARRAY_LENGTH(trace_methods); event++) {
        if (trace_methods[event].ml_name != NULL) {
            if ((trace.callbacks[event] = PyCFunction_New(&trace_methods[event], NULL)) == NULL) {
                return -1;
            }
            PyObject_GC_UnTrack(trace.callbacks[event]); /* so that gc.get_objects does not hand it out */
        }
    }
    return 0;
}

/* each_code does something with a code object and with those of the functions in it. */
static void each_code(PyObject *code, void (*visit)(PyCodeObject *))
{
    visit((PyCodeObject *)code);
    PyObject *constants = ((PyCodeObject *)code)->co_consts;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(constants); i++) {
        if (PyCode_Check(PyTuple_GET_ITEM(constants, i))) {
            each_code(PyTuple_GET_ITEM(constants, i), visit);
        }
    }
}

/* each_line does something with the lines that a code object has instructions for, but for the one that only begins it. */
static void each_line(PyCodeObject *code, void (*visit)(int))
{
    PyCodeAddressRange range;
    _PyCode_InitAddressRange(code, &range);
    int first = code->_co_firsttraceable * (int)sizeof(_Py_CODEUNIT);
    while (_PyLineTable_NextAddressRange(&range)) {
        if (range.ar_line > 0 && range.ar_end > first + (int)sizeof(_Py_CODEUNIT)) {
            visit(range.ar_line);
        }
    }
}

static void note_last(int line)
{
    if (line < TRACE_LINES && (uint32_t)line >= trace.lines) {
        trace.lines = (uint32_t)line + 1;
    }
}

static void note_executable(int line)
{
    if ((uint32_t)line < trace.lines) {
        trace.counts[line] = 0;
    }
}

static void last_line(PyCodeObject *code) { each_line(code, note_last); }
static void executable_lines(PyCodeObject *code) { each_line(code, note_executable); }

static void watch_code(PyCodeObject *code)
{
    /* Without the event at its start, a function whose first line is the one that it begins on loses the event of that line. */
    int events = 1 << PY_MONITORING_EVENT_LINE | 1 << PY_MONITORING_EVENT_PY_START;
    if (trace.wanted & TRACE_EVENTS) {
        events |= 1 << PY_MONITORING_EVENT_PY_RESUME | 1 << PY_MONITORING_EVENT_PY_RETURN | 1 << PY_MONITORING_EVENT_PY_YIELD;
    }
    if (_PyMonitoring_SetLocalEvents(code, TRACE_TOOL, trace.wanted ? events : 0) < 0) {
        PyErr_Clear();
    }
}

/* trace_begin starts to trace a program: wanted are the bits above. */
static void trace_begin(PyObject *code, int wanted)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    trace.wanted = wanted;
    trace.open = wanted & TRACE_EVENTS;
    if (wanted == 0 || interpreter->monitoring_tool_names[TRACE_TOOL] != NULL) {
        trace.wanted = 0; /* an earlier turn of the session has taken the number */
        return;
    }
    interpreter->monitoring_tool_names[TRACE_TOOL] = PyUnicode_InternFromString("trace");
    for (int event = 0; event < (int)Py_ARRAY_LENGTH(trace_methods); event++) {
        if (trace.callbacks[event] != NULL && ((wanted & TRACE_EVENTS) || event == PY_MONITORING_EVENT_LINE)) {
            Py_XDECREF(_PyMonitoring_RegisterCallback(TRACE_TOOL, event, trace.callbacks[event]));
        }
    }
    free(trace.counts);
    trace.counts = NULL;
    trace.lines = 0;
    if (wanted & TRACE_COVERAGE) {
        each_code(code, last_line);
        if (trace.lines > 0 && (trace.counts = malloc(trace.lines * sizeof(uint32_t))) != NULL) {
            memset(trace.counts, 0xff, trace.lines * sizeof(uint32_t));
            each_code(code, executable_lines);
            wand_cover(trace.counts, trace.lines);
        }
    }
    each_code(code, watch_code);
    if ((wanted & TRACE_EVENTS) && _PyMonitoring_SetEvents(TRACE_TOOL, 1 << PY_MONITORING_EVENT_RAISE | 1 << PY_MONITORING_EVENT_PY_UNWIND) < 0) {
        PyErr_Clear();
    }
}

/* trace_end stops it. The counts stay where they are, for the host. */
static void trace_end(PyObject *code)
{
    if (!trace.wanted) {
        return;
    }
    trace.wanted = 0;
    if (_PyMonitoring_SetEvents(TRACE_TOOL, 0) < 0) {
        PyErr_Clear();
    }
    each_code(code, watch_code);
    for (int event = 0; event < (int)Py_ARRAY_LENGTH(trace_methods); event++) {
        Py_XDECREF(_PyMonitoring_RegisterCallback(TRACE_TOOL, event, NULL));
    }
    Py_CLEAR(PyInterpreterState_Get()->monitoring_tool_names[TRACE_TOOL]);
}
