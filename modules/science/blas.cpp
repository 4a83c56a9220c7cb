// The part of BLAS that numpy calls (its cblas_... functions); for the LAPACK that numpy brings the products of matrices, and of real ones triangular systems
// and the LU decomposition, which are made of products as far as can be. A product is computed in tiles
// of registers from copies that lie in the order in which they are read; vectors have the 128 bits that WebAssembly has. What is left undone of BLAS, numpy
// does not ask for: alpha and beta of complex functions are real, no scalar is applied to what a vector is added to.
//
// Every element of a result is summed up in the same order, wherever in the matrix it is.

#include <numpy/npy_common.h>
#include <stdlib.h>
#include <string.h>

#include "npy_cblas.h"

namespace {

template <class T> struct vector;
template <> struct vector<double> { typedef double type __attribute__((vector_size(16))); };
template <> struct vector<float> { typedef float type __attribute__((vector_size(16))); };

// What is computed at once: a tile of rows times 2 vectors, over at most `depth` of what is summed up, for at most `width` columns. The copy of one tile's rows
// (depth*rows*16 bytes) stays in the fastest cache, the copy of the columns (depth*width elements) in the next.
const int rows = 4, depth = 256, width = 256;

// A matrix: the element at row i, column j is at[i*down + j*right].
template <class T> struct view {
    T *at;
    ptrdiff_t down, right;
    T &operator()(ptrdiff_t i, ptrdiff_t j) const { return at[i * down + j * right]; }
    view from(ptrdiff_t i, ptrdiff_t j) const { return {&(*this)(i, j), down, right}; }
    view transposed() const { return {at, right, down}; }
};

template <class V, class T> inline V splat(T x) {
    V v;
    for (int i = 0; i < (int)(16 / sizeof(T)); i++) v[i] = x;
    return v;
}

// tile computes rows times 2 vectors from the copies: a has each element as often as a vector has lanes. It goes through both from their ends: where several
// loads are near one address, wazero checks only the first, if that is the farthest. The asm keeps clang from giving each load an address of its own.
template <class V> inline void tile(int k, const V *__restrict a, const V *__restrict b, V *__restrict out) {
    V c00 = {}, c01 = {}, c10 = {}, c11 = {}, c20 = {}, c21 = {}, c30 = {}, c31 = {};
#define STEP(i)                                                                                                                                          \
    {                                                                                                                                                    \
        V b1 = b[2 * i + 1], b0 = b[2 * i], a3 = a[4 * i + 3], a2 = a[4 * i + 2], a1 = a[4 * i + 1], a0 = a[4 * i];                                       \
        c30 += a3 * b0, c31 += a3 * b1, c20 += a2 * b0, c21 += a2 * b1, c10 += a1 * b0, c11 += a1 * b1, c00 += a0 * b0, c01 += a0 * b1;                   \
    }
    a += 4 * k, b += 2 * k;
    for (; k >= 4; k -= 4) {
        a -= 16, b -= 8;
        asm("" : "+r"(a), "+r"(b));
        STEP(3) STEP(2) STEP(1) STEP(0)
    }
    for (; k > 0; k--) {
        a -= 4, b -= 2;
        STEP(0)
    }
#undef STEP
    out[0] = c00, out[1] = c01, out[2] = c10, out[3] = c11, out[4] = c20, out[5] = c21, out[6] = c30, out[7] = c31;
}

// product adds alpha*a*b to c, of m by n elements, k being summed up. With `upper` it may leave out what is below the diagonal of c.
template <class T> void product(int m, int n, int k, T alpha, view<const T> a, view<const T> b, view<T> c, bool upper) {
    typedef typename vector<T>::type V;
    const int lanes = 16 / sizeof(T), columns = 2 * lanes;
    // Small ones are done before they would be copied. The same goes when there is no memory for the copy.
    V *columns_copy = NULL;
    int strips = ((n < width ? n : width) + columns - 1) / columns, deep = k < depth ? k : depth;
    if ((double)m * n * k > 512) columns_copy = (V *)aligned_alloc(16, (size_t)strips * deep * 2 * sizeof(V));
    if (!columns_copy) {
        for (int i = 0; i < m; i++)
            for (int j = upper ? i : 0; j < n; j++) {
                T sum = 0;
                for (int l = 0; l < k; l++) sum += a(i, l) * b(l, j);
                c(i, j) += alpha * sum;
            }
        return;
    }
    V rows_copy[depth * rows];
    for (int j0 = 0; j0 < n; j0 += width) {
        int j1 = n - j0 < width ? n : j0 + width;
        for (int l0 = 0; l0 < k; l0 += depth) {
            int kk = k - l0 < depth ? k - l0 : depth;
            T *to = (T *)columns_copy;
            for (int j = j0; j < j1; j += columns) {
                int have = j1 - j < columns ? j1 - j : columns;
                view<const T> from = b.from(l0, j);
                if (have == columns && from.right == 1)
                    for (int l = 0; l < kk; l++, to += columns) memcpy(to, &from(l, 0), columns * sizeof(T));
                else
                    for (int l = 0; l < kk; l++, to += columns)
                        for (int x = 0; x < columns; x++) to[x] = x < have ? from(l, x) : 0;
            }
            for (int i = 0; i < m; i += rows) {
                int have_rows = m - i < rows ? m - i : rows;
                if (upper && i >= j1) break;
                for (int y = 0; y < rows; y++) {
                    const T *from = &a(y < have_rows ? i + y : i, l0);
                    for (int l = 0; l < kk; l++) rows_copy[l * rows + y] = splat<V>(from[l * a.right]);
                }
                for (int j = j0; j < j1; j += columns) {
                    if (upper && j + columns <= i) continue;
                    V out[2 * rows];
                    tile<V>(kk, rows_copy, columns_copy + (j - j0) / columns * kk * 2, out);
                    int have = j1 - j < columns ? j1 - j : columns;
                    view<T> into = c.from(i, j);
                    for (int y = 0; y < have_rows; y++)
                        for (int x = 0; x < have; x++) into(y, x) += alpha * ((T *)out)[y * columns + x];
                }
            }
        }
    }
    free(columns_copy);
}

// scale multiplies c by beta; by 0 it writes zeros, whatever there was.
template <class T> void scale(int m, int n, T beta, view<T> c) {
    if (beta == 1) return;
    if (c.right > c.down) return scale(n, m, beta, c.transposed());
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) c(i, j) = beta == 0 ? 0 : beta * c(i, j);
}

// matrix describes an operand of BLAS: count times the size of T is the distance of neighbours (2 for one part of complex numbers).
template <class T> view<T> matrix(T *at, int ld, bool transposed, int count = 1) {
    return transposed ? view<T>{at, count, (ptrdiff_t)ld * count} : view<T>{at, (ptrdiff_t)ld * count, count};
}

template <class T>
void gemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, T alpha, const T *a, int lda, const T *b, int ldb,
          T beta, T *c, int ldc, bool upper = false) {
    bool turned = order == CblasColMajor;
    view<const T> left = matrix(a, lda, (ta != CblasNoTrans) != turned), right = matrix(b, ldb, (tb != CblasNoTrans) != turned);
    view<T> out = matrix(c, ldc, turned);
    scale(m, n, beta, out);
    if (alpha == 0 || k <= 0) return;
    // The rows of what is written lie side by side in memory.
    if (turned)
        product(n, m, k, alpha, right.transposed(), left.transposed(), out.transposed(), false);
    else
        product(m, n, k, alpha, left, right, out, upper);
}

// complex_gemm takes the parts apart: four products of real matrices whose neighbours are two apart.
template <class T>
void complex_gemm(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE ta, enum CBLAS_TRANSPOSE tb, int m, int n, int k, T alpha, const T *a, int lda, const T *b, int ldb,
                  T beta, T *c, int ldc, bool upper = false) {
    bool turned = order == CblasColMajor;
    T sign_a = ta == CblasConjTrans ? -1 : 1, sign_b = tb == CblasConjTrans ? -1 : 1;
    for (int part = 0; part < 2; part++) scale(m, n, beta, matrix(c + part, ldc, turned, 2));
    if (alpha == 0 || k <= 0) return;
    for (int pa = 0; pa < 2; pa++)
        for (int pb = 0; pb < 2; pb++) {
            view<const T> left = matrix(a + pa, lda, (ta != CblasNoTrans) != turned, 2), right = matrix(b + pb, ldb, (tb != CblasNoTrans) != turned, 2);
            view<T> out = matrix(c + (pa != pb), ldc, turned, 2);
            T factor = alpha * (pa ? sign_a : 1) * (pb ? sign_b : 1) * (pa && pb ? -1 : 1);
            if (turned)
                product(n, m, k, factor, right.transposed(), left.transposed(), out.transposed(), false);
            else
                product(m, n, k, factor, left, right, out, upper);
        }
}

template <class T> T dot(int n, const T *x, ptrdiff_t incx, const T *y, ptrdiff_t incy) {
    typedef typename vector<T>::type V;
    typedef V unaligned __attribute__((aligned(sizeof(T))));
    const int lanes = 16 / sizeof(T);
    T sum = 0;
    if (incx == 1 && incy == 1) {
        V s0 = {}, s1 = {}, s2 = {}, s3 = {};
        for (; n >= 4 * lanes; n -= 4 * lanes, x += 4 * lanes, y += 4 * lanes) {
            const unaligned *vx = (const unaligned *)x, *vy = (const unaligned *)y;
            s3 += vx[3] * vy[3], s0 += vx[0] * vy[0], s1 += vx[1] * vy[1], s2 += vx[2] * vy[2];
        }
        s0 = (s0 + s1) + (s2 + s3);
        for (int i = 0; i < lanes; i++) sum += s0[i];
    }
    for (; n > 0; n--, x += incx, y += incy) sum += *x * *y;
    return sum;
}

template <class T> void axpy(int n, T alpha, const T *x, ptrdiff_t incx, T *y, ptrdiff_t incy) {
    if (incx == -1 && incy == -1 && n > 0) x -= n - 1, y -= n - 1, incx = incy = 1;
    if (incx == 1 && incy == 1)
        for (int i = 0; i < n; i++) y[i] += alpha * x[i];
    else
        for (int i = 0; i < n; i++) y[i * incy] += alpha * x[i * incx];
}

// gemv: rows that lie in memory are multiplied with x; of columns that lie there, the multiples are added up, four at a time.
template <class T>
void gemv(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE trans, int m, int n, T alpha, const T *a, int lda, const T *x, int incx, T beta, T *y, int incy) {
    bool across = (order == CblasRowMajor) == (trans == CblasNoTrans); // a result is made of one stretch of memory
    int results = trans == CblasNoTrans ? m : n, sums = trans == CblasNoTrans ? n : m;
    scale(results, 1, beta, view<T>{y, incy, 1});
    if (across) {
        for (int i = 0; i < results; i++) y[(ptrdiff_t)i * incy] += alpha * dot(sums, a + (ptrdiff_t)i * lda, 1, x, incx);
        return;
    }
    int l = 0;
    if (incy == 1)
        for (; l + 4 <= sums; l += 4) {
            const T *r0 = a + (ptrdiff_t)l * lda, *r1 = r0 + lda, *r2 = r1 + lda, *r3 = r2 + lda, *xl = x + (ptrdiff_t)l * incx;
            T x0 = alpha * xl[0], x1 = alpha * xl[incx], x2 = alpha * xl[2 * (ptrdiff_t)incx], x3 = alpha * xl[3 * (ptrdiff_t)incx];
            for (int i = 0; i < results; i++) y[i] = (((y[i] + x0 * r0[i]) + x1 * r1[i]) + x2 * r2[i]) + x3 * r3[i];
        }
    for (; l < sums; l++) axpy(results, alpha * x[(ptrdiff_t)l * incx], a + (ptrdiff_t)l * lda, 1, y, incy);
}

template <class T>
void complex_gemv(enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE trans, int m, int n, T alpha, const T *a, int lda, const T *x, int incx, T beta, T *y, int incy) {
    int results = trans == CblasNoTrans ? m : n, sums = trans == CblasNoTrans ? n : m;
    // A matrix of one column, whose elements are inc apart: neighbours in a row are never looked at.
    enum CBLAS_TRANSPOSE tx = CblasNoTrans;
    if (order == CblasRowMajor)
        complex_gemm(order, trans, tx, results, 1, sums, alpha, a, lda, x, incx, beta, y, incy);
    else // the same with the matrix turned, for which rows are columns
        complex_gemm(CblasRowMajor, trans == CblasNoTrans ? CblasTrans : CblasNoTrans, tx, results, 1, sums, alpha, a, lda, x, incx, beta, y, incy);
}

template <class T> void complex_dot(int n, const T *x, int incx, const T *y, int incy, T *out, T sign) {
    ptrdiff_t dx = 2 * (ptrdiff_t)incx, dy = 2 * (ptrdiff_t)incy;
    T re = 0, im = 0;
    for (; n > 0; n--, x += dx, y += dy) {
        T xi = sign * x[1];
        re += x[0] * y[0] - xi * y[1], im += x[0] * y[1] + xi * y[0];
    }
    out[0] = re, out[1] = im;
}

template <class T> void complex_axpy(int n, const T *alpha, const T *x, int incx, T *y, int incy) {
    ptrdiff_t dx = 2 * (ptrdiff_t)incx, dy = 2 * (ptrdiff_t)incy;
    for (; n > 0; n--, x += dx, y += dy) {
        T re = alpha[0] * x[0] - alpha[1] * x[1], im = alpha[0] * x[1] + alpha[1] * x[0];
        y[0] += re, y[1] += im;
    }
}

// What is smaller than this is solved and decomposed element by element, in the order of LAPACK's own loops.
const int smallest = 16;

// subtract takes a*b from c, of m by n elements, k being summed up. The rows of what is written should lie side by side in memory.
template <class T> void subtract(int m, int n, int k, view<T> a, view<T> b, view<T> c) {
    view<const T> left = {a.at, a.down, a.right}, right = {b.at, b.down, b.right};
    if (c.down == 1)
        product(n, m, k, T(-1), right.transposed(), left.transposed(), c.transposed(), false);
    else
        product(m, n, k, T(-1), left, right, c, false);
}

// substitute is triangular for few rows or few columns. An upper triangle is a lower one that begins at its end.
template <class T> void substitute(int m, int n, view<T> a, view<T> b, bool lower, bool unit) {
    if (!lower) a = {&a(m - 1, m - 1), -a.down, -a.right}, b = {&b(m - 1, 0), -b.down, b.right};
    bool columns = a.down == 1 || a.down == -1; // otherwise it is the rows of a that lie in memory
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            T &x = b(i, j);
            if (!columns) x -= dot(i, &a(i, 0), a.right, &b(0, j), b.down);
            if (x == 0) continue;
            if (!unit) x /= a(i, i);
            if (columns) axpy(m - i - 1, -x, &a(i + 1, i), a.down, &b(i + 1, j), b.down);
        }
}

// triangular replaces b, of m by n elements, by the solution of a*x = b: half of x at a time, by products.
template <class T> void triangular(int m, int n, view<T> a, view<T> b, bool lower, bool unit) {
    if (m <= smallest || n < 4) {
        if (m > 0) substitute(m, n, a, b, lower, unit);
        return;
    }
    int half = (m / 2 + smallest / 2) / smallest * smallest;
    view<T> rest = b.from(half, 0);
    if (lower) {
        triangular(half, n, a, b, lower, unit);
        subtract(m - half, n, half, a.from(half, 0), b, rest);
        triangular(m - half, n, a.from(half, half), rest, lower, unit);
    } else {
        triangular(m - half, n, a.from(half, half), rest, lower, unit);
        subtract(half, n, m - half, a.from(0, half), rest, b);
        triangular(half, n, a, b, lower, unit);
    }
}

template <class T> T magnitude(T x) { return x < 0 ? -x : x; }

template <class T> void exchange(int n, view<T> a, int i, int j) {
    if (i == j) return;
    for (int l = 0; l < n; l++) {
        T x = a(i, l);
        a(i, l) = a(j, l), a(j, l) = x;
    }
}

// decompose makes the LU decomposition of a, of m by n elements with n <= m: half of the columns, and with it the other half (S. Toledo, Locality of reference in LU
// decomposition with partial pivoting, 1997). It returns the first column, from 1, whose pivot is 0, or 0. pivots count from 0.
template <class T> int decompose(int m, int n, view<T> a, int *pivots) {
    int singular = 0;
    if (n <= smallest) {
        const T safe = sizeof(T) == 8 ? T(__DBL_MIN__) : T(__FLT_MIN__); // what is smaller may have no reciprocal
        for (int j = 0; j < n; j++) {
            int p = j;
            for (int i = j + 1; i < m; i++)
                if (!(magnitude(a(i, j)) <= magnitude(a(p, j)))) p = i;
            pivots[j] = p;
            T pivot = a(p, j);
            if (pivot == 0) {
                if (!singular) singular = j + 1;
                continue;
            }
            exchange(n, a, j, p);
            T factor = 1 / pivot;
            for (int i = j + 1; i < m; i++) a(i, j) = magnitude(pivot) >= safe ? a(i, j) * factor : a(i, j) / pivot;
            for (int l = j + 1; l < n; l++)
                if (a(j, l) != 0) axpy(m - j - 1, -a(j, l), &a(j + 1, j), a.down, &a(j + 1, l), a.down);
        }
        return singular;
    }
    int half = (n / 2 + smallest / 2) / smallest * smallest;
    view<T> right = a.from(0, half);
    singular = decompose(m, half, a, pivots);
    for (int i = 0; i < half; i++) exchange(n - half, right, i, pivots[i]);
    triangular(half, n - half, a, right, true, true);
    subtract(m - half, n - half, half, a.from(half, 0), right, right.from(half, 0));
    int later = decompose(m - half, n - half, right.from(half, 0), pivots + half);
    for (int i = half; i < n; i++) exchange(half, a, i, pivots[i] += half);
    return singular || !later ? singular : later + half;
}

} // namespace

extern "C" {

#define REAL(prefix, T)                                                                                                                                   \
    void cblas_##prefix##gemm(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE ta, const enum CBLAS_TRANSPOSE tb, const int m, const int n,           \
                              const int k, const T alpha, const T *a, const int lda, const T *b, const int ldb, const T beta, T *c, const int ldc) {         \
        gemm<T>(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);                                                                             \
    }                                                                                                                                                    \
    void cblas_##prefix##syrk(const enum CBLAS_ORDER order, const enum CBLAS_UPLO uplo, const enum CBLAS_TRANSPOSE trans, const int n, const int k,           \
                              const T alpha, const T *a, const int lda, const T beta, T *c, const int ldc) {                                               \
        gemm<T>(order, trans, trans == CblasNoTrans ? CblasTrans : CblasNoTrans, n, n, k, alpha, a, lda, a, lda, beta, c, ldc, uplo == CblasUpper);        \
    }                                                                                                                                                    \
    void cblas_##prefix##gemv(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE trans, const int m, const int n, const T alpha, const T *a,           \
                              const int lda, const T *x, const int incx, const T beta, T *y, const int incy) {                                             \
        gemv<T>(order, trans, m, n, alpha, a, lda, x, incx, beta, y, incy);                                                                               \
    }                                                                                                                                                    \
    T cblas_##prefix##dot(const int n, const T *x, const int incx, const T *y, const int incy) { return dot<T>(n, x, incx, y, incy); }                       \
    void cblas_##prefix##axpy(const int n, const T alpha, const T *x, const int incx, T *y, const int incy) { axpy<T>(n, alpha, x, incx, y, incy); }         \
    /* LAPACK's: matrices lie column by column; b is that of B in op(A)*X = B or X*op(A) = B, pivots count from 1. */                                       \
    void wand_##prefix##trsm(int left, int upper, int transposed, int unit, int m, int n, T *a, int lda, T *b, int ldb) {                                  \
        view<T> of_a = matrix(a, lda, !transposed), of_b = matrix(b, ldb, true);                                                                          \
        bool lower = !upper != !!transposed;                                                                                                             \
        if (left)                                                                                                                                        \
            triangular(m, n, of_a, of_b, lower, unit);                                                                                                    \
        else                                                                                                                                             \
            triangular(n, m, of_a.transposed(), of_b.transposed(), !lower, unit);                                                                         \
    }                                                                                                                                                    \
    int wand_##prefix##getrf(int m, int n, T *a, int lda, int *pivots) {                                                                                  \
        view<T> all = matrix(a, lda, true);                                                                                                              \
        int done = m < n ? m : n, singular = decompose(m, done, all, pivots);                                                                             \
        if (n > done) {                                                                                                                                  \
            for (int i = 0; i < done; i++) exchange(n - done, all.from(0, done), i, pivots[i]);                                                           \
            triangular(done, n - done, all, all.from(0, done), true, true);                                                                               \
        }                                                                                                                                                \
        for (int i = 0; i < done; i++) pivots[i]++;                                                                                                       \
        return singular;                                                                                                                                 \
    }

REAL(s, float)
REAL(d, double)

#define COMPLEX(prefix, T)                                                                                                                                \
    void cblas_##prefix##gemm(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE ta, const enum CBLAS_TRANSPOSE tb, const int m, const int n,           \
                              const int k, const void *alpha, const void *a, const int lda, const void *b, const int ldb, const void *beta, void *c,        \
                              const int ldc) {                                                                                                           \
        complex_gemm<T>(order, ta, tb, m, n, k, *(const T *)alpha, (const T *)a, lda, (const T *)b, ldb, *(const T *)beta, (T *)c, ldc);                     \
    }                                                                                                                                                    \
    void cblas_##prefix##syrk(const enum CBLAS_ORDER order, const enum CBLAS_UPLO uplo, const enum CBLAS_TRANSPOSE trans, const int n, const int k,           \
                              const void *alpha, const void *a, const int lda, const void *beta, void *c, const int ldc) {                                 \
        complex_gemm<T>(order, trans, trans == CblasNoTrans ? CblasTrans : CblasNoTrans, n, n, k, *(const T *)alpha, (const T *)a, lda, (const T *)a, lda,   \
                        *(const T *)beta, (T *)c, ldc, uplo == CblasUpper);                                                                               \
    }                                                                                                                                                    \
    void cblas_##prefix##gemv(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE trans, const int m, const int n, const void *alpha, const void *a,    \
                              const int lda, const void *x, const int incx, const void *beta, void *y, const int incy) {                                   \
        complex_gemv<T>(order, trans, m, n, *(const T *)alpha, (const T *)a, lda, (const T *)x, incx, *(const T *)beta, (T *)y, incy);                      \
    }                                                                                                                                                    \
    void cblas_##prefix##dotu_sub(const int n, const void *x, const int incx, const void *y, const int incy, void *out) {                                  \
        complex_dot<T>(n, (const T *)x, incx, (const T *)y, incy, (T *)out, 1);                                                                           \
    }                                                                                                                                                    \
    void cblas_##prefix##dotc_sub(const int n, const void *x, const int incx, const void *y, const int incy, void *out) {                                  \
        complex_dot<T>(n, (const T *)x, incx, (const T *)y, incy, (T *)out, -1);                                                                          \
    }                                                                                                                                                    \
    void cblas_##prefix##axpy(const int n, const void *alpha, const void *x, const int incx, void *y, const int incy) {                                    \
        complex_axpy<T>(n, (const T *)alpha, (const T *)x, incx, (T *)y, incy);                                                                           \
    }

COMPLEX(c, float)
COMPLEX(z, double)

} // extern "C"
