/* The JavaScript guest: QuickJS behind the guest ABI (modules/ABI.md).
 *
 * This file holds what JavaScript cannot do for itself: the exports, a table of native functions, and the loop that runs
 * jobs and timers until nothing is left. Everything that a program sees (console, process, modules, results, errors) is
 * JavaScript, in lib/; lib/main.js is where it starts. QuickJS is included as source, because Math.random's state, promise
 * reactions and proxies have no public interface.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>
#include <wasi/libc.h>

#include "quickjs.c"
#undef malloc /* QuickJS forbids them to itself */
#undef free
#undef realloc

#include "wand.h"
#include "lib.h" /* made by the recipe: static const struct { const char *name, *source; } lib_files[] */

/* How much C stack JavaScript may use before it gets a RangeError: about 4,300 calls. A call costs 300 bytes here, and 41 units of
 * the host's call depth, whose limit (runtime.MaxCallDepth, 200,000) no program could catch: this one has to come first. */
#define MAX_STACK (1280 * 1024)
/* Garbage is collected when the heap has grown by this much, then by half its size. */
#define GC_THRESHOLD (8 * 1024 * 1024)

typedef struct {
    JSRuntime *rt;
    JSContext *ctx;
    JSValue native; /* the table of native functions, and where lib/main.js puts its own */
    int exiting;    /* process.exit was called: no more program code runs */
    int broken;     /* lib/ itself failed */
    uint64_t seeded; /* Math.random's state after it was seeded */
    JSValue kept;   /* a reply that is not plain, until kept() */
    JSAtom file;    /* the program's, as its functions name it */
    JSValue program; /* one that was compiled ahead of its run */
} Guest;

static Guest guest;

/* ---- one thread: Atomics needs locks that never wait; Atomics.wait itself throws, because JS_SetCanBlock is off ---- */

int pthread_mutex_lock(pthread_mutex_t *m) { return 0; }
int pthread_mutex_unlock(pthread_mutex_t *m) { return 0; }
int pthread_cond_init(pthread_cond_t *restrict c, const pthread_condattr_t *restrict a) { return 0; }
int pthread_cond_destroy(pthread_cond_t *c) { return 0; }
int pthread_cond_signal(pthread_cond_t *c) { return 0; }
int pthread_cond_wait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m) { return ENOSYS; }
int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict t) { return ENOSYS; }

static JSFunctionBytecode *program_code(JSStackFrame *frame) {
    if (JS_VALUE_GET_TAG(frame->cur_func) != JS_TAG_OBJECT)
        return NULL;
    JSObject *function = JS_VALUE_GET_OBJ(frame->cur_func);
    if (!js_class_has_bytecode(function->class_id))
        return NULL;
    JSFunctionBytecode *code = function->u.func.function_bytecode;
    return code->has_debug ? code : NULL;
}

#include "trace.c"

/* ---- helpers ---- */

static JSValue hook(const char *name, int argc, JSValueConst *argv) {
    JSValue f = JS_GetPropertyStr(guest.ctx, guest.native, name);
    JSValue r = JS_Call(guest.ctx, f, JS_UNDEFINED, argc, argv);
    JS_FreeValue(guest.ctx, f);
    return r;
}

/* The bytes of an ArrayBuffer, a typed array or a DataView; NULL with an exception pending otherwise. */
static uint8_t *bytes_of(JSContext *ctx, JSValueConst v, size_t *size) {
    size_t offset, length, element;
    if (JS_GetClassID(v) == JS_CLASS_ARRAY_BUFFER || JS_GetClassID(v) == JS_CLASS_SHARED_ARRAY_BUFFER)
        return JS_GetArrayBuffer(ctx, size, v);
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, v, &offset, &length, &element);
    if (JS_IsException(buffer))
        return NULL;
    uint8_t *p = JS_GetArrayBuffer(ctx, size, buffer);
    JS_FreeValue(ctx, buffer);
    if (!p)
        return NULL;
    *size = length;
    return p + offset;
}

static JSValue failure(JSContext *ctx) {
    return JS_NewInt32(ctx, -errno);
}

/* ---- memory: blocks that know their size ----
 *
 * QuickJS adds and subtracts malloc_usable_size, which in this libc changes for a block that lives, when its neighbour is allocated. The sum
 * drifts, and once it is below zero garbage is collected at every allocation. */

typedef union {
    size_t size;
    max_align_t align;
} Header;

/* Small blocks, which are most of them, are kept for the next one of their size: JavaScript makes and forgets objects all the time, and
 * libc's search for room cost more than all else in short calls. At most KEEP_BYTES wait, so that big blocks find room too. */
#define KEEP_STEP 16
#define KEEP_MAX 256
#define KEEP_BYTES (1024 * 1024)

typedef struct Kept {
    struct Kept *next;
} Kept;

static Kept *kept[KEEP_MAX / KEEP_STEP + 1];
static size_t kept_bytes;

static void *block_new(size_t size) {
    if (size <= KEEP_MAX) {
        size_t step = (size + KEEP_STEP - 1) / KEEP_STEP;
        Kept *k = kept[step];
        if (k) {
            kept[step] = k->next;
            kept_bytes -= step * KEEP_STEP;
            return (Header *)k - 1;
        }
        size = step ? step * KEEP_STEP : KEEP_STEP; /* any block of a step has room for all its sizes, and for the list */
    }
    return size <= SIZE_MAX - sizeof(Header) ? malloc(sizeof(Header) + size) : NULL;
}

static void block_free(Header *h) {
    size_t step = (h->size + KEEP_STEP - 1) / KEEP_STEP;
    if (h->size > KEEP_MAX || kept_bytes >= KEEP_BYTES) {
        free(h);
        return;
    }
    Kept *k = (Kept *)(h + 1);
    k->next = kept[step];
    kept[step] = k;
    kept_bytes += step * KEEP_STEP;
}

static void *memory_malloc(JSMallocState *s, size_t size) {
    Header *h = block_new(size);
    if (!h)
        return NULL;
    h->size = size;
    s->malloc_count++;
    s->malloc_size += size + sizeof(Header);
    return h + 1;
}

static void memory_free(JSMallocState *s, void *p) {
    if (!p)
        return;
    Header *h = (Header *)p - 1;
    s->malloc_count--;
    s->malloc_size -= h->size + sizeof(Header);
    block_free(h);
}

static void *memory_realloc(JSMallocState *s, void *p, size_t size) {
    if (!p)
        return size ? memory_malloc(s, size) : NULL;
    if (!size) {
        memory_free(s, p);
        return NULL;
    }
    Header *h = (Header *)p - 1;
    size_t before = h->size;
    size_t room = size <= KEEP_MAX ? (size + KEEP_STEP - 1) / KEEP_STEP * KEEP_STEP : size;
    if (before > KEEP_MAX || (before + KEEP_STEP - 1) / KEEP_STEP * KEEP_STEP != room)
        h = room <= SIZE_MAX - sizeof(Header) ? realloc(h, sizeof(Header) + room) : NULL;
    if (!h)
        return NULL;
    h->size = size;
    s->malloc_size += size - before;
    return h + 1;
}

static size_t memory_size(const void *p) {
    return p ? ((const Header *)p - 1)->size : 0;
}

static const JSMallocFunctions memory = {memory_malloc, memory_free, memory_realloc, memory_size};

/* ---- streams and files: a negative number is minus errno ---- */

/* write(fd, text | bytes) -> how many bytes, always all of them */
static JSValue native_write(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t fd;
    size_t size, done = 0;
    const char *text = NULL;
    const uint8_t *p;
    if (JS_ToInt32(ctx, &fd, argv[0]))
        return JS_EXCEPTION;
    if (guest.exiting)
        return JS_NewInt32(ctx, 0);
    if (JS_IsString(argv[1]))
        p = (const uint8_t *)(text = JS_ToCStringLen(ctx, &size, argv[1]));
    else
        p = bytes_of(ctx, argv[1], &size);
    if (!p)
        return JS_EXCEPTION;
    JSValue r = JS_UNDEFINED;
    while (done < size) {
        ssize_t n = write(fd, p + done, size - done);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            r = failure(ctx);
            break;
        }
        done += n;
    }
    if (text)
        JS_FreeCString(ctx, text);
    return JS_IsUndefined(r) ? JS_NewInt64(ctx, done) : r;
}

/* read(fd, bytes) -> how many bytes, 0 at the end */
static JSValue native_read(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t fd;
    size_t size;
    if (JS_ToInt32(ctx, &fd, argv[0]))
        return JS_EXCEPTION;
    uint8_t *p = bytes_of(ctx, argv[1], &size);
    if (!p)
        return JS_EXCEPTION;
    ssize_t n = read(fd, p, size);
    return n < 0 ? failure(ctx) : JS_NewInt64(ctx, n);
}

/* open(path, flags, mode) -> fd; flags: 1 read, 2 write, 4 create, 8 truncate, 16 append, 32 exclusive, 64 directory */
static JSValue native_open(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t bits;
    int flags;
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path || JS_ToInt32(ctx, &bits, argv[1])) {
        JS_FreeCString(ctx, path);
        return JS_EXCEPTION;
    }
    flags = (bits & 3) == 3 ? O_RDWR : (bits & 2) ? O_WRONLY : O_RDONLY;
    flags |= (bits & 4 ? O_CREAT : 0) | (bits & 8 ? O_TRUNC : 0) | (bits & 16 ? O_APPEND : 0) | (bits & 32 ? O_EXCL : 0) |
             (bits & 64 ? O_DIRECTORY : 0);
    int fd = open(path, flags, 0666);
    JSValue r = fd < 0 ? failure(ctx) : JS_NewInt32(ctx, fd);
    JS_FreeCString(ctx, path);
    return r;
}

static JSValue native_close(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t fd;
    if (JS_ToInt32(ctx, &fd, argv[0]))
        return JS_EXCEPTION;
    return close(fd) < 0 ? failure(ctx) : JS_NewInt32(ctx, 0);
}

static JSValue native_seek(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t fd;
    int64_t offset;
    if (JS_ToInt32(ctx, &fd, argv[0]) || JS_ToInt64(ctx, &offset, argv[1]))
        return JS_EXCEPTION;
    return lseek(fd, offset, SEEK_SET) < 0 ? failure(ctx) : JS_NewInt32(ctx, 0);
}

static JSValue native_truncate(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t fd;
    int64_t size;
    if (JS_ToInt32(ctx, &fd, argv[0]) || JS_ToInt64(ctx, &size, argv[1]))
        return JS_EXCEPTION;
    return ftruncate(fd, size) < 0 ? failure(ctx) : JS_NewInt32(ctx, 0);
}

/* stat(path | fd, follow) -> [mode, size, atimeMs, mtimeMs, ctimeMs, ino, nlink, dev] */
static JSValue native_stat(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    struct stat st;
    int err;
    if (JS_IsNumber(argv[0])) {
        int32_t fd;
        if (JS_ToInt32(ctx, &fd, argv[0]))
            return JS_EXCEPTION;
        err = fstat(fd, &st);
    } else {
        const char *path = JS_ToCString(ctx, argv[0]);
        if (!path)
            return JS_EXCEPTION;
        err = JS_ToBool(ctx, argv[1]) ? stat(path, &st) : lstat(path, &st);
        JS_FreeCString(ctx, path);
    }
    if (err < 0)
        return failure(ctx);
    double values[] = {
        st.st_mode, st.st_size, st.st_atim.tv_sec * 1e3 + st.st_atim.tv_nsec / 1e6, st.st_mtim.tv_sec * 1e3 + st.st_mtim.tv_nsec / 1e6,
        st.st_ctim.tv_sec * 1e3 + st.st_ctim.tv_nsec / 1e6, st.st_ino, st.st_nlink, st.st_dev,
    };
    JSValue r = JS_NewArray(ctx);
    for (int i = 0; i < countof(values); i++)
        JS_SetPropertyUint32(ctx, r, i, JS_NewFloat64(ctx, values[i]));
    return r;
}

/* readdir(path) -> names, unsorted */
static JSValue native_readdir(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path)
        return JS_EXCEPTION;
    DIR *dir = opendir(path);
    JS_FreeCString(ctx, path);
    if (!dir)
        return failure(ctx);
    JSValue r = JS_NewArray(ctx);
    uint32_t i = 0;
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            JS_SetPropertyUint32(ctx, r, i++, JS_NewString(ctx, e->d_name));
    closedir(dir);
    return r;
}

enum { PATH_MKDIR, PATH_RMDIR, PATH_UNLINK, PATH_RENAME, PATH_SYMLINK, PATH_LINK };

/* one operation on one or two paths -> 0 */
static JSValue native_path(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int magic) {
    int err = -1;
    const char *a = JS_ToCString(ctx, argv[0]), *b = NULL;
    if (!a)
        return JS_EXCEPTION;
    if (magic >= PATH_RENAME && !(b = JS_ToCString(ctx, argv[1]))) {
        JS_FreeCString(ctx, a);
        return JS_EXCEPTION;
    }
    switch (magic) {
    case PATH_MKDIR: err = mkdir(a, 0777); break;
    case PATH_RMDIR: err = rmdir(a); break;
    case PATH_UNLINK: err = unlink(a); break;
    case PATH_RENAME: err = rename(a, b); break;
    case PATH_SYMLINK: err = symlink(a, b); break;
    case PATH_LINK: err = link(a, b); break;
    }
    JSValue r = err < 0 ? failure(ctx) : JS_NewInt32(ctx, 0);
    JS_FreeCString(ctx, a);
    if (b)
        JS_FreeCString(ctx, b);
    return r;
}

static JSValue native_readlink(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    char target[4096];
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path)
        return JS_EXCEPTION;
    ssize_t n = readlink(path, target, sizeof target);
    JS_FreeCString(ctx, path);
    return n < 0 ? failure(ctx) : JS_NewStringLen(ctx, target, n);
}

/* utimes(path, atimeMs, mtimeMs) */
static JSValue native_utimes(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    struct timespec ts[2];
    for (int i = 0; i < 2; i++) {
        double ms;
        if (JS_ToFloat64(ctx, &ms, argv[1 + i]))
            return JS_EXCEPTION;
        double seconds = floor(ms / 1e3);
        ts[i].tv_sec = seconds;
        ts[i].tv_nsec = (ms - seconds * 1e3) * 1e6;
    }
    const char *path = JS_ToCString(ctx, argv[0]);
    if (!path)
        return JS_EXCEPTION;
    int err = utimensat(AT_FDCWD, path, ts, 0);
    JS_FreeCString(ctx, path);
    return err < 0 ? failure(ctx) : JS_NewInt32(ctx, 0);
}

static JSValue native_strerror(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int32_t n;
    if (JS_ToInt32(ctx, &n, argv[0]))
        return JS_EXCEPTION;
    return JS_NewString(ctx, strerror(n));
}

/* errnos() -> the names of error numbers */
static JSValue native_errnos(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    static const struct { const char *name; int number; } table[] = {
        {"ENOENT", ENOENT}, {"EEXIST", EEXIST}, {"EISDIR", EISDIR}, {"ENOTDIR", ENOTDIR}, {"ENOTEMPTY", ENOTEMPTY},
        {"EACCES", EACCES}, {"EPERM", EPERM}, {"EBADF", EBADF}, {"EINVAL", EINVAL}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
        {"EMFILE", EMFILE}, {"EROFS", EROFS}, {"ELOOP", ELOOP}, {"ENAMETOOLONG", ENAMETOOLONG}, {"EXDEV", EXDEV},
        {"ENOSYS", ENOSYS}, {"ENOTSUP", ENOTSUP}, {"EIO", EIO}, {"EFBIG", EFBIG}, {"ESPIPE", ESPIPE}, {"EAGAIN", EAGAIN},
        {"ENOTCAPABLE", ENOTCAPABLE},
    };
    JSValue r = JS_NewObject(ctx);
    for (int i = 0; i < countof(table); i++)
        JS_SetPropertyUint32(ctx, r, table[i].number, JS_NewString(ctx, table[i].name));
    return r;
}

/* ---- clock, environment, randomness ---- */

static double clock_ms(clockid_t id) {
    struct timespec ts;
    clock_gettime(id, &ts);
    return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static JSValue native_monotonic(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    return JS_NewFloat64(ctx, clock_ms(CLOCK_MONOTONIC));
}

static JSValue native_realtime(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    return JS_NewFloat64(ctx, clock_ms(CLOCK_REALTIME));
}

/* sleep(ms): the host sees poll_oneoff, so sleeping costs no fuel */
static JSValue native_sleep(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    double ms;
    if (JS_ToFloat64(ctx, &ms, argv[0]))
        return JS_EXCEPTION;
    if (ms > 0) {
        if (ms > 1e12)
            ms = 1e12;
        struct timespec ts = {.tv_sec = ms / 1e3, .tv_nsec = fmod(ms, 1e3) * 1e6};
        while (nanosleep(&ts, &ts) < 0 && errno == EINTR) {
        }
    }
    return JS_UNDEFINED;
}

/* environ() -> ["NAME=value", ...], asked of the host every time: libc keeps a copy that a snapshot would freeze */
static JSValue native_environ(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    __wasi_size_t count, size;
    JSValue r = JS_NewArray(ctx);
    if (__wasi_environ_sizes_get(&count, &size) || count == 0)
        return r;
    uint8_t **names = js_malloc(ctx, count * sizeof *names);
    uint8_t *text = js_malloc(ctx, size);
    if (names && text && !__wasi_environ_get(names, text))
        for (uint32_t i = 0; i < count; i++)
            JS_SetPropertyUint32(ctx, r, i, JS_NewString(ctx, (char *)names[i]));
    js_free(ctx, names);
    js_free(ctx, text);
    return r;
}

/* args() -> the arguments as the host gives them now, the name of the program first */
static JSValue native_args(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    __wasi_size_t count, size;
    JSValue r = JS_NewArray(ctx);
    if (__wasi_args_sizes_get(&count, &size) || count == 0)
        return r;
    uint8_t **entries = js_malloc(ctx, count * sizeof *entries);
    uint8_t *text = js_malloc(ctx, size);
    if (entries && text && !__wasi_args_get(entries, text))
        for (uint32_t i = 0; i < count; i++)
            JS_SetPropertyUint32(ctx, r, i, JS_NewString(ctx, (char *)entries[i]));
    js_free(ctx, entries);
    js_free(ctx, text);
    return r;
}

/* random(bytes): from the host */
static JSValue native_random(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t size;
    uint8_t *p = bytes_of(ctx, argv[0], &size);
    if (!p)
        return JS_EXCEPTION;
    for (size_t done = 0; done < size;) {
        size_t n = size - done > 256 ? 256 : size - done;
        if (getentropy(p + done, n))
            return failure(ctx);
        done += n;
    }
    return JS_NewInt32(ctx, 0);
}

/* seed(hex): Math.random's state, which the snapshot froze. Sixteen digits at a time, the same work for every seed: fuel must not depend
 * on it. */
static JSValue native_seed(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t length;
    const char *hex = JS_ToCStringLen(ctx, &length, argv[0]);
    if (!hex)
        return JS_EXCEPTION;
    uint64_t seed = 0, word = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned c = (unsigned char)hex[i], letter = c >> 6;
        word = word << 4 | ((c & 15) + 9 * letter);
        if (i % 16 == 15)
            seed ^= word;
    }
    JS_FreeCString(ctx, hex);
    ctx->random_state = guest.seeded = seed | (seed == 0);
    return JS_UNDEFINED;
}

/* randomUsed() -> whether Math.random gave a number since seed */
static JSValue native_random_used(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int used = guest.seeded != 0 && ctx->random_state != guest.seeded;
    guest.seeded = ctx->random_state;
    return JS_NewBool(ctx, used);
}

/* memory() -> [bytes of linear memory, bytes that JavaScript uses] */
static JSValue native_memory(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValue r = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, r, 0, JS_NewInt64(ctx, (int64_t)__builtin_wasm_memory_size(0) * 65536));
    JS_SetPropertyUint32(ctx, r, 1, JS_NewInt64(ctx, guest.rt->malloc_state.malloc_size));
    return r;
}

static JSValue native_gc(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JS_RunGC(guest.rt);
    return JS_UNDEFINED;
}

/* ---- the host ---- */

/* What the host keeps for us, as a string. */
static JSValue take(JSContext *ctx, int32_t length) {
    if (length < 0)
        return JS_ThrowInternalError(ctx, "the host returned no result");
    char *buffer = js_malloc(ctx, length + 1);
    if (!buffer)
        return JS_EXCEPTION;
    int32_t n = wand_take(buffer, length);
    JSValue r = JS_NewStringLen(ctx, buffer, n < 0 ? 0 : n);
    js_free(ctx, buffer);
    return r;
}

/* The value of a host's reply, read right here when it is a plain one: neither an error nor anything tagged, as nearly all are. Of another undefined,
 * which no JSON is, and kept() has the text. */
static JSValue reply(JSContext *ctx, int32_t length) {
    if (length < 0)
        return JS_ThrowInternalError(ctx, "the host returned no result");
    char *buffer = js_malloc(ctx, (size_t)length + 1);
    if (!buffer)
        return JS_EXCEPTION;
    int32_t n = wand_take(buffer, length);
    JSValue r = JS_UNDEFINED;
    if (n > 7 && !memcmp(buffer, "{\"ok\":", 6) && !memmem(buffer, n, "$type", 5)) {
        buffer[n - 1] = 0; /* for the parser, which wants an end */
        r = JS_ParseJSON(ctx, buffer + 6, n - 7, "<reply>");
        buffer[n - 1] = '}';
        if (JS_IsException(r)) {
            JS_FreeValue(ctx, JS_GetException(ctx)); /* it comes again where it can be caught */
            r = JS_UNDEFINED;
        }
    }
    if (JS_IsUndefined(r)) {
        JS_FreeValue(ctx, guest.kept);
        guest.kept = JS_NewStringLen(ctx, buffer, n < 0 ? 0 : n);
    }
    js_free(ctx, buffer);
    return r;
}

/* kept() -> the text of the last reply that was not plain */
static JSValue native_kept(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValue text = guest.kept;
    guest.kept = JS_UNDEFINED;
    return text;
}

/* call(name, json) -> the reply's value, or undefined; startCall(name, json) -> the call's number */
static JSValue native_call(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv, int start) {
    size_t name_length, args_length;
    JSValue r = JS_EXCEPTION;
    const char *name = JS_ToCStringLen(ctx, &name_length, argv[0]);
    const char *args = JS_ToCStringLen(ctx, &args_length, argv[1]);
    if (name && args)
        r = start ? JS_NewInt32(ctx, wand_start(name, name_length, args, args_length)) : reply(ctx, wand_call(name, name_length, args, args_length));
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, args);
    return r;
}

/* wait(milliseconds) -> [number, the reply's value or undefined] of a started call that has ended; undefined: none did in time; null: none is under way */
static JSValue native_wait(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    double ms;
    if (JS_ToFloat64(ctx, &ms, argv[0]))
        return JS_EXCEPTION;
    int64_t ended = wand_wait(ms < 0 ? -1 : ms > 1e12 ? (int64_t)1e18 : (int64_t)(ms * 1e6));
    if (ended <= 0)
        return ended == 0 ? JS_UNDEFINED : JS_NULL;
    JSValue value = reply(ctx, (int32_t)ended);
    if (JS_IsException(value))
        return value;
    JSValue r = JS_NewArray(ctx);
    JS_DefinePropertyValueUint32(ctx, r, 0, JS_NewInt32(ctx, (int32_t)(ended >> 32)), JS_PROP_C_W_E);
    JS_DefinePropertyValueUint32(ctx, r, 1, value, JS_PROP_C_W_E);
    return r;
}

/* frames(a, b) -> [a, b, where the program is...], to make an error of later; it costs less than an error */
#define MAX_FRAMES 32
static JSValue native_frames(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValueConst list[2 + 2 * MAX_FRAMES] = {argv[0], argv[1]};
    int n = 2;
    for (JSStackFrame *f = ctx->rt->current_stack_frame->prev_frame; f && n < countof(list); f = f->prev_frame) {
        list[n++] = f->cur_func;
        list[n++] = JS_NewInt32(ctx, (int32_t)(intptr_t)f->cur_pc); /* within the function's code, which lives as long */
    }
    return js_create_array(ctx, n, list);
}

/* errorAt(frames) -> an Error whose stack is that of frames(a, b) */
static JSValue native_error_at(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSStackFrame frames[MAX_FRAMES], *top = ctx->rt->current_stack_frame, **next = &ctx->rt->current_stack_frame;
    JSValue *list;
    uint32_t count;
    JSValue e = JS_NewError(ctx);
    if (JS_IsException(e) || !js_get_fast_array(ctx, argv[0], &list, &count))
        return e;
    memset(frames, 0, sizeof(frames));
    for (uint32_t i = 2; i + 1 < count && i / 2 <= MAX_FRAMES; i += 2) {
        JSStackFrame *f = &frames[i / 2 - 1];
        f->cur_func = list[i];
        f->cur_pc = (const uint8_t *)(intptr_t)JS_VALUE_GET_INT(list[i + 1]);
        *next = f;
        next = &f->prev_frame;
    }
    build_backtrace(ctx, e, NULL, 0, 0, 0);
    ctx->rt->current_stack_frame = top;
    return e;
}

/* errorVariables(error) -> [name, value, ...] of the frame that made it, or undefined */
static JSValue native_error_variables(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSProperty *property;
    if (!JS_IsObject(argv[0]) || !find_own_property(&property, JS_VALUE_GET_OBJ(argv[0]), JS_ATOM_Private_variables))
        return JS_UNDEFINED;
    return JS_DupValue(ctx, property->u.value);
}

/* caught() -> [value, line, ..., count] of what silent catch clauses took since it was last asked, or undefined */
static JSValue native_caught(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValueConst list[2 * CAUGHT + 1];
    int n = 0, count = js_caught_count;
    if (count == 0)
        return JS_UNDEFINED;
    js_caught_count = 0;
    for (int i = 0; i < CAUGHT && i < count; i++) {
        list[n++] = js_caught[i];
        list[n++] = JS_NewInt32(ctx, js_caught_lines[i]);
    }
    list[n++] = JS_NewInt32(ctx, count);
    JSValue r = js_create_array(ctx, n, list);
    for (int i = 0; i < CAUGHT && i < count; i++)
        JS_FreeValue(ctx, js_caught[i]);
    return r;
}

/* describe(name) -> json: what the host says of a tool, or of all below a name */
static JSValue native_describe(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t length;
    const char *name = JS_ToCStringLen(ctx, &length, argv[0]);
    if (!name)
        return JS_EXCEPTION;
    JSValue r = take(ctx, wand_describe(name, length));
    JS_FreeCString(ctx, name);
    return r;
}

/* stop(): unwinds all program code; neither catch nor finally sees it */
static JSValue native_stop(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    guest.exiting = 1;
    ctx->interrupt_counter = 0;
    JS_ThrowInternalError(ctx, "exit");
    JS_SetUncatchableError(ctx, guest.rt->current_exception, TRUE);
    return JS_EXCEPTION;
}

static int interrupt(JSRuntime *rt, void *opaque) {
    if (guest.exiting)
        guest.ctx->interrupt_counter = 0;
    return guest.exiting;
}

/* ---- looking inside values ---- */

/* classOf(v) -> QuickJS's name of an object's class, whatever its prototype says; undefined when v is no object */
static JSValue native_class_of(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSClassID id = JS_GetClassID(argv[0]);
    if (id == JS_INVALID_CLASS_ID)
        return JS_UNDEFINED;
    switch (id) {
    case JS_CLASS_PROXY:
        return JS_NewString(ctx, "Proxy");
    case JS_CLASS_BYTECODE_FUNCTION: case JS_CLASS_C_FUNCTION: case JS_CLASS_BOUND_FUNCTION: case JS_CLASS_C_FUNCTION_DATA:
        return JS_NewString(ctx, "Function");
    }
    return JS_AtomToString(ctx, guest.rt->class_array[id].class_name);
}

/* proxyParts(proxy) -> [target, handler] */
static JSValue native_proxy_parts(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSProxyData *d = JS_GetOpaque(argv[0], JS_CLASS_PROXY);
    if (!d)
        return JS_UNDEFINED;
    JSValue r = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, r, 0, d->is_revoked ? JS_NULL : JS_DupValue(ctx, d->target));
    JS_SetPropertyUint32(ctx, r, 1, d->is_revoked ? JS_NULL : JS_DupValue(ctx, d->handler));
    return r;
}

/* promiseParts(promise) -> [0 pending | 1 fulfilled | 2 rejected, result] */
static JSValue native_promise_parts(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    if (JS_GetClassID(argv[0]) != JS_CLASS_PROMISE)
        return JS_UNDEFINED;
    JSValue r = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, r, 0, JS_NewInt32(ctx, JS_PromiseState(ctx, argv[0])));
    JS_SetPropertyUint32(ctx, r, 1, JS_PromiseResult(ctx, argv[0]));
    return r;
}

/* functionKind(f) -> 0 function, 1 generator, 2 async, 3 async generator; plus 4 for a class */
static JSValue native_function_kind(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int kind = 0;
    if (JS_VALUE_GET_TAG(argv[0]) == JS_TAG_OBJECT) {
        JSObject *p = JS_VALUE_GET_OBJ(argv[0]);
        if (js_class_has_bytecode(p->class_id)) {
            JSFunctionBytecode *b = p->u.func.function_bytecode;
            kind = b->func_kind + (b->is_derived_class_constructor || (b->has_prototype == 0 && p->is_constructor) ? 4 : 0);
        }
    }
    return JS_NewInt32(ctx, kind);
}

/* ---- JSON that asks the program for nothing: no getter, no toJSON, no function that it could have replaced ---- */

#define PLAIN_DEPTH 64 /* more is for lib/values.js to say, as are cycles */

/* Appends the JSON of a plain value: 1 when done, 0 when it is not plain, -1 with an exception. Plain are null, booleans, strings, finite
 * numbers but -0, dense arrays, and objects of Object.prototype or none with enumerable properties that are neither getters nor $type. */
static int plain_json(JSContext *ctx, StringBuffer *b, JSValueConst v, int depth, int64_t limit) {
    if (b->len > limit)
        return 0;
    switch (JS_VALUE_GET_NORM_TAG(v)) {
    case JS_TAG_STRING:
    case JS_TAG_STRING_ROPE:
        return string_buffer_concat_value_free(b, JS_ToQuotedString(ctx, v)) ? -1 : 1;
    case JS_TAG_NULL:
        return string_buffer_puts8(b, "null") ? -1 : 1;
    case JS_TAG_BOOL:
        return string_buffer_puts8(b, JS_VALUE_GET_BOOL(v) ? "true" : "false") ? -1 : 1;
    case JS_TAG_FLOAT64:
        if (!isfinite(JS_VALUE_GET_FLOAT64(v)) || (JS_VALUE_GET_FLOAT64(v) == 0 && signbit(JS_VALUE_GET_FLOAT64(v))))
            return 0;
        /* fall through */
    case JS_TAG_INT:
        return string_buffer_concat_value_free(b, JS_ToString(ctx, v)) ? -1 : 1;
    case JS_TAG_OBJECT:
        break;
    default:
        return 0;
    }
    if (depth >= PLAIN_DEPTH)
        return 0;
    JSObject *p = JS_VALUE_GET_OBJ(v);
    if (p->class_id == JS_CLASS_ARRAY) {
        uint32_t length;
        if (!p->fast_array || JS_VALUE_GET_TAG(p->prop[0].u.value) != JS_TAG_INT ||
            (length = JS_VALUE_GET_INT(p->prop[0].u.value)) != p->u.array.count)
            return 0;
        if (string_buffer_putc8(b, '['))
            return -1;
        for (uint32_t i = 0; i < length; i++) {
            if (i > 0 && string_buffer_putc8(b, ','))
                return -1;
            int r = plain_json(ctx, b, p->u.array.u.values[i], depth + 1, limit);
            if (r <= 0)
                return r;
        }
        return string_buffer_putc8(b, ']') ? -1 : 1;
    }
    JSShape *shape = p->shape;
    if (p->class_id != JS_CLASS_OBJECT || (shape->proto && shape->proto != JS_VALUE_GET_OBJ(ctx->class_proto[JS_CLASS_OBJECT])))
        return 0;
    if (string_buffer_putc8(b, '{'))
        return -1;
    JSShapeProperty *property = get_shape_prop(shape);
    int first = 1;
    for (int i = 0; i < shape->prop_count; i++, property++) {
        uint32_t index;
        if (property->atom == JS_ATOM_NULL)
            continue; /* deleted */
        if ((property->flags & JS_PROP_TMASK) || !(property->flags & JS_PROP_ENUMERABLE) || JS_AtomGetKind(ctx, property->atom) != JS_ATOM_KIND_STRING ||
            JS_AtomIsArrayIndex(ctx, &index, property->atom))
            return 0; /* of indices the order is another */
        JSValue name = JS_AtomToString(ctx, property->atom);
        if (JS_IsException(name))
            return -1;
        JSString *text = JS_VALUE_GET_STRING(name);
        if (text->len == 5 && !text->is_wide_char && !memcmp(text->u.str8, "$type", 5)) {
            JS_FreeValue(ctx, name);
            return 0;
        }
        int failed = (!first && string_buffer_putc8(b, ',')) || string_buffer_concat_value_free(b, JS_ToQuotedString(ctx, name)) ||
                     string_buffer_putc8(b, ':');
        JS_FreeValue(ctx, name);
        if (failed)
            return -1;
        first = 0;
        int r = plain_json(ctx, b, p->prop[i].u.value, depth + 1, limit);
        if (r <= 0)
            return r;
    }
    return string_buffer_putc8(b, '}') ? -1 : 1;
}

static JSValue json_text(JSContext *ctx, JSValueConst v, int64_t limit) {
    StringBuffer b;
    if (string_buffer_init(ctx, &b, 64))
        return JS_EXCEPTION;
    int r = plain_json(ctx, &b, v, 0, limit);
    if (r > 0 && b.len <= limit)
        return string_buffer_end(&b);
    string_buffer_free(&b);
    return r < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

/* json(value, limit) -> the text, or undefined when the value is not plain or the text has more than limit characters */
static JSValue native_json(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int64_t limit;
    return JS_ToInt64Sat(ctx, &limit, argv[1]) ? JS_EXCEPTION : json_text(ctx, argv[0], limit);
}

/* argumentsJson(args) -> the text of a host call's arguments, or undefined when they are not plain. One object is the arguments by name, anything else
 * goes by position. */
static JSValue native_arguments_json(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValue *list;
    uint32_t count;
    if (!js_get_fast_array(ctx, argv[0], &list, &count))
        return JS_UNDEFINED;
    if (count == 0)
        return JS_NewString(ctx, "{}");
    int named = count == 1 && JS_IsObject(list[0]) && JS_GetClassID(list[0]) != JS_CLASS_ARRAY;
    return json_text(ctx, named ? list[0] : argv[0], INT64_MAX);
}

/* push(array, value): past a setter that the program may have put on Array.prototype */
static JSValue native_push(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    int64_t length;
    if (js_get_length64(ctx, &length, argv[0]) || JS_DefinePropertyValueInt64(ctx, argv[0], length, JS_DupValue(ctx, argv[1]), JS_PROP_C_W_E) < 0)
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}

/* byteLength(text) -> its bytes as UTF-8 */
static JSValue native_byte_length(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValue v = JS_ToString(ctx, argv[0]);
    if (JS_IsException(v))
        return v;
    JSString *p = JS_VALUE_GET_STRING(v);
    int64_t n = 0;
    if (!p->is_wide_char) {
        for (uint32_t i = 0; i < p->len; i++)
            n += 1 + (p->u.str8[i] >> 7);
    } else {
        for (uint32_t i = 0; i < p->len; i++) {
            uint32_t c = p->u.str16[i];
            if (is_hi_surrogate(c) && i + 1 < p->len && is_lo_surrogate(p->u.str16[i + 1])) {
                n += 4;
                i++;
            } else {
                n += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }
        }
    }
    JS_FreeValue(ctx, v);
    return JS_NewInt64(ctx, n);
}

/* ---- programs and modules ---- */

static void set_program_file(JSContext *ctx, const char *file) {
    JSAtom name = JS_NewAtom(ctx, file);
    JS_FreeAtom(ctx, guest.file);
    guest.file = name;
    js_traced_file = trace.events || trace.coverage ? name : JS_ATOM_NULL;
}

/* evalScript(source, file, checkOnly, turn) -> promise of {value, result, answer, solution}; of a session's turn the promise of {value} */
static JSValue native_eval_script(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t length;
    const char *source = JS_ToCStringLen(ctx, &length, argv[0]);
    const char *file = JS_ToCString(ctx, argv[1]);
    JSValue r = JS_EXCEPTION;
    if (source && file) {
        set_program_file(ctx, file);
        JSValue self = JS_GetPropertyStr(ctx, guest.native, "mainThis");
        int flags = (JS_ToBool(ctx, argv[3]) ? JS_EVAL_TYPE_GLOBAL : JS_EVAL_TYPE_INDIRECT) | JS_EVAL_FLAG_ASYNC | JS_EVAL_FLAG_PROGRAM;
        if (JS_ToBool(ctx, argv[2]))
            flags |= JS_EVAL_FLAG_COMPILE_ONLY;
        r = JS_EvalThis(ctx, self, source, length, file, flags);
        JS_FreeValue(ctx, self);
        if (flags & JS_EVAL_FLAG_COMPILE_ONLY && !JS_IsException(r)) {
            if (JS_ToBool(ctx, argv[4])) {
                JS_FreeValue(ctx, guest.program);
                guest.program = r;
                r = JS_TRUE;
            } else {
                JS_FreeValue(ctx, r);
                r = JS_UNDEFINED;
            }
        }
    }
    JS_FreeCString(ctx, source);
    JS_FreeCString(ctx, file);
    return r;
}

/* evalCompiled(file) -> what evalScript gives for the program that it compiled and kept */
static JSValue native_eval_compiled(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    const char *file = JS_ToCString(ctx, argv[0]);
    if (!file)
        return JS_EXCEPTION;
    set_program_file(ctx, file);
    JS_FreeCString(ctx, file);
    JSValue self = JS_GetPropertyStr(ctx, guest.native, "mainThis");
    JSValue r = JS_EvalFunctionInternal(ctx, JS_DupValue(ctx, guest.program), self, NULL, NULL);
    JS_FreeValue(ctx, self);
    return r;
}

/* evalFunction(source, file) -> the value of a script: how lib/ and CommonJS packages are loaded */
static JSValue native_eval_function(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t length;
    const char *source = JS_ToCStringLen(ctx, &length, argv[0]);
    const char *file = JS_ToCString(ctx, argv[1]);
    JSValue r = JS_EXCEPTION;
    if (source && file)
        r = JS_Eval(ctx, source, length, file, JS_EVAL_TYPE_GLOBAL);
    JS_FreeCString(ctx, source);
    JS_FreeCString(ctx, file);
    return r;
}

static void set_import_meta(JSContext *ctx, JSModuleDef *m) {
    JSValue meta = JS_GetImportMeta(ctx, m);
    JSAtom name = JS_GetModuleName(ctx, m);
    JSValue args[2] = {meta, JS_AtomToString(ctx, name)};
    JS_FreeAtom(ctx, name);
    JS_FreeValue(ctx, hook("importMeta", 2, args));
    JS_FreeValue(ctx, args[0]);
    JS_FreeValue(ctx, args[1]);
}

/* evalModule(source, file, checkOnly) -> [promise, namespace] */
static JSValue native_eval_module(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t length;
    const char *source = JS_ToCStringLen(ctx, &length, argv[0]);
    const char *file = JS_ToCString(ctx, argv[1]);
    JSValue r = JS_EXCEPTION;
    if (source && file) {
        set_program_file(ctx, file);
        JSValue f = JS_Eval(ctx, source, length, file, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
        if (JS_IsException(f)) {
        } else if (JS_ToBool(ctx, argv[2])) {
            JS_FreeValue(ctx, f);
            r = JS_UNDEFINED;
        } else {
            JSModuleDef *m = JS_VALUE_GET_PTR(f);
            set_import_meta(ctx, m);
            JSValue promise = JS_EvalFunction(ctx, f);
            if (!JS_IsException(promise)) {
                r = JS_NewArray(ctx);
                JS_SetPropertyUint32(ctx, r, 0, promise);
                JS_SetPropertyUint32(ctx, r, 1, JS_GetModuleNamespace(ctx, m));
            }
        }
    }
    JS_FreeCString(ctx, source);
    JS_FreeCString(ctx, file);
    return r;
}

/* react(promise, fulfilled, rejected) calls one of them when the promise is settled, as then does, without a promise for what comes of that */
static JSValue native_react(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    JSValueConst none[2] = {JS_UNDEFINED, JS_UNDEFINED};
    if (JS_GetClassID(argv[0]) != JS_CLASS_PROMISE || perform_promise_then(ctx, argv[0], argv + 1, none))
        return JS_EXCEPTION;
    return JS_UNDEFINED;
}

/* declarations(source, file) -> where a module has import and export declarations, as [start, end, start, end, ...] in UTF-16 units. The modules
 * that it names are not loaded (lib/ sees to that). */
static JSValue native_declarations(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv) {
    size_t length;
    const char *source = JS_ToCStringLen(ctx, &length, argv[0]);
    const char *file = JS_ToCString(ctx, argv[1]);
    JSValue r = JS_EXCEPTION;
    DynBuf found;
    js_dbuf_init(ctx, &found);
    if (source && file) {
        js_module_declarations = &found;
        JSValue f = JS_Eval(ctx, source, length, file, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
        js_module_declarations = NULL;
        if (!JS_IsException(f)) {
            JS_FreeValue(ctx, f);
            r = JS_NewArray(ctx);
            size_t at = 0;
            uint32_t units = 0;
            for (uint32_t i = 0; i < found.size / 4; i++) {
                uint32_t end = get_u32(found.buf + i * 4);
                for (; at < end && at < length; at++)
                    units += ((uint8_t)source[at] & 0xc0) == 0x80 ? 0 : (uint8_t)source[at] >= 0xf0 ? 2 : 1;
                JS_SetPropertyUint32(ctx, r, i, JS_NewUint32(ctx, units));
            }
        }
    }
    dbuf_free(&found);
    JS_FreeCString(ctx, source);
    JS_FreeCString(ctx, file);
    return r;
}

static char *module_normalize(JSContext *ctx, const char *base, const char *name, void *opaque) {
    JSValue args[2] = {JS_NewString(ctx, base), JS_NewString(ctx, name)};
    JSValue v = hook("resolveModule", 2, args);
    char *r = NULL;
    JS_FreeValue(ctx, args[0]);
    JS_FreeValue(ctx, args[1]);
    if (!JS_IsException(v)) {
        const char *s = JS_ToCString(ctx, v);
        if (s)
            r = js_strdup(ctx, s);
        JS_FreeCString(ctx, s);
    }
    JS_FreeValue(ctx, v);
    return r;
}

/* A module whose exports are the properties of an object that native.synthetic holds under the module's name. */
static int synthetic_init(JSContext *ctx, JSModuleDef *m) {
    JSAtom name = JS_GetModuleName(ctx, m);
    JSValue table = JS_GetPropertyStr(ctx, guest.native, "synthetic");
    JSValue values = JS_GetProperty(ctx, table, name);
    JSPropertyEnum *names;
    uint32_t count;
    int err = -1;
    if (!JS_GetOwnPropertyNames(ctx, &names, &count, values, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) {
        err = 0;
        for (uint32_t i = 0; i < count; i++) {
            const char *s = JS_AtomToCString(ctx, names[i].atom);
            if (!s || JS_SetModuleExport(ctx, m, s, JS_GetProperty(ctx, values, names[i].atom)))
                err = -1;
            JS_FreeCString(ctx, s);
        }
        js_free_prop_enum(ctx, names, count);
    }
    JS_FreeValue(ctx, values);
    JS_FreeValue(ctx, table);
    JS_FreeAtom(ctx, name);
    return err;
}

static JSModuleDef *synthetic_module(JSContext *ctx, const char *name, JSValueConst values) {
    JSPropertyEnum *names;
    uint32_t count;
    JSModuleDef *m = JS_NewCModule(ctx, name, synthetic_init);
    if (!m || JS_GetOwnPropertyNames(ctx, &names, &count, values, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY))
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const char *s = JS_AtomToCString(ctx, names[i].atom);
        if (!s || JS_AddModuleExport(ctx, m, s))
            m = NULL;
        JS_FreeCString(ctx, s);
    }
    js_free_prop_enum(ctx, names, count);
    return m;
}

/* loadModule(name) gives a module's source text, or an object of exports */
static JSModuleDef *module_load(JSContext *ctx, const char *name, void *opaque) {
    JSValue arg = JS_NewString(ctx, name);
    JSValue v = hook("loadModule", 1, &arg);
    JSModuleDef *m = NULL;
    JS_FreeValue(ctx, arg);
    if (JS_IsString(v)) {
        size_t length;
        const char *source = JS_ToCStringLen(ctx, &length, v);
        if (source) {
            JSValue f = JS_Eval(ctx, source, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
            if (!JS_IsException(f)) {
                m = JS_VALUE_GET_PTR(f);
                set_import_meta(ctx, m);
                JS_FreeValue(ctx, f);
            }
        }
        JS_FreeCString(ctx, source);
    } else if (!JS_IsException(v)) {
        m = synthetic_module(ctx, name, v);
    }
    JS_FreeValue(ctx, v);
    return m;
}

static void rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL handled, void *opaque) {
    JSValue args[3] = {(JSValue)promise, (JSValue)reason, JS_NewBool(ctx, handled)};
    JS_FreeValue(ctx, hook("rejection", 3, args));
}

/* ---- exports ---- */

static const JSCFunctionListEntry natives[] = {
    JS_CFUNC_DEF("write", 2, native_write),
    JS_CFUNC_DEF("read", 2, native_read),
    JS_CFUNC_DEF("open", 2, native_open),
    JS_CFUNC_DEF("close", 1, native_close),
    JS_CFUNC_DEF("seek", 2, native_seek),
    JS_CFUNC_DEF("truncate", 2, native_truncate),
    JS_CFUNC_DEF("stat", 2, native_stat),
    JS_CFUNC_DEF("readdir", 1, native_readdir),
    JS_CFUNC_MAGIC_DEF("mkdir", 1, native_path, PATH_MKDIR),
    JS_CFUNC_MAGIC_DEF("rmdir", 1, native_path, PATH_RMDIR),
    JS_CFUNC_MAGIC_DEF("unlink", 1, native_path, PATH_UNLINK),
    JS_CFUNC_MAGIC_DEF("rename", 2, native_path, PATH_RENAME),
    JS_CFUNC_MAGIC_DEF("symlink", 2, native_path, PATH_SYMLINK),
    JS_CFUNC_MAGIC_DEF("link", 2, native_path, PATH_LINK),
    JS_CFUNC_DEF("readlink", 1, native_readlink),
    JS_CFUNC_DEF("utimes", 3, native_utimes),
    JS_CFUNC_DEF("strerror", 1, native_strerror),
    JS_CFUNC_DEF("errnos", 0, native_errnos),
    JS_CFUNC_DEF("monotonic", 0, native_monotonic),
    JS_CFUNC_DEF("realtime", 0, native_realtime),
    JS_CFUNC_DEF("sleep", 1, native_sleep),
    JS_CFUNC_DEF("environ", 0, native_environ),
    JS_CFUNC_DEF("args", 0, native_args),
    JS_CFUNC_DEF("random", 1, native_random),
    JS_CFUNC_DEF("seed", 1, native_seed),
    JS_CFUNC_DEF("memory", 0, native_memory),
    JS_CFUNC_DEF("gc", 0, native_gc),
    JS_CFUNC_MAGIC_DEF("call", 2, native_call, 0),
    JS_CFUNC_MAGIC_DEF("startCall", 2, native_call, 1),
    JS_CFUNC_DEF("wait", 1, native_wait),
    JS_CFUNC_DEF("kept", 0, native_kept),
    JS_CFUNC_DEF("frames", 2, native_frames),
    JS_CFUNC_DEF("errorAt", 1, native_error_at),
    JS_CFUNC_DEF("errorVariables", 1, native_error_variables),
    JS_CFUNC_DEF("randomUsed", 0, native_random_used),
    JS_CFUNC_DEF("caught", 0, native_caught),
    JS_CFUNC_DEF("describe", 1, native_describe),
    JS_CFUNC_DEF("stop", 0, native_stop),
    JS_CFUNC_DEF("json", 2, native_json),
    JS_CFUNC_DEF("argumentsJson", 1, native_arguments_json),
    JS_CFUNC_DEF("push", 2, native_push),
    JS_CFUNC_DEF("byteLength", 1, native_byte_length),
    JS_CFUNC_DEF("classOf", 1, native_class_of),
    JS_CFUNC_DEF("proxyParts", 1, native_proxy_parts),
    JS_CFUNC_DEF("promiseParts", 1, native_promise_parts),
    JS_CFUNC_DEF("functionKind", 1, native_function_kind),
    JS_CFUNC_DEF("trace", 1, native_trace),
    JS_CFUNC_DEF("evalScript", 5, native_eval_script),
    JS_CFUNC_DEF("evalCompiled", 1, native_eval_compiled),
    JS_CFUNC_DEF("declarations", 2, native_declarations),
    JS_CFUNC_DEF("evalFunction", 2, native_eval_function),
    JS_CFUNC_DEF("evalModule", 3, native_eval_module),
    JS_CFUNC_DEF("react", 3, native_react),
};

/* What went wrong inside lib/ itself: a fault of the guest, not of the program. */
static int fault(const char *where) {
    JSValue e = JS_GetException(guest.ctx);
    const char *s = JS_ToCString(guest.ctx, e);
    dprintf(2, "%s: %s\n", where, s ? s : "unknown");
    JS_FreeCString(guest.ctx, s);
    JSValue stack = JS_GetPropertyStr(guest.ctx, e, "stack");
    if ((s = JS_ToCString(guest.ctx, stack)))
        dprintf(2, "%s\n", s);
    JS_FreeCString(guest.ctx, s);
    JS_FreeValue(guest.ctx, stack);
    JS_FreeValue(guest.ctx, e);
    return 1;
}

/* During a run only a program that replaces built-in functions (Array.prototype.push = ...) can make lib/ fail: its error, not ours. */
static int32_t broken(const char *where) {
    static const char response[] =
        "{\"status\":\"failed\",\"error\":{\"kind\":\"exception\",\"type\":\"InternalError\",\"message\":\"the program replaced "
        "built-in functions that the platform itself needs\",\"hint\":\"Do not assign to the prototypes of Array, Map, Object, String "
        "or other built-in classes.\"}}";
    fault(where);
    guest.broken = 1;
    wand_respond(response, sizeof response - 1);
    return 0;
}

/* Runs jobs until the queue is empty. An exception here is lib/'s own: programs' are caught by promises or by lib/. */
static int drain(void) {
    JSContext *ctx;
    int n;
    while (!guest.exiting && (n = JS_ExecutePendingJob(guest.rt, &ctx)) != 0)
        if (n < 0 && !guest.exiting)
            return 1;
    return 0;
}

/* Runs a program that lib/ has for this, so that copies of the interpreter begin with what a first program would make. */
static int warm_up(void) {
    JSValue state = hook("warm", 0, NULL);
    int failed = JS_IsException(state);
    for (int more = 1; more && !failed;) {
        JSValue r = drain() ? JS_EXCEPTION : hook("turn", 0, NULL);
        failed = JS_IsException(r);
        more = JS_ToBool(guest.ctx, r);
        JS_FreeValue(guest.ctx, r);
    }
    if (!failed) {
        JSValue response = hook("finish", 0, NULL);
        const char *text = JS_ToCString(guest.ctx, response);
        failed = !text || !strstr(text, "\"completed\"");
        JS_FreeCString(guest.ctx, text);
        JS_FreeValue(guest.ctx, response);
    }
    if (!failed) {
        JSValue r = hook("warmed", 1, &state);
        failed = JS_IsException(r);
        JS_FreeValue(guest.ctx, r);
    }
    JS_FreeValue(guest.ctx, state);
    return failed;
}

int32_t wand_abi(void) {
    return WAND_ABI;
}

int32_t wand_init(void) {
    JSRuntime *rt = guest.rt = JS_NewRuntime2(&memory, NULL);
    if (!rt || !(guest.ctx = JS_NewContext(rt)))
        return 1;
    JSContext *ctx = guest.ctx;
    JS_SetMaxStackSize(rt, MAX_STACK);
    JS_SetModuleLoaderFunc(rt, module_normalize, module_load, NULL);
    JS_SetHostPromiseRejectionTracker(rt, rejection, NULL);
    JS_SetInterruptHandler(rt, interrupt, NULL);
    guest.kept = guest.program = JS_UNDEFINED;
    guest.native = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, guest.native, natives, countof(natives));

    JS_SetStripInfo(rt, JS_STRIP_SOURCE); /* lib/ keeps positions, not text */
    JSValue sources = JS_NewObject(ctx);
    for (int i = 0; i < countof(lib_files); i++)
        JS_SetPropertyStr(ctx, sources, lib_files[i].name, JS_NewString(ctx, lib_files[i].source));
    JS_SetPropertyStr(ctx, guest.native, "sources", sources);
    JSValue name = JS_NewString(ctx, "wand:main"), source = JS_GetPropertyStr(ctx, sources, "main");
    JSValue f = native_eval_function(ctx, JS_UNDEFINED, 2, (JSValueConst[]){source, name});
    JS_FreeValue(ctx, source);
    JS_FreeValue(ctx, name);
    if (JS_IsException(f))
        return fault("lib/main.js");
    JSValue r = JS_Call(ctx, f, JS_UNDEFINED, 1, &guest.native);
    JS_FreeValue(ctx, f);
    if (JS_IsException(r))
        return fault("lib/main.js");
    JS_FreeValue(ctx, r);
    JS_SetPropertyStr(ctx, guest.native, "sources", JS_UNDEFINED);
    JS_SetStripInfo(rt, 0);
    if (warm_up())
        return fault("lib/run.js");
    trace.globals = JS_VALUE_GET_OBJ(ctx->global_obj)->shape->prop_count;
    JS_RunGC(rt);
    JS_SetGCThreshold(rt, rt->malloc_state.malloc_size + GC_THRESHOLD);
    return 0;
}

void *wand_alloc(size_t size) {
    return malloc(size ? size : 1);
}

/* Forgets the jobs of a turn that ended before they ran. */
static void forget_jobs(void) {
    struct list_head *el, *next;
    list_for_each_safe(el, next, &guest.rt->job_list) {
        JSJobEntry *job = list_entry(el, JSJobEntry, link);
        for (int i = 0; i < job->argc; i++)
            JS_FreeValue(guest.ctx, job->argv[i]);
        js_free(guest.ctx, job);
    }
    init_list_head(&guest.rt->job_list);
}

/* Runs a program to its end. The hook of this name begins it. */
static int32_t serve(const char *begin, JSValue request) {
    JSContext *ctx = guest.ctx;
    JS_UpdateStackTop(guest.rt);
    JS_SetMaxStackSize(guest.rt, MAX_STACK);
    guest.exiting = guest.broken = 0;
    forget_jobs();

    JSValue r = hook(begin, 1, &request);
    JS_FreeValue(ctx, request);
    if (JS_IsException(r) && !guest.exiting)
        return broken(begin);
    JS_FreeValue(ctx, r);
    /* turn() runs what a job may not (timers, nextTick, rejections) and says whether anything is left */
    for (int more = 1; more && !guest.exiting;) {
        if (drain())
            return broken("job");
        if (guest.exiting)
            break;
        r = hook("turn", 0, NULL);
        if (JS_IsException(r)) {
            if (guest.exiting)
                break;
            return broken("turn");
        }
        more = JS_ToBool(ctx, r);
        JS_FreeValue(ctx, r);
    }
    if (guest.exiting) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        guest.exiting = 0;
    }
    r = hook("finish", 0, NULL);
    if (JS_IsException(r))
        return broken("finish");
    size_t size;
    const char *response = JS_ToCStringLen(ctx, &size, r);
    if (!response)
        return broken("finish");
    wand_respond(response, size);
    JS_FreeCString(ctx, response);
    JS_FreeValue(ctx, r);
    return 0;
}

int32_t wand_run(char *request, size_t length) {
    JSValue text = JS_NewStringLen(guest.ctx, request, length);
    free(request);
    return serve("start", text);
}

void wand_alone(void) {
    int32_t code = 1;
    __wasilibc_reset_preopens(); /* those of the snapshot are of another host */
    serve("alone", JS_UNDEFINED);
    if (!guest.broken) {
        JSValue status = hook("exitStatus", 0, NULL);
        if (JS_IsException(status) || JS_ToInt32(guest.ctx, &code, status))
            code = 1;
    }
    if (code)
        __wasi_proc_exit(code);
}

/* ---- where the program is: reads frames only, allocates nothing ---- */

#define WHERE_FRAMES 30
static char where[32 * 1024];
static size_t where_length;

/* Appends to where; what does not fit is left out, but never the end. */
static void put(const char *text) {
    while (*text && where_length < sizeof(where) - 16)
        where[where_length++] = *text++;
}

/* Appends a text inside a JSON string; of a text in UTF-8 what is no ASCII stands as it is. */
static void put_escaped(const char *p) {
    char escape[8];
    for (; *p; p++) {
        unsigned char c = *p;
        snprintf(escape, sizeof(escape), c < 0x20 || c == '"' || c == '\\' ? "\\u%04x" : "%c", c);
        put(escape);
    }
}

static void put_atom(JSAtom atom) {
    char text[ATOM_GET_STR_BUF_SIZE];
    put("\"");
    put_escaped(JS_AtomGetStrRT(guest.rt, text, sizeof(text), atom));
    put("\"");
}

/* Appends what a value looks like, inside a JSON string: numbers, texts, and arrays of them; of everything else only its class. */
static void put_value(JSValueConst v, int depth) {
    char text[ATOM_GET_STR_BUF_SIZE];
    switch (JS_VALUE_GET_NORM_TAG(v)) {
    case JS_TAG_INT:
        snprintf(text, sizeof(text), "%d", JS_VALUE_GET_INT(v));
        put(text);
        return;
    case JS_TAG_FLOAT64:
        snprintf(text, sizeof(text), isnan(JS_VALUE_GET_FLOAT64(v)) ? "NaN" : "%.15g", JS_VALUE_GET_FLOAT64(v));
        put(text);
        return;
    case JS_TAG_BOOL:
        put(JS_VALUE_GET_BOOL(v) ? "true" : "false");
        return;
    case JS_TAG_NULL:
        put("null");
        return;
    case JS_TAG_UNDEFINED:
        put("undefined");
        return;
    case JS_TAG_STRING: {
        JSString *s = JS_VALUE_GET_STRING(v);
        uint32_t most = depth ? 24 : 60;
        put("'");
        for (uint32_t i = 0; i < s->len && i < most; i++) {
            uint32_t c = s->is_wide_char ? s->u.str16[i] : s->u.str8[i];
            snprintf(text, sizeof(text), c < 0x20 || c == '"' || c == '\\' || c >= 0x7f ? "\\u%04x" : "%c", c);
            put(text);
        }
        put(s->len > most ? "...'" : "'");
        return;
    }
    case JS_TAG_OBJECT: {
        JSObject *p = JS_VALUE_GET_OBJ(v);
        if (p->class_id == JS_CLASS_ARRAY && p->fast_array && depth == 0) {
            put("[");
            for (uint32_t i = 0; i < p->u.array.count && i < 8; i++) {
                put(i ? ", " : "");
                put_value(p->u.array.u.values[i], 1);
            }
            if (p->u.array.count > 8) {
                snprintf(text, sizeof(text), ", ... (%u items)", p->u.array.count);
                put(text);
            }
            put("]");
            return;
        }
        put("<");
        put_escaped(JS_AtomGetStrRT(guest.rt, text, sizeof(text), guest.rt->class_array[p->class_id].class_name));
        put(">");
        return;
    }
    default:
        put("...");
    }
}

/* Appends a variable, unless it is none that a reader misses. */
static int put_variable(JSAtom name, JSValueConst v, int count) {
    char text[ATOM_GET_STR_BUF_SIZE];
    if (where_length > sizeof(where) - 4096 || name == JS_ATOM_NULL || JS_IsUninitialized(v) || name == JS_ATOM_arguments || name == JS_ATOM_new_target || name == JS_ATOM_this)
        return 0;
    char first = *JS_AtomGetStrRT(guest.rt, text, sizeof(text), name);
    if (first == 0 || first == '<' || first == '#')
        return 0;
    if (JS_VALUE_GET_TAG(v) == JS_TAG_OBJECT && (js_class_has_bytecode(JS_VALUE_GET_OBJ(v)->class_id) || JS_VALUE_GET_OBJ(v)->class_id == JS_CLASS_C_FUNCTION))
        return 0;
    put(count ? ", " : "");
    put_atom(name);
    put(": \"");
    put_value(v, 0);
    put("\"");
    return 1;
}

/* Appends the variables of a frame, its own before those that it closes over. */
static void put_variables(JSStackFrame *f, JSFunctionBytecode *b) {
    int count = 0;
    JSVarRef **refs = JS_VALUE_GET_OBJ(f->cur_func)->u.func.var_refs;
    put(", \"values\": {");
    for (int i = 0; i < b->arg_count && i < f->arg_count && f->arg_buf && count < 12; i++)
        count += put_variable(b->vardefs[i].var_name, f->arg_buf[i], count);
    for (int i = 0; i < b->var_count && f->var_buf && count < 12; i++)
        count += put_variable(b->vardefs[b->arg_count + i].var_name, f->var_buf[i], count);
    for (int i = 0; i < b->closure_var_count && refs && count < 12; i++)
        if (refs[i])
            count += put_variable(b->closure_var[i].var_name, *refs[i]->pvalue, count);
    put("}");
}

const char *wand_where(void) {
    JSStackFrame *frames[WHERE_FRAMES];
    int count = 0;
    for (JSStackFrame *f = guest.rt->current_stack_frame; f && count < WHERE_FRAMES; f = f->prev_frame) {
        char file[ATOM_GET_STR_BUF_SIZE];
        JSFunctionBytecode *code = program_code(f);
        if (code && strncmp(JS_AtomGetStrRT(guest.rt, file, sizeof(file), code->debug.filename), "wand:", 5))
            frames[count++] = f;
    }
    where_length = 0;
    put("[");
    while (count-- > 0) {
        char line[64];
        int column = 0, number = 0;
        JSFunctionBytecode *code = program_code(frames[count]);
        ptrdiff_t at = frames[count]->cur_pc - code->byte_code_buf;
        if (at > 0 && at <= code->byte_code_len)
            number = find_line_num(guest.ctx, code, at - 1, &column);
        put("{\"file\": ");
        put_atom(code->debug.filename);
        put(", \"function\": ");
        put_atom(code->func_name == JS_ATOM__eval_ ? JS_ATOM_empty_string : code->func_name);
        snprintf(line, sizeof(line), ", \"line\": %d, \"column\": %d", number, column);
        put(line);
        if (count == 0)
            put_variables(frames[count], code);
        put(count ? "}, " : "}");
    }
    memcpy(where + where_length, "]", 2);
    return where;
}

/* The line of the innermost frame that is the program's own. Of a library's deep recursion not all frames are looked at. */
#define LINE_FRAMES 2000
static __attribute__((noinline)) int32_t line_of_program(void) {
    int left = LINE_FRAMES;
    for (JSStackFrame *f = guest.rt->current_stack_frame; f && left-- > 0; f = f->prev_frame) {
        JSFunctionBytecode *code = program_code(f);
        if (!code || code->debug.filename != guest.file)
            continue;
        int column;
        ptrdiff_t at = f->cur_pc - code->byte_code_buf;
        return at > 0 && at <= code->byte_code_len ? find_line_num(guest.ctx, code, at - 1, &column) : 0;
    }
    return 0;
}

int32_t wand_line(void) {
    char below[256]; /* what was interrupted may use up to 128 bytes below its stack pointer */
    __asm__ volatile("" ::"r"(below) : "memory");
    int32_t line = line_of_program();
    __asm__ volatile("" ::"r"(below) : "memory");
    return line > 0 ? line : 0;
}
