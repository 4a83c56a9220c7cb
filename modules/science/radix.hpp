// Sorting of 32- and 64-bit numbers by their digits, for numpy's quicksort.cpp, which asks here first (patches/numpy/0007). Branches that the processor guesses wrongly are
// what quicksort takes its time with; the libraries that numpy has against it want vectors of 256 bits.
//
// The order is numpy's: NaNs last. The memory that it takes for the time is at most `most` bytes; what is small, or would need more, is left to quicksort.

#ifndef WAND_RADIX_HPP
#define WAND_RADIX_HPP

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <type_traits>
#include <utility>

namespace radix {

const size_t fewest = 300, most = 32 << 20;

template <class T> using unsigned_of = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

// key gives a number whose order without a sign is that of x; number is its inverse.
template <class T> inline unsigned_of<T> key(T x) {
    typedef unsigned_of<T> U;
    const U sign = (U)1 << (8 * sizeof(U) - 1);
    U u;
    memcpy(&u, &x, sizeof u);
    if constexpr (std::is_floating_point_v<T>) return u ^ ((U)0 - (u >> (8 * sizeof(U) - 1)) | sign);
    return std::is_signed_v<T> ? u ^ sign : u;
}

template <class T> inline T number(unsigned_of<T> u) {
    typedef unsigned_of<T> U;
    const U sign = (U)1 << (8 * sizeof(U) - 1);
    if constexpr (std::is_floating_point_v<T>)
        u ^= ((u >> (8 * sizeof(U) - 1)) - 1) | sign;
    else if (std::is_signed_v<T>)
        u ^= sign;
    T x;
    memcpy(&x, &u, sizeof x);
    return x;
}

// What is moved about: keys, or keys with the places of their numbers.
template <class U> inline U key_in(U u) { return u; }
template <class U> struct placed {
    U key, place;
};
template <class U> inline U key_in(placed<U> p) { return p.key; }

// by_digits sorts what is in from, with to for the time; it returns that of the two in which the result is. Equal keys keep their order.
template <class U, class E> E *by_digits(E *from, E *to, size_t n) {
    uint32_t count[sizeof(U)][256];
    memset(count, 0, sizeof count);
    bool sorted = true;
    U last = 0;
    for (size_t i = 0; i < n; i++) {
        U k = key_in(from[i]);
        sorted &= last <= k;
        last = k;
        for (size_t d = 0; d < sizeof(U); d++) count[d][k >> 8 * d & 255]++;
    }
    if (sorted) return from;
    for (size_t d = 0; d < sizeof(U); d++) {
        uint32_t *c = count[d], before = 0;
        if (c[key_in(from[0]) >> 8 * d & 255] == n) continue; // one digit for all
        for (int i = 0; i < 256; i++) {
            uint32_t here = c[i];
            c[i] = before;
            before += here;
        }
        for (size_t i = 0; i < n; i++) {
            E e = from[i];
            to[c[key_in(e) >> 8 * d & 255]++] = e;
        }
        std::swap(from, to);
    }
    return from;
}

// sort sorts n numbers, or returns false and leaves them as they are.
template <class T> bool sort(T *start, size_t n) {
    typedef unsigned_of<T> U;
    if (n < fewest || n > most / sizeof(U)) return false;
    U *spare = (U *)malloc(n * sizeof(U));
    if (!spare) return false;
    if constexpr (std::is_floating_point_v<T>)
        for (size_t i = 0; i < n;)
            if (start[i] != start[i])
                std::swap(start[i], start[--n]);
            else
                i++;
    U *keys = (U *)start;
    if (n > 0) {
        for (size_t i = 0; i < n; i++) keys[i] = key(start[i]);
        U *sorted = by_digits<U>(keys, spare, n);
        for (size_t i = 0; i < n; i++) start[i] = number<T>(sorted[i]);
    }
    free(spare);
    return true;
}

// argsort sorts the n places at which numbers are in from, or returns false and leaves them as they are. I is the type of a place.
template <class T, class I> bool argsort(const T *from, I *places, size_t n) {
    typedef unsigned_of<T> U;
    typedef placed<U> E;
    if (n < fewest || n > most / 2 / sizeof(E)) return false;
    E *pairs = (E *)malloc(2 * n * sizeof(E));
    if (!pairs) return false;
    for (size_t i = 0; i < n; i++) {
        T x = from[places[i]];
        U k = key(x);
        if constexpr (std::is_floating_point_v<T>) k = x != x ? (U)-1 : x == 0 ? key((T)0) : k; // both zeros are equal, and so are all NaNs
        pairs[i] = E{k, (U)places[i]};
    }
    E *sorted = by_digits<U>(pairs, pairs + n, n);
    for (size_t i = 0; i < n; i++) places[i] = (I)sorted[i].place;
    free(pairs);
    return true;
}

} // namespace radix

#endif
