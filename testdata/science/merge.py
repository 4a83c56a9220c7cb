#%% inner
towns = pd.DataFrame({"city": ["Rome", "Oslo", "Lima"], "country": ["IT", "NO", "PE"]})
print(people.merge(towns, on="city"))
#%% left
towns = pd.DataFrame({"city": ["Rome", "Oslo", "Lima"], "country": ["IT", "NO", "PE"]})
print(people.merge(towns, on="city", how="left"))
#%% outer with indicator
towns = pd.DataFrame({"city": ["Rome", "Oslo", "Lima"], "country": ["IT", "NO", "PE"]})
print(people.merge(towns, on="city", how="outer", indicator=True)[["name", "city", "country", "_merge"]])
#%% other names of keys
t = pd.DataFrame({"place": ["Rome", "Bern"], "size": [3, 1]})
print(people.merge(t, left_on="city", right_on="place").drop(columns="place"))
#%% several keys
p = pd.DataFrame({"shop": ["north", "south"], "item": ["bolt", "nut"], "goal": [20, 5]})
print(sales.merge(p, on=["shop", "item"])[["shop", "item", "units", "goal"]])
#%% suffixes
x = pd.DataFrame({"k": [1, 2], "v": [1.5, 2.5]})
print(x.merge(x.assign(v=x["v"] * 2), on="k", suffixes=("_old", "_new")))
#%% many to many
l = pd.DataFrame({"k": ["a", "a", "b"], "l": [1, 2, 3]})
r = pd.DataFrame({"k": ["a", "a", "c"], "r": [4, 5, 6]})
print(l.merge(r, on="k"))
#%% validate
l = pd.DataFrame({"k": ["a", "a"], "l": [1, 2]})
try:
    l.merge(l, on="k", validate="one_to_one")
except pd.errors.MergeError as e:
    print("refused:", str(e)[:60])
#%% cross
print(pd.DataFrame({"x": [1, 2]}).merge(pd.DataFrame({"y": ["a", "b"]}), how="cross"))
#%% join on index
ages = people.set_index("name")["age"]
print(pd.DataFrame({"score": [7, 9]}, index=["Ann", "Eve"]).join(ages))
#%% asof
quotes = pd.DataFrame({"t": pd.to_datetime(["2024-01-01 10:00", "2024-01-01 10:05", "2024-01-01 10:09"]), "bid": [1.0, 1.1, 1.2]})
trades = pd.DataFrame({"t": pd.to_datetime(["2024-01-01 10:04", "2024-01-01 10:10"]), "n": [5, 6]})
print(pd.merge_asof(trades, quotes, on="t"))
#%% concat rows
print(pd.concat([people.head(2), people.tail(1)], ignore_index=True))
#%% concat with keys
print(pd.concat({"a": sales["units"].head(2), "b": sales["price"].tail(2)}))
#%% concat columns
print(pd.concat([people["name"], pd.Series(range(6), name="n")], axis=1))
#%% concat with other columns
print(pd.concat([pd.DataFrame({"x": [1]}), pd.DataFrame({"y": [2]})], sort=False))
#%% combine first
s = pd.Series([1, np.nan, 3], index=list("abc"))
print(s.combine_first(pd.Series([9, 9, 9, 9], index=list("abcd"))))
#%% update
d = pd.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
d.update(pd.DataFrame({"b": [np.nan, 40.0]}))
print(d)
#%% isin as a semi join
print(people[people["city"].isin(["Rome", "Kyiv"])]["name"].tolist())
value(people["city"].isin(["Rome"]))
#%% map
print(people.assign(code=people["city"].map({"Rome": "R", "Oslo": "O"}).fillna("?"))[["name", "code"]])
#%% compare
d = pd.DataFrame({"a": [1, 2, 3]})
print(d.compare(pd.DataFrame({"a": [1, 5, 3]})))
