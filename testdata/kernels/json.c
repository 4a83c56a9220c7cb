// Writes a JSON text of n records, parses it byte by byte and counts every string in a hash table, n at most 20,000.
#include <stdint.h>

enum { MAX = 20000, ROOM = MAX * 96, SLOTS = 1 << 16 };
static char text[ROOM];
static int length;
static struct { uint32_t hash; uint32_t count; } table[SLOTS];

static void put(const char *s) {
    while (*s) text[length++] = *s++;
}

static void put_number(uint32_t v) {
    char digits[10];
    int n = 0;
    do digits[n++] = (char)('0' + v % 10), v /= 10; while (v);
    while (n) text[length++] = digits[--n];
}

static void generate(int n) {
    uint32_t x = 99;
    length = 0;
    put("[");
    for (int i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        if (i) put(", ");
        put("{\"id\": "), put_number((uint32_t)i);
        put(", \"name\": \"user-"), put_number(x >> 20), put("\", \"tags\": [\"a\\\"b\", \"");
        put_number(x >> 26), put("\", true, null], \"score\": -"), put_number(x >> 16 & 1023), put(".25}");
    }
    put("]");
}

static const char *at, *end;
static int64_t sum;

static void count(uint32_t hash) {
    uint32_t slot = hash % SLOTS;
    while (table[slot].count && table[slot].hash != hash) slot = (slot + 1) % SLOTS;
    table[slot].hash = hash, table[slot].count++;
}

static void space(void) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++;
}

static int string(void) {
    uint32_t hash = 2166136261u;
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\') at++;
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    }
    if (at >= end) return 0;
    at++;
    count(hash);
    return 1;
}

static int number(void) {
    int64_t v = 0;
    int negative = *at == '-';
    at += negative;
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9') v = v * 10 + (*at++ - '0');
    if (at == first) return 0;
    if (at < end && *at == '.')
        for (at++; at < end && *at >= '0' && *at <= '9'; at++) v += *at - '0';
    sum += negative ? -v : v;
    return 1;
}

static int word(const char *w) {
    while (*w)
        if (at >= end || *at++ != *w++) return 0;
    return 1;
}

static int value(void);

static int list(char close, int pairs) {
    at++, space();
    if (at < end && *at == close) return at++, 1;
    for (;;) {
        if (pairs) {
            space();
            if (at >= end || *at != '"' || !string()) return 0;
            space();
            if (at >= end || *at++ != ':') return 0;
        }
        if (!value()) return 0;
        space();
        if (at >= end) return 0;
        char c = *at++;
        if (c == close) return 1;
        if (c != ',') return 0;
    }
}

static int value(void) {
    space();
    if (at >= end) return 0;
    switch (*at) {
    case '{': return list('}', 1);
    case '[': return list(']', 0);
    case '"': return string();
    case 't': return word("true");
    case 'f': return word("false");
    case 'n': return word("null");
    default: return number();
    }
}

// kernel parses the text ten times. It returns -1 when the text does not parse.
__attribute__((export_name("kernel"))) int64_t kernel(int n) {
    if (n < 0 || n > MAX) return -1;
    for (int i = 0; i < SLOTS; i++) table[i].hash = table[i].count = 0;
    sum = 0;
    generate(n);
    for (int i = 0; i < 10; i++) {
        at = text, end = text + length;
        if (!value()) return -1;
    }
    int64_t check = sum;
    for (int i = 0; i < SLOTS; i++) check = check * 31 + table[i].count * (int64_t)table[i].hash;
    return check;
}
