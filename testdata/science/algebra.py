#%% product
print(m @ m)
#%% solve
x = np.linalg.solve(m, [1, 2, 3])
print(x)
value(x)
#%% inverse
print(np.linalg.inv(m).round(6))
value(np.linalg.inv(m))
#%% determinant and rank
print(np.linalg.det(m).round(6), np.linalg.matrix_rank(a), np.trace(m))
value(np.linalg.det(m))
#%% eigenvalues
v = np.linalg.eigvalsh(m)
print(v)
value(v)
#%% eigenvectors
w, v = np.linalg.eigh(m)
print(np.allclose(v @ np.diag(w) @ v.T, m), np.abs(v).round(4))
#%% general eigenvalues
print(np.sort(np.linalg.eigvals(np.array([[0, 1], [-2, -3]]))))
#%% complex eigenvalues
print(np.linalg.eigvals(np.array([[0.0, -1.0], [1.0, 0.0]])))
#%% svd
s = np.linalg.svd(a.astype(float), compute_uv=False)
print(s.round(8)[:2])
value(s[:2])
#%% least squares
A = np.vander([1, 2, 3, 4], 2)
c, r, rank, s = np.linalg.lstsq(A, np.array([1.1, 3.9, 6.2, 7.8]), rcond=None)
print(c, r, rank)
value(c)
#%% qr
q, r = np.linalg.qr(m)
print(np.allclose(q @ r, m), np.abs(np.diag(r)).round(6))
#%% cholesky
print(np.linalg.cholesky(m))
value(np.linalg.cholesky(m))
#%% norms
print(np.linalg.norm(m), np.linalg.norm(m, 1), np.linalg.norm([3, 4]), np.linalg.cond(m).round(6))
#%% singular
try:
    np.linalg.inv(np.ones((2, 2)))
except np.linalg.LinAlgError as e:
    print("LinAlgError:", e)
#%% power
print(np.linalg.matrix_power(np.array([[1, 1], [1, 0]]), 30))
#%% pinv
p = np.linalg.pinv(a.astype(float))
print(p.shape, np.allclose(a @ p @ a, a))
#%% einsum
print(np.einsum("ij,kj->ik", a, a), np.einsum("ii", m))
#%% outer, inner, kron, cross
print(np.outer([1, 2], [3, 4]), np.inner([1, 2], [3, 4]), np.kron([1, 2], [1, 1]), np.cross([1, 0, 0], [0, 1, 0]))
#%% batches
b = np.arange(8.0).reshape(2, 2, 2) + np.eye(2)
print(np.linalg.det(b).round(6), np.matmul(b, b).shape)
#%% polynomials
print(np.polyfit([0, 1, 2, 3], [1, 2, 5, 10], 2).round(8), np.roots([1, -6, 11, -6]).round(8), np.polyval([1, 2, 3], 2))
#%% fft
f = np.fft.fft([1, 2, 3, 4])
print(f, np.fft.ifft(f).real, np.fft.rfftfreq(8))
value(np.fft.rfft(np.arange(10.0)))
#%% gradient descent
w = np.zeros(2)
X, y = np.array([[1, 1], [1, 2], [1, 3]]), np.array([2.0, 2.5, 3.5])
for _ in range(500):
    w -= 0.1 * X.T @ (X @ w - y) / 3
print(w.round(6))
value(w)
