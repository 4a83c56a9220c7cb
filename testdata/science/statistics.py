#%% mean, median, std
x = sales["units"].to_numpy()
print(x.mean(), np.median(x), x.std(), x.std(ddof=1), x.var())
value([x.std(), x.std(ddof=1), x.var()])
#%% percentiles
x = sales["price"]
print(np.percentile(x, [10, 25, 50, 90]), x.quantile([0.1, 0.9]).tolist())
value(np.percentile(x, [10, 25, 50, 90]))
#%% skew and kurtosis
print(round(sales["units"].skew(), 8), round(sales["units"].kurt(), 8))
value([sales["units"].skew(), sales["units"].kurt()])
#%% mode
print(sales["item"].mode().tolist(), sales["shop"].mode().tolist())
#%% covariance
print(np.cov(sales["units"], sales["price"]))
value(np.cov(sales["units"], sales["price"]))
#%% correlation kinds
d = sales[["units", "price"]]
print(d.rank().corr().round(6), np.corrcoef(d["units"], d["price"])[0, 1].round(10))
#%% histogram
print(np.histogram(sales["units"], bins=4), np.histogram(sales["price"], bins=[0, 0.5, 1, 2], density=True)[0].round(6))
#%% histogram in two dimensions
print(np.histogram2d(sales["units"], sales["price"], bins=2)[0])
#%% bincount and digitize
print(np.bincount([0, 1, 1, 3]), np.digitize([0.2, 6.4, 3.0], [0, 1, 2.5, 4]))
#%% z-scores
z = (sales["units"] - sales["units"].mean()) / sales["units"].std()
print(z.round(4).tolist())
value(z)
#%% min-max
x = sales["price"]
print(((x - x.min()) / (x.max() - x.min())).round(6).tolist())
#%% outliers
x = pd.Series([1, 2, 2, 3, 2, 50])
q1, q3 = x.quantile(0.25), x.quantile(0.75)
print(x[(x < q1 - 1.5 * (q3 - q1)) | (x > q3 + 1.5 * (q3 - q1))].tolist())
#%% weighted
print(np.average(sales["price"], weights=sales["units"]).round(10))
#%% linear regression
s, i = np.polyfit(sales["units"], sales["price"], 1)
print(round(s, 8), round(i, 8))
value([s, i])
#%% r squared
x, y = np.arange(5.0), np.array([1.0, 2.9, 5.2, 7.1, 8.8])
p = np.polynomial.Polynomial.fit(x, y, 1)
print(p.convert().coef.round(6), (1 - ((y - p(x)) ** 2).sum() / ((y - y.mean()) ** 2).sum()).round(6))
#%% bootstrap
r = np.random.default_rng(1)
b = r.choice(sales["units"].to_numpy(), size=(200, 10)).mean(axis=1)
print(np.percentile(b, [2.5, 97.5]).round(4), b.mean().round(4))
#%% monte carlo
r = np.random.default_rng(3)
p = r.random((2, 10000))
print(4 * (np.hypot(p[0], p[1]) < 1).mean())
#%% sample
print(sales.sample(3, random_state=5)["units"].tolist(), sales.sample(frac=0.3, random_state=1).index.tolist())
#%% confusion
t, p = pd.Series([1, 0, 1, 1, 0]), pd.Series([1, 0, 0, 1, 1])
print(pd.crosstab(t, p, rownames=["true"], colnames=["guess"]), (t == p).mean())
#%% k-means
x = np.array([[1, 1], [1.5, 2], [8, 8], [9, 8.5]])
c = x[[0, 2]]
for _ in range(5):
    k = ((x[:, None] - c) ** 2).sum(-1).argmin(1)
    c = np.array([x[k == i].mean(0) for i in range(2)])
print(k, c)
#%% autocorrelation
s = pd.Series([1, 3, 2, 5, 4, 6, 5.0])
print(round(s.autocorr(1), 8))
value(s.autocorr(2))
#%% nan-aware
x = np.array([1, np.nan, 3])
print(np.nanmean(x), np.nansum(x), np.nanmax(x), np.isnan(x).sum(), people["age"].mean(), people["age"].sum(skipna=False))
#%% summation is exact enough
x = np.full(10**6, 0.1)
print(x.sum(), math.fsum(x[:10]), x.astype("float32").sum())
value([x.sum(), x.mean()])
