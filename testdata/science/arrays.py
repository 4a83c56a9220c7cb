#%% shapes
print(a, a.shape, a.T.shape, a.reshape(-1, 2).shape, a.dtype)
#%% slices
print(a[1:, ::2], a[:, -1], a[-1])
#%% masks
print(a[a % 3 == 0], np.where(a > 5, a, -1))
#%% fancy
print(a[[0, 2], [1, 3]], a[np.ix_([0, 2], [1, 3])])
#%% broadcasting
print(np.arange(3)[:, None] * np.arange(4), a - a.mean(axis=0))
#%% reductions
print(a.sum(), a.sum(axis=0), a.max(axis=1), a.argmax(), a.prod(axis=1), a.cumsum())
#%% large products stay whole
print(np.arange(1, 21).prod(), np.arange(10).dtype, np.int64(2) ** 62)
#%% sorts
x = np.array([3, 1, 2, 1])
print(np.sort(x), np.argsort(x, kind="stable"), np.unique(x, return_counts=True), np.lexsort((x, [1, 1, 0, 0])))
#%% sets
print(np.intersect1d([1, 2, 3], [2, 3, 4]), np.setdiff1d([1, 2, 3], [2]), np.isin([1, 5], [5]))
#%% stacking
print(np.vstack([[1, 2], [3, 4]]), np.hstack([[1, 2], [3]]), np.stack([[1, 2], [3, 4]], axis=1), np.concatenate([a, a], axis=1).shape)
#%% split and tile
print(np.array_split(np.arange(7), 3), np.tile([1, 2], 3), np.repeat([1, 2], [2, 1]))
#%% ranges
print(np.linspace(0, 1, 5), np.arange(0, 1, 0.25), np.logspace(0, 2, 3), np.geomspace(1, 8, 4))
#%% floats print as they do
print(np.array([1e-10, 1.0, 1e10]), np.array([0.1, 1 / 3]), np.float64(1) / 3, np.array([1.5, np.nan, np.inf]))
#%% options of printing
with np.printoptions(precision=3, suppress=True):
    print(np.array([1e-5, 123.456789]))
print(np.array2string(np.arange(3) / 7, precision=2))
#%% division by zero
with np.errstate(all="ignore"):
    print(np.array([1.0, -1.0, 0.0]) / 0, np.array([1, 2]) // 0)
#%% integers wrap
print(np.array([250], dtype=np.uint8) + np.uint8(10), np.array([127], dtype=np.int8) * np.int8(2))
#%% types
print(np.result_type(np.int32, np.float32), np.array([1, 2.5]).dtype, np.array([True]).sum(), np.can_cast("i8", "i4"))
#%% functions
x = np.linspace(-2, 2, 9)
print(np.exp(x).round(6), np.sin(x).round(6), np.sqrt(np.abs(x)).round(6), np.log1p(np.abs(x)).round(6))
value([np.exp(x), np.sin(x), np.cos(x), np.tanh(x), np.log1p(np.abs(x)), np.arctan2(x, 2)])
#%% rounding
print(np.round([0.5, 1.5, 2.5, -0.5]), np.floor([-1.5, 1.5]), np.trunc([-1.5, 1.5]), np.rint(2.5), np.around(123.456, -1))
#%% structured
p = np.array([("a", 3), ("b", 1)], dtype=[("k", "U5"), ("n", "i4")])
print(np.sort(p, order="n"), p["n"].mean())
#%% dates
d = np.array(["2024-01-31", "2024-02-29"], dtype="datetime64[D]")
print(d + np.timedelta64(1, "D"), np.diff(d), np.busday_count("2024-01-01", "2024-02-01"))
#%% random streams
r = np.random.default_rng(42)
print(r.integers(0, 100, 5), r.choice(["a", "b", "c"], 4), r.permutation(5))
value([r.random(3), r.normal(size=3), r.exponential(size=2)])
#%% legacy random
np.random.seed(0)
print(np.random.randint(0, 10, 5), np.random.rand(2).round(6))
value([np.random.randn(3), np.random.uniform(1, 2, 2)])
#%% masked arrays
x = np.ma.masked_less([1, 5, 3], 2)
print(x, x.mean(), x.filled(0))
#%% errors
try:
    np.zeros((2, 3)) + np.zeros((2, 2))
except ValueError as e:
    print(e)
