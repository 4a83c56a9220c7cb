#%% describe
print(sales[["units", "price"]].describe())
value(sales[["units", "price"]].describe())
#%% describe texts
print(people.describe(include="object"))
#%% info
people.info(memory_usage=False)
#%% head and tail
print(sales.head(2), sales.tail(2), sep="\n")
#%% whole frame
print(sales)
#%% types
print(sales.dtypes)
#%% value_counts
print(sales["item"].value_counts())
#%% value_counts in parts
print(people["team"].value_counts(normalize=True, dropna=False))
#%% missing
print(people.isna().sum(), people.dropna().shape, people["age"].fillna(people["age"].mean()).tolist())
#%% boolean selection
print(sales[(sales["units"] > 4) & (sales["shop"] != "east")])
#%% query
print(sales.query("units >= 8 and item in ['bolt', 'nut']"))
#%% loc and iloc
print(sales.loc[2:4, ["shop", "units"]], sales.iloc[-1, 1:4].tolist(), sep="\n")
#%% assign
print(sales.assign(total=lambda d: d["units"] * d["price"])[["units", "price", "total"]])
#%% apply by rows
print(sales.apply(lambda r: f"{r['shop']}:{r['units'] * r['price']:.2f}", axis=1).tolist())
#%% where and mask
print(sales["units"].where(sales["units"] > 5, 0).tolist(), sales["units"].mask(sales["units"] > 5).tolist())
#%% np.select
print(np.select([sales["units"] > 8, sales["units"] > 4], ["many", "some"], "few").tolist())
#%% duplicates
print(sales.duplicated("shop").tolist(), sales.drop_duplicates("shop")["item"].tolist())
#%% nlargest
print(sales.nlargest(3, "units")[["shop", "units"]])
#%% rename and drop
print(list(sales.rename(columns={"units": "n"}).drop(columns=["day"]).columns))
#%% astype
print(sales["units"].astype(float).dtype, sales["price"].astype("float32").sum(), sales["item"].astype("category").cat.categories.tolist())
#%% eval
print(sales.eval("units * price").sum())
value(sales.eval("units * price"))
#%% correlation
c = sales[["units", "price"]].corr()
print(c)
value(c)
#%% clip and round
print(sales["price"].clip(0.5, 1.2).round(1).tolist())
#%% cumulative
print(sales["units"].cumsum().tolist(), sales["units"].cummax().tolist(), sales["units"].diff().tolist())
#%% nullable integers
s = pd.Series([1, None, 3], dtype="Int64")
print(s, s.sum(), s.mean())
#%% empty frame
print(pd.DataFrame(), pd.DataFrame(columns=["a"]).empty)
