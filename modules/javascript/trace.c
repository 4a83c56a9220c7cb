/* Traces: what a run says of its steps when the request asks for it (modules/ABI.md). Included by main.c.
 *
 * The compiler emits OP_trace in the program's own code only, and only then, so that a run that asks for nothing has nothing of it. The hook never
 * runs JavaScript: it reads frames and own properties, and writes short forms of the values; a getter is not called, a proxy not asked. */

#define TRACE_FRAMES 256    /* frames whose variables are remembered */
#define TRACE_VARIABLES 128 /* of each */
#define TRACE_CHANGED 16    /* that one event shows */
#define TRACE_SHORT 80      /* bytes of a value's short form */
#define TRACE_LINES (1 << 22)
#define TRACE_DEPTH 10000

/* What is known of a frame: the line that it was at, and a hash for each variable that was seen (0: never another value than undefined). Arguments
 * come first, then variables, then those of functions around it. */
typedef struct {
    JSStackFrame *frame;
    int line;
    uint32_t hashes[TRACE_VARIABLES];
} TracedFrame;

static struct {
    int events;   /* are wanted */
    int open;     /* the host takes more than the number of events */
    int coverage; /* is wanted */
    int session;  /* the program is a turn */
    uint32_t *counts, lines;
    TracedFrame *frames[TRACE_FRAMES];
    int globals; /* properties of the global object that are not the program's */
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

static void short_mix(Short *s, size_t number) {
    s->hash = (s->hash ^ (uint32_t)number) * 16777619u;
}

/* short_add appends n bytes, all or none: a character, or a word that is as good as one. */
static void short_add(Short *s, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        short_mix(s, (unsigned char)text[i]);
    if (s->cut || s->length + n > TRACE_SHORT) {
        s->cut = 1;
        return;
    }
    memcpy(s->text + s->length, text, n);
    s->length += (int)n;
}

static void short_text(Short *s, const char *text) {
    for (size_t n; *text && !s->cut; text += n) {
        for (n = 1; ((unsigned char)text[n] & 0xc0) == 0x80;)
            n++;
        short_add(s, text, n);
    }
}

static void short_end(Short *s) {
    if (s->cut) {
        memcpy(s->text + s->length, "...", 3);
        s->length += 3;
    }
    s->text[s->length] = 0;
}

static void short_character(Short *s, uint32_t c, uint32_t quote) {
    char unit[16];
    size_t n;
    if (c == quote || (quote && c == '\\'))
        n = snprintf(unit, sizeof unit, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t')
        n = snprintf(unit, sizeof unit, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        n = snprintf(unit, sizeof unit, "\\x%02x", c);
    else if ((c >= 0xd800 && c < 0xe000) || c == 0x2028 || c == 0x2029)
        n = snprintf(unit, sizeof unit, "\\u%04x", c);
    else
        n = unicode_to_utf8((uint8_t *)unit, c);
    short_add(s, unit, n);
}

/* short_string appends a string, of a rope its leaves from the left. false: there is no room for more. */
static int short_string(Short *s, JSValueConst v, uint32_t quote, int depth) {
    if (JS_VALUE_GET_TAG(v) == JS_TAG_STRING_ROPE) {
        JSStringRope *r = JS_VALUE_GET_PTR(v);
        if (depth > 100) {
            s->cut = 1;
            return 0;
        }
        return short_string(s, r->left, quote, depth + 1) && short_string(s, r->right, quote, depth + 1);
    }
    if (JS_VALUE_GET_TAG(v) != JS_TAG_STRING)
        return 1;
    JSString *p = JS_VALUE_GET_STRING(v);
    for (uint32_t i = 0; i < p->len && !s->cut; i++) {
        uint32_t c = p->is_wide_char ? p->u.str16[i] : p->u.str8[i];
        if (p->is_wide_char && is_hi_surrogate(c) && i + 1 < p->len && is_lo_surrogate(p->u.str16[i + 1]))
            c = from_surrogate(c, p->u.str16[++i]);
        short_character(s, c, quote);
    }
    return !s->cut;
}

/* A name may be a megabyte long: JS_AtomGetStrRT would read all of it. */
static void short_atom(Short *s, JSAtom atom) {
    char text[16];
    if (__JS_AtomIsTaggedInt(atom)) {
        snprintf(text, sizeof text, "%u", (unsigned)__JS_AtomToUInt32(atom));
        short_text(s, text);
    } else if (atom != JS_ATOM_NULL)
        short_string(s, JS_MKPTR(JS_TAG_STRING, guest.rt->atom_array[atom]), 0, 0);
}

/* is_name says whether a variable is one of the program's: what the compiler adds has names that no program can write. */
static int is_name(JSAtom atom) {
    if (atom == JS_ATOM_NULL || __JS_AtomIsTaggedInt(atom))
        return 0;
    JSString *p = guest.rt->atom_array[atom];
    uint32_t first = p->len == 0 ? 0 : p->is_wide_char ? p->u.str16[0] : p->u.str8[0];
    return (first >= 0x80 || first == '_' || first == '$' || (first | 32) - 'a' < 26u) && atom != JS_ATOM_this && atom != JS_ATOM_arguments &&
           atom != JS_ATOM_new_target && atom != JS_ATOM_this_active_func && atom != JS_ATOM_home_object;
}

/* own_value is the value of a data property that the object has itself, or undefined. No code runs. */
static JSValueConst own_value(JSObject *p, JSAtom name) {
    JSProperty *property;
    JSShapeProperty *shape = find_own_property(&property, p, name);
    if (!shape || (shape->flags & JS_PROP_TMASK))
        return JS_UNDEFINED;
    return property->u.value;
}

/* inherited_value looks along the prototypes, a few of them. */
static JSValueConst inherited_value(JSObject *p, JSAtom name) {
    for (int i = 0; p && i < 16 && p->class_id != JS_CLASS_PROXY; i++, p = p->shape->proto) {
        JSValueConst v = own_value(p, name);
        if (!JS_IsUndefined(v))
            return v;
    }
    return JS_UNDEFINED;
}

static int is_text(JSValueConst v) {
    return JS_VALUE_GET_TAG(v) == JS_TAG_STRING || JS_VALUE_GET_TAG(v) == JS_TAG_STRING_ROPE;
}

/* short_class appends the name of an object's class, by the constructor of its prototype. */
static void short_class(Short *s, JSObject *p) {
    JSValueConst name = JS_UNDEFINED;
    if (p->class_id != JS_CLASS_PROXY && p->shape->proto) {
        JSValueConst constructor = inherited_value(p->shape->proto, JS_ATOM_constructor);
        if (JS_VALUE_GET_TAG(constructor) == JS_TAG_OBJECT)
            name = own_value(JS_VALUE_GET_OBJ(constructor), JS_ATOM_name);
    }
    if (p->class_id == JS_CLASS_PROXY)
        short_text(s, "Proxy");
    else if (is_text(name))
        short_string(s, name, 0, 0);
    else
        short_atom(s, guest.rt->class_array[p->class_id].class_name);
}

static void short_double(Short *s, double d) {
    char text[64];
    JSDTOATempMem memory;
    if (d == 0 && signbit(d))
        short_text(s, "-0");
    else {
        js_dtoa(text, d, 10, 0, JS_DTOA_FORMAT_FREE, &memory);
        short_text(s, text);
    }
}

/* short_function appends a function's name: its code's, or of a method the object's own. */
static void short_function(Short *s, JSObject *p) {
    JSFunctionBytecode *b = p->u.func.function_bytecode;
    JSValueConst name = b->func_name == JS_ATOM_NULL ? own_value(p, JS_ATOM_name) : JS_UNDEFINED;
    if (b->func_name != JS_ATOM_NULL)
        short_atom(s, b->func_name);
    else
        short_string(s, name, 0, 0);
}

static void short_value(Short *s, JSValueConst v, int depth);

static void short_object(Short *s, JSObject *p, int depth) {
    int first = 1;
    if (js_class_has_bytecode(p->class_id)) {
        JSFunctionBytecode *b = p->u.func.function_bytecode;
        int class = b->is_derived_class_constructor || (b->has_prototype == 0 && p->is_constructor);
        short_text(s, class ? "<class " : "<function ");
        short_function(s, p);
        short_text(s, ">");
        return;
    }
    switch (p->class_id) {
    case JS_CLASS_C_FUNCTION: case JS_CLASS_BOUND_FUNCTION: case JS_CLASS_C_FUNCTION_DATA:
        short_text(s, "<function>");
        return;
    case JS_CLASS_ARRAY:
        if (!p->fast_array)
            break;
        short_text(s, "[");
        for (uint32_t i = 0; i < p->u.array.count && !s->cut; i++) {
            if (i > 0)
                short_add(s, ", ", 2);
            if (depth > 3) {
                short_add(s, "...", 3);
                break;
            }
            short_value(s, p->u.array.u.values[i], depth + 1);
        }
        short_text(s, "]");
        short_mix(s, p->u.array.count);
        return;
    case JS_CLASS_MAP: case JS_CLASS_SET: {
        JSMapState *state = p->u.map_state;
        struct list_head *el;
        short_text(s, p->class_id == JS_CLASS_MAP ? "Map{" : "Set{");
        list_for_each(el, &state->records) {
            JSMapRecord *record = list_entry(el, JSMapRecord, link);
            if (s->cut)
                break;
            if (record->empty)
                continue;
            if (!first)
                short_add(s, ", ", 2);
            first = 0;
            if (depth > 3) {
                short_add(s, "...", 3);
                break;
            }
            short_value(s, record->key, depth + 1);
            if (p->class_id == JS_CLASS_MAP) {
                short_add(s, " => ", 4);
                short_value(s, record->value, depth + 1);
            }
        }
        short_text(s, "}");
        short_mix(s, state->record_count);
        return;
    }
    case JS_CLASS_NUMBER: case JS_CLASS_STRING: case JS_CLASS_BOOLEAN: case JS_CLASS_DATE:
        short_text(s, p->class_id == JS_CLASS_DATE ? "<Date " : "<");
        short_value(s, p->u.object_data, depth + 1);
        short_text(s, ">");
        return;
    }
    if (p->class_id != JS_CLASS_OBJECT) {
        short_text(s, "<");
        short_class(s, p);
        short_text(s, ">");
        return;
    }
    if (p->shape->proto && p->shape->proto != JS_VALUE_GET_OBJ(guest.ctx->class_proto[JS_CLASS_OBJECT])) {
        short_class(s, p);
        short_text(s, " ");
    }
    JSShapeProperty *property = get_shape_prop(p->shape);
    short_text(s, "{");
    for (int i = 0; i < p->shape->prop_count && !s->cut; i++, property++) {
        if (property->atom == JS_ATOM_NULL || JS_AtomGetKind(guest.ctx, property->atom) == JS_ATOM_KIND_PRIVATE)
            continue; /* deleted, or a brand */
        if (!first)
            short_add(s, ", ", 2);
        first = 0;
        if (depth > 3) {
            short_add(s, "...", 3);
            break;
        }
        short_atom(s, property->atom);
        short_add(s, ": ", 2);
        if (property->flags & JS_PROP_TMASK)
            short_text(s, "<getter>");
        else
            short_value(s, p->prop[i].u.value, depth + 1);
    }
    short_text(s, "}");
    short_mix(s, p->shape->prop_count);
}

/* short_value appends the short form of a value. Every item adds a byte at least, and the first that does not fit is the last. */
static void short_value(Short *s, JSValueConst v, int depth) {
    char text[64];
    switch (JS_VALUE_GET_NORM_TAG(v)) {
    case JS_TAG_UNDEFINED: short_text(s, "undefined"); break;
    case JS_TAG_NULL: short_text(s, "null"); break;
    case JS_TAG_BOOL: short_text(s, JS_VALUE_GET_BOOL(v) ? "true" : "false"); break;
    case JS_TAG_INT:
        snprintf(text, sizeof text, "%d", JS_VALUE_GET_INT(v));
        short_text(s, text);
        break;
    case JS_TAG_FLOAT64: short_double(s, JS_VALUE_GET_FLOAT64(v)); break;
    case JS_TAG_SHORT_BIG_INT:
        snprintf(text, sizeof text, "%lldn", (long long)JS_VALUE_GET_SHORT_BIG_INT(v));
        short_text(s, text);
        break;
    case JS_TAG_BIG_INT: {
        JSBigInt *b = JS_VALUE_GET_PTR(v);
        JSValue digits = b->len <= 32 ? js_bigint_to_string(guest.ctx, v) : JS_UNDEFINED;
        if (is_text(digits)) {
            short_string(s, digits, 0, 0);
            short_text(s, "n");
        } else {
            snprintf(text, sizeof text, "<bigint of %u bits>", (unsigned)(b->len * JS_LIMB_BITS));
            short_text(s, text);
            short_mix(s, b->tab[0]);
            if (JS_IsException(digits))
                JS_FreeValue(guest.ctx, JS_GetException(guest.ctx));
        }
        JS_FreeValue(guest.ctx, digits);
        break;
    }
    case JS_TAG_STRING: case JS_TAG_STRING_ROPE: {
        uint32_t length = JS_VALUE_GET_TAG(v) == JS_TAG_STRING ? JS_VALUE_GET_STRING(v)->len : ((JSStringRope *)JS_VALUE_GET_PTR(v))->len;
        short_add(s, "'", 1);
        short_string(s, v, '\'', 0);
        short_add(s, "'", 1);
        short_mix(s, length);
        break;
    }
    case JS_TAG_SYMBOL: short_text(s, "<symbol>"); break;
    case JS_TAG_OBJECT: short_object(s, JS_VALUE_GET_OBJ(v), depth); break;
    default: short_text(s, "<value>");
    }
}

/* ---- events ---- */

/* say appends to the event; what does not fit is left out, but never the end. */
static void say(const char *text) {
    while (*text && trace.length < sizeof(trace.out) - 16)
        trace.out[trace.length++] = *text++;
}

static void say_string(const char *text) {
    say("\"");
    for (; *text; text++) {
        char unit[8] = {*text};
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            snprintf(unit, sizeof unit, "\\u%04x", (unsigned)(unsigned char)*text);
        say(unit);
    }
    say("\"");
}

static void say_number(const char *name, int number) {
    char text[64];
    snprintf(text, sizeof text, ",\"%s\":%d", name, number);
    say(text);
}

static void say_value(const char *name, JSValueConst value, int plain) {
    Short s = {.length = 0};
    if (plain && is_text(value))
        short_string(&s, value, 0, 0);
    else
        short_value(&s, value, 0);
    short_end(&s);
    say(",\"");
    say(name);
    say("\":");
    say_string(s.text);
}

static void say_name(JSAtom name) {
    Short s = {.length = 0};
    short_atom(&s, name);
    short_end(&s);
    say_string(s.text);
}

static TracedFrame *traced(JSStackFrame *frame, int fresh) {
    TracedFrame **slot = &trace.frames[((uintptr_t)frame >> 4) % TRACE_FRAMES];
    if (!*slot && !(*slot = malloc(sizeof(TracedFrame))))
        return NULL;
    if ((*slot)->frame != frame || fresh) {
        memset(*slot, 0, sizeof(TracedFrame));
        (*slot)->frame = frame;
    }
    return *slot;
}

/* How a variable is shown: whenever it changes, or not the first time, because it is another function's. */
enum { SHOW_ALL, SHOW_CHANGES };

static void variable(TracedFrame *t, int index, JSAtom name, JSValueConst value, int show, int *shown, int *more) {
    if (index >= TRACE_VARIABLES || JS_VALUE_GET_TAG(value) == JS_TAG_UNINITIALIZED || !is_name(name))
        return;
    uint32_t before = t->hashes[index];
    if (JS_IsUndefined(value) && !before)
        return;
    Short s = {.length = 0};
    short_value(&s, value, 0);
    short_end(&s);
    if (!s.hash)
        s.hash = 1;
    t->hashes[index] = s.hash;
    if (s.hash == before || (!before && show == SHOW_CHANGES))
        return;
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

/* Global variables of a session's turns: the lexical ones, and what was added to the global object. */
static void global_variables(TracedFrame *t, int index, int *shown, int *more) {
    JSValueConst places[2] = {guest.ctx->global_var_obj, guest.ctx->global_obj};
    for (int i = 0; i < 2; i++) {
        JSObject *p = JS_VALUE_GET_OBJ(places[i]);
        for (int n = i ? trace.globals : 0; n < p->shape->prop_count; n++) {
            JSShapeProperty *property = get_shape_prop(p->shape) + n;
            if (property->atom != JS_ATOM_NULL && !(property->flags & JS_PROP_TMASK))
                variable(t, index++, property->atom, p->prop[n].u.value, SHOW_ALL, shown, more);
        }
    }
}

static void say_changes(TracedFrame *t, JSStackFrame *frame, JSFunctionBytecode *b, int global) {
    int shown = 0, more = 0, index = 0;
    JSVarRef **refs = JS_VALUE_GET_OBJ(frame->cur_func)->u.func.var_refs;
    for (int i = 0; b->vardefs && i < b->arg_count; i++)
        variable(t, index++, b->vardefs[i].var_name, frame->arg_buf[i], SHOW_ALL, &shown, &more);
    for (int i = 0; b->vardefs && i < b->var_count; i++)
        variable(t, index++, b->vardefs[b->arg_count + i].var_name, frame->var_buf[i], SHOW_ALL, &shown, &more);
    for (int i = 0; refs && i < b->closure_var_count; i++)
        if (refs[i] && refs[i]->pvalue)
            variable(t, index++, b->closure_var[i].var_name, *refs[i]->pvalue, SHOW_CHANGES, &shown, &more);
    if (global)
        global_variables(t, index, &shown, &more);
    if (shown)
        say("}");
    if (more)
        say_number("more", more);
}

/* exception says what was thrown, by properties that are plain values. */
static void say_exception(JSValueConst error) {
    if (JS_VALUE_GET_TAG(error) != JS_TAG_OBJECT || JS_VALUE_GET_OBJ(error)->class_id != JS_CLASS_ERROR) {
        say_value("message", error, 0);
        return;
    }
    JSObject *p = JS_VALUE_GET_OBJ(error);
    JSValueConst name = inherited_value(p, JS_ATOM_name), message = inherited_value(p, JS_ATOM_message);
    if (is_text(name))
        say_value("type", name, 1);
    if (is_text(message))
        say_value("message", message, 1);
}

static void js_trace_line(uint32_t line) {
    if (!trace.coverage || line >= TRACE_LINES)
        return;
    if (line >= trace.lines) {
        uint32_t lines = line + 1 + trace.lines / 2;
        uint32_t *counts = realloc(trace.counts, lines * sizeof *counts);
        if (!counts)
            return;
        memset(counts + trace.lines, 0xff, (lines - trace.lines) * sizeof *counts);
        trace.counts = counts;
        trace.lines = lines;
        wand_cover(counts, lines);
    }
    trace.counts[line] = 0;
}

static int is_program_frame(JSStackFrame *f) {
    JSFunctionBytecode *code = program_code(f);
    return code && code->debug.filename == guest.file;
}

static void js_trace_event(JSContext *ctx, JSStackFrame *frame, int kind, int line, JSValueConst value) {
    static const char *const names[] = {"line", "call", "return", "return", "return", "call", "exception"};
    if (kind == JS_TRACE_LINE && trace.counts && (uint32_t)line < trace.lines && trace.counts[line] < UINT32_MAX - 1)
        trace.counts[line]++;
    if (!trace.events || ctx != guest.ctx || (kind == JS_TRACE_EXCEPTION && JS_IsUncatchableError(ctx, value)))
        return;
    JSFunctionBytecode *b = program_code(frame);
    if (!b || b->debug.filename != guest.file)
        return;
    if (!trace.open) {
        wand_trace(NULL, 0);
        return;
    }
    if (kind == JS_TRACE_EXCEPTION) {
        int column;
        line = find_line_num(ctx, b, frame->cur_pc - b->byte_code_buf - 1, &column);
    }
    JSValue pending = guest.rt->current_exception; /* a short form that lacks memory would overwrite it */
    guest.rt->current_exception = JS_UNINITIALIZED;
    int depth = 0;
    for (JSStackFrame *f = frame; f && depth < TRACE_DEPTH; f = f->prev_frame)
        depth += is_program_frame(f);
    trace.length = 0;
    say("{\"event\":\"");
    say(names[kind]);
    say("\"");
    say_number("line", line);
    say_number("depth", depth);
    say(",\"function\":");
    int top = b->func_name == JS_ATOM__eval_;
    if (top)
        say_string("<main>");
    else {
        Short name = {.length = 0};
        short_function(&name, JS_VALUE_GET_OBJ(frame->cur_func));
        short_end(&name);
        say_string(name.text);
    }
    TracedFrame *t = kind == JS_TRACE_EXCEPTION || kind == JS_TRACE_RESUME ? NULL : traced(frame, kind == JS_TRACE_CALL);
    if (t) {
        if (t->line > 0 && kind != JS_TRACE_CALL)
            say_number("after", t->line);
        say_changes(t, frame, b, top && trace.session);
        if (kind == JS_TRACE_LINE)
            t->line = line;
        if (kind == JS_TRACE_RETURN || kind == JS_TRACE_RETURN_UNDEF)
            t->frame = NULL;
    }
    if (kind == JS_TRACE_RESUME)
        say(",\"resumed\":true");
    if (kind == JS_TRACE_SUSPEND)
        say(",\"suspended\":true");
    if (kind == JS_TRACE_RETURN || kind == JS_TRACE_SUSPEND)
        say_value("value", value, 0);
    if (kind == JS_TRACE_EXCEPTION)
        say_exception(value);
    say("}");
    trace.open = wand_trace(trace.out, trace.length) != 0;
    guest.rt->current_exception = pending;
}

/* trace(what): before a program is compiled. what: 1 events, 2 coverage; 4 it is a turn of a session. */
static JSValue native_trace(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t what;
    if (JS_ToInt32(ctx, &what, argv[0]))
        return JS_EXCEPTION;
    trace.events = trace.open = what & 1;
    trace.coverage = (what & 2) != 0;
    trace.session = (what & 4) != 0;
    free(trace.counts);
    trace.counts = NULL;
    trace.lines = 0;
    return JS_UNDEFINED;
}
