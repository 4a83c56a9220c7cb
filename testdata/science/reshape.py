#%% pivot table
print(sales.pivot_table(index="shop", columns="item", values="units", aggfunc="sum"))
#%% pivot table with margins
print(sales.pivot_table(index="shop", columns="item", values="units", aggfunc="sum", fill_value=0, margins=True))
#%% pivot table of several values
print(sales.pivot_table(index="item", values=["units", "price"], aggfunc={"units": "sum", "price": "mean"}))
#%% pivot
d = pd.DataFrame({"d": [1, 1, 2, 2], "k": ["a", "b", "a", "b"], "v": [1, 2, 3, 4]})
print(d.pivot(index="d", columns="k", values="v"))
#%% melt
w = pd.DataFrame({"id": [1, 2], "jan": [3, 4], "feb": [5, 6]})
print(w.melt(id_vars="id", var_name="month", value_name="n"))
#%% stack and unstack
w = pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=["x", "y"])
s = w.stack(future_stack=True)
print(s)
print(s.unstack(0))
#%% crosstab
print(pd.crosstab(sales["shop"], sales["item"]))
#%% crosstab in parts
t = pd.crosstab(sales["shop"], sales["item"], normalize="index")
print(t.round(3))
value(t)
#%% wide to long
w = pd.DataFrame({"id": [1, 2], "x1": [1, 2], "x2": [3, 4]})
print(pd.wide_to_long(w, "x", i="id", j="n").sort_index())
#%% dummies
print(pd.get_dummies(people["team"], dtype=int))
#%% explode
print(pd.DataFrame({"k": ["a", "b"], "v": [[1, 2], [3]]}).explode("v"))
#%% transpose
print(people.head(3).set_index("name").T)
#%% multiindex columns
p = sales.pivot_table(index="shop", columns="item", values=["units"], aggfunc="sum")
p.columns = ["_".join(c) for c in p.columns]
print(p)
#%% reindex
print(pd.Series([1, 2], index=["a", "c"]).reindex(list("abcd"), fill_value=0))
#%% sort by two
print(sales.sort_values(["shop", "units"], ascending=[True, False])[["shop", "units"]].to_string())
#%% cut and value counts
print(pd.cut(sales["units"], bins=[0, 4, 8, 12], labels=["low", "mid", "high"]).value_counts().sort_index())
#%% qcut
print(pd.qcut(sales["units"], 4).value_counts().sort_index())
#%% set and reset index
print(sales.set_index(["shop", "day"]).sort_index().loc["north"].reset_index()[["day", "units"]])
#%% select levels
s = sales.groupby(["shop", "item"])["units"].sum()
print(s.xs("bolt", level="item"))
#%% factorize
codes, names = pd.factorize(sales["item"])
print(codes, list(names))
value(codes)
