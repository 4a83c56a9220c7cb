#%% rolling mean
r = sales["units"].rolling(3).mean()
print(r)
value(r)
#%% rolling with a minimum
print(sales["units"].rolling(4, min_periods=1).sum().tolist())
#%% centred
print(sales["units"].rolling(3, center=True).max().tolist())
#%% rolling std
r = sales["price"].rolling(4).std()
print(r.round(6).tolist())
value(r)
#%% rolling apply
print(sales["units"].rolling(3).apply(lambda x: x[-1] - x[0], raw=True).tolist())
#%% rolling agg
print(sales["units"].rolling(2).agg(["sum", "mean"]))
#%% rolling corr
r = sales["units"].rolling(5).corr(sales["price"])
print(r.round(4).tolist())
value(r)
#%% rolling median and quantile
print(sales["units"].rolling(5).median().tolist(), sales["units"].rolling(5).quantile(0.25).tolist())
#%% expanding
print(sales["units"].expanding().mean().round(4).tolist())
#%% expanding max
print(sales["units"].expanding(2).max().tolist())
#%% ewm
r = sales["units"].ewm(span=3).mean()
print(r)
value(r)
#%% ewm without adjustment
r = sales["units"].ewm(alpha=0.5, adjust=False).mean()
print(r.tolist())
#%% rolling in groups
print(sales.groupby("shop")["units"].rolling(2).sum())
#%% shift and lead
print(pd.DataFrame({"now": sales["units"], "before": sales["units"].shift(1, fill_value=0), "after": sales["units"].shift(-1)}))
#%% rank
print(sales["units"].rank(method="min").tolist(), sales["price"].rank(pct=True).tolist())
#%% runs of the same
s = pd.Series(list("aabbbca"))
print(s.groupby((s != s.shift()).cumsum()).agg(["first", "size"]))
#%% sliding windows of numpy
print(np.lib.stride_tricks.sliding_window_view(np.arange(6), 3).sum(axis=1))
#%% convolve
print(np.convolve([1, 2, 3, 4], [0.25, 0.5, 0.25], mode="valid"))
#%% moving sum by cumsum
c = np.cumsum(np.insert(sales["units"].to_numpy(), 0, 0))
print(c[3:] - c[:-3])
#%% drawdown
s = pd.Series([100, 120, 90, 130, 80.0])
d = s / s.cummax() - 1
print(d.min(), d.idxmin())
value(d)
