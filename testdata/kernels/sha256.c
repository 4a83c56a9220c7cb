// SHA-256 (FIPS 180-4) over n blocks. The round constants are computed, not listed: they are the first 32 bits of the fractional
// parts of the cube roots of the first 64 primes.
#include <stdint.h>

static uint32_t constants[64];

// root returns floor(2^32 * cube root of p) mod 2^32, by bisection in 128 bits.
static uint32_t root(uint32_t p) {
    uint64_t low = 0, high = (uint64_t)8 << 32;
    while (high - low > 1) {
        uint64_t mid = low + (high - low) / 2;
        // mid^3 <= p * 2^96, in integers, with the last 32 bits of mid^2 cut off on both sides
        unsigned __int128 square = (unsigned __int128)mid * mid;
        unsigned __int128 cube = (square >> 32) * mid + (((square & 0xffffffffu) * mid) >> 32);
        if (cube < (unsigned __int128)p << 64) low = mid;
        else high = mid;
    }
    return (uint32_t)low;
}

static void fill_constants(void) {
    int count = 0;
    for (uint32_t p = 2; count < 64; p++) {
        int prime = 1;
        for (uint32_t d = 2; d * d <= p; d++) prime &= p % d != 0;
        if (prime) constants[count++] = root(p);
    }
}

static inline uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void block(uint32_t *h, const uint8_t *bytes) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)bytes[4 * i] << 24 | bytes[4 * i + 1] << 16 | bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t v[8];
    for (int i = 0; i < 8; i++) v[i] = h[i];
    for (int i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + constants[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        v[7] = v[6], v[6] = v[5], v[5] = e, v[4] = v[3] + t1, v[3] = v[2], v[2] = v[1], v[1] = a, v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

// kernel hashes n-1 blocks whose bytes count up, and the final block that every message ends with. kernel(1) is the digest of
// the empty message, of which it returns the first 32 bits: 0xe3b0c442.
__attribute__((export_name("kernel"))) int64_t kernel(int n) {
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    fill_constants();
    uint32_t h[8];
    for (int i = 0; i < 8; i++) h[i] = start[i];
    uint8_t bytes[64];
    for (int i = 0; i < n - 1; i++) {
        for (int j = 0; j < 64; j++) bytes[j] = (uint8_t)(i + j);
        block(h, bytes);
    }
    uint64_t bits = (uint64_t)(n - 1) * 512;
    for (int j = 0; j < 64; j++) bytes[j] = j >= 56 ? (uint8_t)(bits >> (8 * (63 - j))) : j == 0 ? 0x80 : 0;
    block(h, bytes);
    return h[0];
}
