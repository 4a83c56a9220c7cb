// Recursive quicksort of n pseudo-random integers, n at most 1,048,576. The checksum depends on the order.
#include <stdint.h>

enum { MAX = 1 << 20 };
static int32_t values[MAX];

static void sort(int32_t *v, int low, int high) {
    while (low < high) {
        int32_t pivot = v[low + (high - low) / 2];
        int i = low - 1, j = high + 1;
        for (;;) {
            do i++; while (v[i] < pivot);
            do j--; while (v[j] > pivot);
            if (i >= j) break;
            int32_t t = v[i];
            v[i] = v[j], v[j] = t;
        }
        // The smaller half by recursion, the larger one by the loop: depth stays logarithmic.
        if (j - low < high - j - 1) sort(v, low, j), low = j + 1;
        else sort(v, j + 1, high), high = j;
    }
}

__attribute__((export_name("kernel"))) int64_t kernel(int n) {
    if (n < 0 || n > MAX) return -1;
    uint32_t x = 12345;
    for (int i = 0; i < n; i++) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        values[i] = (int32_t)x;
    }
    sort(values, 0, n - 1);
    int64_t check = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && values[i - 1] > values[i]) return -1;
        check = check * 31 + values[i];
    }
    return check;
}
