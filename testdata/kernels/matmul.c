// Product of two n x n matrices of doubles, n at most 256, in the plain order of loops.
#include <stdint.h>

enum { MAX = 256 };
static double a[MAX][MAX], b[MAX][MAX], c[MAX][MAX];

__attribute__((export_name("kernel"))) int64_t kernel(int n) {
    if (n < 0 || n > MAX) return -1;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) a[i][j] = (i * 7 + j) % 11, b[i][j] = (i + j * 5) % 13;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    int64_t check = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) check = check * 31 + (int64_t)c[i][j];
    return check;
}
