#%% sum of one column
print(sales.groupby("shop")["units"].sum())
#%% mean of several
print(sales.groupby("shop")[["units", "price"]].mean())
#%% two keys
print(sales.groupby(["shop", "item"])["units"].sum())
#%% unstack
print(sales.groupby(["shop", "item"])["units"].sum().unstack(fill_value=0))
#%% several functions
print(sales.groupby("item")["units"].agg(["min", "max", "mean", "count"]))
#%% named aggregation
print(sales.groupby("item").agg(total=("units", "sum"), dearest=("price", "max"), shops=("shop", "nunique")))
#%% own function
print(sales.groupby("shop")["units"].apply(lambda s: s.max() - s.min()))
#%% transform
sales["share"] = sales["units"] / sales.groupby("shop")["units"].transform("sum")
print(sales[["shop", "units", "share"]])
value(sales["share"])
#%% filter
print(sales.groupby("item").filter(lambda g: g["units"].sum() > 15))
#%% size and order
print(sales.groupby("item").size().sort_values(ascending=False, kind="stable"))
#%% first and last
print(sales.groupby("shop")[["day", "units"]].agg({"day": "first", "units": "last"}))
#%% cumulative
sales["running"] = sales.groupby("shop")["units"].cumsum()
print(sales[["shop", "units", "running"]].to_string(index=False))
#%% rank within
print(sales.assign(rank=sales.groupby("shop")["units"].rank(ascending=False)).sort_values(["shop", "rank"])[["shop", "item", "units", "rank"]])
#%% missing keys
print(people.groupby("team", dropna=False)["age"].mean())
#%% iteration
for shop, part in sales.groupby("shop"):
    print(shop, len(part), part["units"].tolist())
#%% weighted mean
w = sales.groupby("item")[["units", "price"]].apply(lambda g: np.average(g["price"], weights=g["units"]))
print(w.round(4))
value(w)
#%% largest of each
print(sales.loc[sales.groupby("shop")["units"].idxmax(), ["shop", "item", "units"]])
#%% by month
print(sales.groupby(sales["day"].dt.to_period("M"))["units"].sum())
#%% quantiles
q = sales.groupby("shop")["units"].quantile([0.25, 0.5, 0.75])
print(q)
value(q.to_numpy())
#%% bins as keys
print(sales.groupby(pd.cut(sales["units"], [0, 3, 8, 20]), observed=False)["price"].agg(["count", "mean"]))
#%% as_index false
print(sales.groupby(["shop"], as_index=False).agg({"units": "sum", "price": "mean"}))
#%% std and var
g = sales.groupby("shop")["units"].agg(["std", "var", "sem"])
print(g)
value(g)
