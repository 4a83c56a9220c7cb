/* wand for programs in C and C++: the run's input, its tools, its value. One header, nothing to link.
 *
 *     #include "wand.h"
 *
 *     int main(void) {
 *         long n = wand_int(wand_get(wand_input(), "n"));
 *         char *sum = wand_call("add", wand_json("{\"a\": %ld, \"b\": 2}", n));
 *         wand_result(wand_json("{\"sum\": %j}", sum));
 *     }
 *
 * Values are JSON texts. What a function returns as char * comes from malloc and is the program's to free, or not: a run is short.
 * A call that the policy refuses, or that fails, ends the program with that error; wand_try lets the program deal with it.
 * (The interpreters have a header of the same name, modules/include/wand.h; it is for them only.) */
#ifndef WAND_SDK_H
#define WAND_SDK_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WAND_IMPORT_(name) __attribute__((import_module("wand"), import_name(name)))
#define WAND_INLINE_ static inline __attribute__((unused))

/* The imports as they are (modules/ABI.md). */
WAND_IMPORT_("input") int32_t wand_abi_input(void);
WAND_IMPORT_("call") int32_t wand_abi_call(const char *name, size_t name_length, const char *args, size_t args_length);
WAND_IMPORT_("start") int32_t wand_abi_start(const char *name, size_t name_length, const char *args, size_t args_length);
WAND_IMPORT_("wait") int64_t wand_abi_wait(int64_t nanoseconds);
WAND_IMPORT_("take") int32_t wand_abi_take(char *buffer, size_t capacity);
WAND_IMPORT_("respond") void wand_abi_respond(const char *response, size_t length);

/* An error of a tool or of the policy. */
typedef struct {
    char *type;    /* PermissionError, ArgumentError, TimeoutError, ToolError; NULL when there is none */
    char *message; /* what was wrong */
    char *hint;    /* what to do, or NULL */
} wand_error;

/* The input of the run as JSON, "null" when there is none. */
#define wand_input() wand_input_()
/* Calls a tool: one JSON object by parameter name in, the JSON value out. */
#define wand_call(name, args) wand_call_at_(__FILE__, __LINE__, __func__, name, args)
/* Ends the program with an error of its own. */
#define wand_fail(type, message) wand_fail_at_(__FILE__, __LINE__, __func__, type, message, NULL)

WAND_INLINE_ char *wand_try(const char *name, const char *args, wand_error *error); /* as wand_call, but NULL and *error when it fails */
WAND_INLINE_ int wand_start(const char *name, const char *args);                    /* begins a call and returns its number at once */
WAND_INLINE_ int wand_wait(char **value, wand_error *error); /* waits for any started call: its number, 0 when none is under way; a failed one has value NULL */
WAND_INLINE_ void wand_result(const char *json);             /* gives the value of the program; the last one counts */

/* Reading JSON. A value is the place in a text where it begins; NULL is one that is not there, and every function takes it. */
WAND_INLINE_ const char *wand_get(const char *json, const char *key);  /* the member of an object */
WAND_INLINE_ const char *wand_at(const char *json, int index);         /* the item of an array, from 0 */
WAND_INLINE_ int wand_length(const char *json);                        /* how many items an array, or members an object, has; else 0 */
WAND_INLINE_ long long wand_int(const char *json);                     /* a number; 0 for anything else */
WAND_INLINE_ double wand_number(const char *json);                     /* a number; 0 for anything else */
WAND_INLINE_ int wand_true(const char *json);                          /* whether it is true */
WAND_INLINE_ char *wand_string(const char *json);                      /* the text of a string, NULL for anything else */
WAND_INLINE_ char *wand_copy(const char *json);                        /* the value alone, as a text of its own */

/* Writing JSON: printf with %s for a string (quoted and escaped), %j for a text that is JSON already, %d, %ld, %lld, %zu, %g and %%. */
WAND_INLINE_ char *wand_json(const char *format, ...);

/* ---- what follows is how ---- */

WAND_INLINE_ void *wand_room_(void *old, size_t size) {
    void *room = realloc(old, size);
    if (!room) {
        fputs("wand: out of memory\n", stderr);
        abort();
    }
    return room;
}

typedef struct {
    char *text;
    size_t length, room;
} wand_text_;

WAND_INLINE_ void wand_put_(wand_text_ *to, const char *text, size_t length) {
    if (to->length + length + 1 > to->room) {
        to->room = 2 * (to->length + length) + 64;
        to->text = (char *)wand_room_(to->text, to->room);
    }
    memcpy(to->text + to->length, text, length);
    to->length += length;
    to->text[to->length] = 0;
}

WAND_INLINE_ void wand_put_string_(wand_text_ *to, const char *text) {
    wand_put_(to, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; at && *at; at++) {
        char escaped[8];
        if (*at == '"' || *at == '\\') {
            escaped[0] = '\\', escaped[1] = (char)*at;
            wand_put_(to, escaped, 2);
        } else if (*at < 0x20) {
            wand_put_(to, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", *at));
        } else {
            wand_put_(to, (const char *)at, 1);
        }
    }
    wand_put_(to, "\"", 1);
}

WAND_INLINE_ char *wand_json(const char *format, ...) {
    wand_text_ out = {NULL, 0, 0};
    va_list list;
    va_start(list, format);
    wand_put_(&out, "", 0);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            wand_put_(&out, at, 1);
            continue;
        }
        char number[40];
        int longs = 0, size = 0;
        for (at++; *at == 'l' || *at == 'z'; at++) {
            longs += *at == 'l';
            size += *at == 'z';
        }
        number[0] = 0;
        switch (*at) {
        case 's': wand_put_string_(&out, va_arg(list, const char *)); break;
        case 'j': {
            const char *json = va_arg(list, const char *);
            char *alone = json ? wand_copy(json) : NULL;
            wand_put_(&out, alone ? alone : "null", alone ? strlen(alone) : 4);
            free(alone);
            break;
        }
        case 'd':
        case 'i':
            snprintf(number, sizeof number, "%lld", longs > 1 ? va_arg(list, long long) : longs ? (long long)va_arg(list, long)
                     : size ? (long long)va_arg(list, size_t) : (long long)va_arg(list, int));
            break;
        case 'u':
            snprintf(number, sizeof number, "%llu", longs > 1 ? va_arg(list, unsigned long long) : longs ? (unsigned long long)va_arg(list, unsigned long)
                     : size ? (unsigned long long)va_arg(list, size_t) : (unsigned long long)va_arg(list, unsigned));
            break;
        case 'f':
        case 'g': {
            double value = va_arg(list, double);
            strcpy(number, "null"); /* JSON has no infinity and no NaN */
            for (int digits = 15; digits <= 17 && value - value == 0; digits += 2) {
                snprintf(number, sizeof number, "%.*g", digits, value);
                if (strtod(number, NULL) == value) break;
            }
            break;
        }
        case '%': strcpy(number, "%"); break;
        default: fprintf(stderr, "wand_json: there is no %%%c: use %%s %%j %%d %%ld %%lld %%zu %%g %%%%\n", *at); abort();
        }
        wand_put_(&out, number, strlen(number));
    }
    va_end(list);
    return out.text;
}

/* Skips over white space. */
WAND_INLINE_ const char *wand_space_(const char *at) {
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') at++;
    return at;
}

/* Skips over one value. Texts come from the host, which has checked them; one that ends early ends the walk. */
WAND_INLINE_ const char *wand_skip_(const char *at) {
    int depth = 0;
    at = wand_space_(at);
    do {
        if (*at == '"') {
            for (at++; *at && *at != '"'; at++)
                if (*at == '\\' && at[1]) at++;
            if (*at) at++;
        } else if (*at == '{' || *at == '[') {
            depth++, at++;
        } else if (*at == '}' || *at == ']') {
            depth--, at++;
        } else if (*at == ',' || *at == ':' || *at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
            at++;
        } else {
            const char *start = at;
            while (*at && !strchr(",:{}[]\" \t\r\n", *at)) at++;
            if (at == start) return at;
        }
    } while (depth > 0 && *at);
    return at;
}

/* The first member or item after an opening bracket, NULL when there is none; then the one after. */
WAND_INLINE_ const char *wand_first_(const char *json, char open) {
    if (!json) return NULL;
    json = wand_space_(json);
    if (*json != open) return NULL;
    json = wand_space_(json + 1);
    return *json == '}' || *json == ']' || !*json ? NULL : json;
}

WAND_INLINE_ const char *wand_next_(const char *item) {
    item = wand_space_(wand_skip_(item));
    return *item == ',' ? wand_space_(item + 1) : NULL;
}

/* The value of the member whose key is at. */
WAND_INLINE_ const char *wand_value_(const char *key) {
    key = wand_space_(wand_skip_(key));
    return wand_space_(*key == ':' ? key + 1 : key);
}

WAND_INLINE_ const char *wand_get(const char *json, const char *key) {
    for (const char *at = wand_first_(json, '{'); at; at = wand_next_(wand_value_(at))) {
        char *name = wand_string(at);
        int found = name && !strcmp(name, key);
        free(name);
        if (found) return wand_value_(at);
    }
    return NULL;
}

WAND_INLINE_ const char *wand_at(const char *json, int index) {
    const char *at = wand_first_(json, '[');
    while (at && index-- > 0) at = wand_next_(at);
    return index < -1 ? NULL : at;
}

WAND_INLINE_ int wand_length(const char *json) {
    int n = 0;
    for (const char *at = wand_first_(json, '['); at; at = wand_next_(at)) n++;
    for (const char *at = wand_first_(json, '{'); at; at = wand_next_(wand_value_(at))) n++;
    return n;
}

WAND_INLINE_ long long wand_int(const char *json) {
    if (!json) return 0;
    char *end;
    long long n = strtoll(json, &end, 10);
    return *end == '.' || *end == 'e' || *end == 'E' ? (long long)strtod(json, NULL) : n;
}

WAND_INLINE_ double wand_number(const char *json) { return json && *(json = wand_space_(json)) && strchr("-0123456789", *json) ? strtod(json, NULL) : 0; }

WAND_INLINE_ int wand_true(const char *json) { return json && !strncmp(wand_space_(json), "true", 4); }

WAND_INLINE_ char *wand_copy(const char *json) {
    if (!json) return NULL;
    json = wand_space_(json);
    wand_text_ out = {NULL, 0, 0};
    wand_put_(&out, json, (size_t)(wand_skip_(json) - json));
    return out.text;
}

/* The four hexadecimal digits of an escape. */
WAND_INLINE_ unsigned wand_hex_(const char *at) {
    unsigned n = 0;
    for (int i = 0; i < 4 && at[i]; i++) n = n << 4 | (unsigned)((at[i] & 15) + (at[i] > '9' ? 9 : 0));
    return n;
}

WAND_INLINE_ char *wand_string(const char *json) {
    if (!json || *(json = wand_space_(json)) != '"') return NULL;
    const char *end = wand_skip_(json);
    char *text = (char *)wand_room_(NULL, (size_t)(end - json) + 1), *to = text; /* no escape is shorter than what it stands for */
    for (const char *at = json + 1; *at && *at != '"'; at++) {
        if (*at != '\\') {
            *to++ = *at;
            continue;
        }
        switch (*++at) {
        case 'n': *to++ = '\n'; break;
        case 't': *to++ = '\t'; break;
        case 'r': *to++ = '\r'; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'u': {
            if (!at[1] || !at[2] || !at[3] || !at[4]) break;
            unsigned code = wand_hex_(at + 1);
            at += 4;
            if (code >> 10 == 0x36 && at[1] == '\\' && at[2] == 'u' && at[3] && at[4] && at[5] && at[6]) { /* the first of a pair */
                code = 0x10000 + ((code & 0x3ff) << 10) + (wand_hex_(at + 3) & 0x3ff);
                at += 6;
            }
            if (code < 0x80) {
                *to++ = (char)code;
            } else if (code < 0x800) {
                *to++ = (char)(0xc0 | code >> 6), *to++ = (char)(0x80 | (code & 63));
            } else if (code < 0x10000) {
                *to++ = (char)(0xe0 | code >> 12), *to++ = (char)(0x80 | (code >> 6 & 63)), *to++ = (char)(0x80 | (code & 63));
            } else {
                *to++ = (char)(0xf0 | code >> 18), *to++ = (char)(0x80 | (code >> 12 & 63));
                *to++ = (char)(0x80 | (code >> 6 & 63)), *to++ = (char)(0x80 | (code & 63));
            }
            break;
        }
        default: *to++ = *at;
        }
    }
    *to = 0;
    return text;
}

/* What the host keeps of the last import, of length bytes. */
WAND_INLINE_ char *wand_taken_(int32_t length) {
    char *text = (char *)wand_room_(NULL, (size_t)length + 1);
    text[wand_abi_take(text, (size_t)length)] = 0;
    return text;
}

WAND_INLINE_ const char *wand_input_(void) {
    int32_t length = wand_abi_input();
    return length ? wand_taken_(length) : "null";
}

/* What came of a call: its value, or NULL and the error. */
WAND_INLINE_ char *wand_outcome_(char *answer, wand_error *error) {
    char *value = wand_copy(wand_get(answer, "ok"));
    if (error) error->type = error->message = error->hint = NULL;
    if (!value && error) {
        const char *said = wand_get(answer, "error");
        error->type = wand_string(wand_get(said, "type"));
        error->message = wand_string(wand_get(said, "message"));
        error->hint = wand_string(wand_get(said, "hint"));
    }
    free(answer);
    return value;
}

WAND_INLINE_ char *wand_try(const char *name, const char *args, wand_error *error) {
    if (!args) args = "{}";
    return wand_outcome_(wand_taken_(wand_abi_call(name, strlen(name), args, strlen(args))), error);
}

WAND_INLINE_ int wand_start(const char *name, const char *args) {
    if (!args) args = "{}";
    return wand_abi_start(name, strlen(name), args, strlen(args));
}

WAND_INLINE_ int wand_wait(char **value, wand_error *error) {
    int64_t ended = wand_abi_wait(-1);
    if (ended <= 0) return 0;
    *value = wand_outcome_(wand_taken_((int32_t)ended), error);
    return (int)(ended >> 32);
}

WAND_INLINE_ void wand_respond_(char *response) {
    wand_abi_respond(response, strlen(response));
    free(response);
}

WAND_INLINE_ void wand_result(const char *json) { wand_respond_(wand_json("{\"status\":\"completed\",\"result\":{\"value\":%j}}", json)); }

__attribute__((noreturn)) WAND_INLINE_ void wand_fail_at_(const char *file, int line, const char *function, const char *type, const char *message, const char *hint) {
    fflush(NULL);
    fprintf(stderr, "%s:%d: %s: %s: %s\n", file, line, function, type, message);
    wand_respond_(wand_json("{\"status\":\"failed\",\"error\":{\"kind\":\"exception\",\"type\":%s,\"message\":%s,\"location\":{\"file\":%s,\"line\":%d},"
                            "\"frames\":[{\"file\":%s,\"function\":%s,\"line\":%d}],\"hint\":%s}}",
                            type, message, file, line, file, function, line, hint));
    exit(1);
}

WAND_INLINE_ char *wand_call_at_(const char *file, int line, const char *function, const char *name, const char *args) {
    wand_error error;
    char *value = wand_try(name, args, &error);
    if (!value) wand_fail_at_(file, line, function, error.type ? error.type : "ToolError", error.message ? error.message : "the tool failed", error.hint);
    return value;
}

#ifdef __cplusplus
}

#include <string>

/* The same with std::string. */
namespace wand {
inline std::string own_(char *text) {
    std::string s(text ? text : "");
    free(text);
    return s;
}
/* A string as JSON. */
inline std::string quote(const std::string &text) { return own_(wand_json("%s", text.c_str())); }
}
#endif

#endif
