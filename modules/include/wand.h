/* The guest ABI in C; modules/ABI.md says what each function means. */
#ifndef WAND_H
#define WAND_H

#include <stddef.h>
#include <stdint.h>

#define WAND_ABI 1
#define WAND_EXPORT(name) __attribute__((export_name(#name), visibility("default")))
#define WAND_IMPORT(name) __attribute__((import_module("wand"), import_name(#name)))

/* Exports: every guest defines these. */
WAND_EXPORT(wand_abi) int32_t wand_abi(void);
WAND_EXPORT(wand_init) int32_t wand_init(void);
WAND_EXPORT(wand_alloc) void *wand_alloc(size_t size);
WAND_EXPORT(wand_run) int32_t wand_run(char *request, size_t length);
WAND_EXPORT(wand_where) const char *wand_where(void); /* optional */
WAND_EXPORT(wand_line) int32_t wand_line(void);       /* optional */
WAND_EXPORT(wand_alone) void wand_alone(void);        /* optional */

/* Imports: the host defines these. */
WAND_IMPORT(respond) void wand_respond(const char *response, size_t length);
WAND_IMPORT(call) int32_t wand_call(const char *name, size_t name_length, const char *args, size_t args_length);
WAND_IMPORT(take) int32_t wand_take(char *buffer, size_t capacity);
WAND_IMPORT(start) int32_t wand_start(const char *name, size_t name_length, const char *args, size_t args_length);
WAND_IMPORT(wait) int64_t wand_wait(int64_t nanoseconds);
WAND_IMPORT(trace) int32_t wand_trace(const char *event, size_t length);
WAND_IMPORT(cover) void wand_cover(const uint32_t *counts, size_t lines);
WAND_IMPORT(describe) int32_t wand_describe(const char *name, size_t name_length);

#endif
