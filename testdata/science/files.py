#%% read_csv
print(pd.read_csv(io.StringIO("a,b,c\n1,2.5,x\n3,,y\n")))
#%% types of read_csv
print(pd.read_csv(io.StringIO("id,when,ok\n001,2024-01-02,True\n002,2024-02-03,False\n"), dtype={"id": str}, parse_dates=["when"]).dtypes)
#%% semicolons and commas
print(pd.read_csv(io.StringIO("x;y\n1,5;2\n3,25;4\n"), sep=";", decimal=","))
#%% comments and skipped rows
print(pd.read_csv(io.StringIO("title\n\n# note\na b\n1 2\n"), comment="#", skiprows=1, sep=r"\s+"))
#%% quotes
print(pd.read_csv(io.StringIO('n,t\n1,"a, ""b"""\n2,"line\nbreak"\n')).to_dict("records"))
#%% missing values
print(pd.read_csv(io.StringIO("a,b\nNA,1\n-,2\n3,n/a\n"), na_values=["-"]).isna().sum())
#%% in pieces
print([len(c) for c in pd.read_csv(io.StringIO("a\n" + "\n".join(map(str, range(10)))), chunksize=4)])
#%% to_csv
print(sales.head(3).to_csv(index=False), end="")
#%% to_csv with a format
print(people.to_csv(sep="\t", float_format="%.1f", na_rep="-"), end="")
#%% through a file
sales.to_csv("sales.csv", index=False)
back = pd.read_csv("sales.csv", parse_dates=["day"])
print(back.equals(sales), open("sales.csv").read().count("\n"))
#%% read_json
print(pd.read_json(io.StringIO('[{"a": 1, "b": "x"}, {"a": 2, "b": null}]')))
#%% to_json
print(people.head(2).to_json(orient="records"))
#%% to_json split
print(sales.head(2)[["shop", "units"]].to_json(orient="split"))
#%% json lines
print(pd.read_json(io.StringIO('{"a": 1}\n{"a": 3}\n'), lines=True)["a"].sum())
#%% json_normalize
print(pd.json_normalize([{"id": 1, "at": {"x": 2, "y": 3}}, {"id": 2, "at": {"x": 4}}]))
#%% nested records
d = [{"k": "a", "rows": [{"v": 1}, {"v": 2}]}, {"k": "b", "rows": [{"v": 3}]}]
print(pd.json_normalize(d, "rows", ["k"]))
#%% from dicts
print(pd.DataFrame.from_dict({"r1": [1, 2], "r2": [3, 4]}, orient="index", columns=["a", "b"]))
#%% to_dict
print(people.set_index("name")["city"].to_dict())
#%% fixed width
print(pd.read_fwf(io.StringIO("ab  cd\n1   22\n33  4\n")))
#%% to_string
print(people.to_string(index=False, na_rep="?", float_format=lambda v: f"{v:.0f}"))
#%% html
print(people.head(1)[["name", "age"]].to_html(index=False))
#%% numpy text files
np.savetxt("m.txt", m, fmt="%.2f")
print(open("m.txt").read(), np.loadtxt("m.txt").sum())
#%% npy
b = io.BytesIO()
np.save(b, a)
b.seek(0)
print(np.load(b).shape, len(b.getvalue()))
#%% npy in a file
np.save("a.npy", a)
print(np.load("a.npy").sum(), np.load("a.npy", mmap_mode=None)[1])
#%% several arrays in a file
np.savez("both.npz", a=a, m=m)
with np.load("both.npz") as both:
    print(sorted(both.files), both["m"].sum())
#%% frombuffer
print(np.frombuffer(b"\x01\x00\x02\x00\x03\x00", dtype="<i2", count=2, offset=2))
#%% genfromtxt
print(np.genfromtxt(io.StringIO("a,b\n1,2\n3,\n"), delimiter=",", names=True)["b"])
#%% raw file
a.tofile("raw.bin")
print(np.fromfile("raw.bin", dtype=a.dtype).reshape(3, 4).sum())
#%% pickle
import pickle
print(pickle.loads(pickle.dumps(people)).equals(people))
