#%% case and length
print(people["name"].str.upper().tolist(), people["city"].str.len().tolist())
#%% contains
print(people[people["city"].str.contains("o", case=False)])
#%% missing texts
print(people["team"].str.title().tolist(), people["team"].str.contains("e", na=False).tolist())
#%% replace
print(pd.Series(["1,200", "35", "7,000"]).str.replace(",", "").astype(int).sum())
#%% replace by a pattern
print(pd.Series(["a1b22", "c333"]).str.replace(r"\d+", lambda m: f"<{len(m.group())}>", regex=True).tolist())
#%% extract
print(pd.Series(["x=1;y=2", "x=30;y=4"]).str.extract(r"x=(?P<x>\d+);y=(?P<y>\d+)").astype(int))
#%% extractall
print(pd.Series(["a1b2", "c3"]).str.extractall(r"([a-z])(\d)"))
#%% split and expand
print(pd.Series(["Ann Lee", "Bob de Wit"]).str.split(" ", n=1, expand=True))
#%% get and slice
print(pd.Series(["2024-01-05", "2023-12-31"]).str.slice(5, 7).tolist(), pd.Series(["a-b", "c-d"]).str.split("-").str[1].tolist())
#%% pad and strip
print(pd.Series(["7", " 42 "]).str.strip().str.zfill(4).tolist())
#%% startswith
print(people["name"].str.startswith(("A", "E")).tolist())
#%% cat
print(people["name"].str.cat(people["city"], sep="@").tolist())
#%% join of a group
print(people.groupby("city")["name"].agg(", ".join))
#%% count and find
print(pd.Series(["banana", "cat"]).str.count("a").tolist(), pd.Series(["banana", "cat"]).str.find("a").tolist())
#%% dummies from lists
print(pd.Series(["a|b", "b", "c|a"]).str.get_dummies())
#%% other alphabets
s = pd.Series(["Äpfel", "żółw", "日本語"])
print(s.str.lower().tolist(), s.str.len().tolist(), s.str.normalize("NFD").str.len().tolist())
#%% wide characters in a frame
print(pd.DataFrame({"k": ["日本", "é"], "v": [1, 2]}))
#%% string dtype
s = pd.Series(["a", None, "c"], dtype="string")
print(s, s.str.upper().isna().tolist())
#%% words
t = "the cat and the dog and the bird"
print(pd.Series(t.split()).value_counts().sort_index().to_dict())
#%% numpy strings
print(np.char.upper(np.array(["ab", "cd"])), np.char.add(["a", "b"], "x"), np.strings.str_len(np.array(["a", "bcd"])))
#%% comparison
print((pd.Series(["b", "a"]) > "a").tolist(), sorted(people["city"].unique()))
#%% wrap and repeat
print(pd.Series(["ab", "c"]).str.repeat([2, 3]).tolist(), pd.Series(["one two three"]).str.wrap(8).tolist())
