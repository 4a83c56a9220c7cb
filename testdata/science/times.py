#%% resample by week
print(sales.set_index("day")["units"].resample("W").sum())
#%% resample by month
print(sales.set_index("day").resample("MS")[["units", "price"]].agg({"units": "sum", "price": "mean"}))
#%% upsample and fill
print(sales.groupby("day")["units"].sum().resample("D").sum().head(9))
#%% ffill
s = pd.Series([1.0, 2.0], index=pd.to_datetime(["2024-01-01", "2024-01-04"]))
print(s.resample("D").ffill())
#%% interpolate
s = pd.Series([1.0, 4.0], index=pd.to_datetime(["2024-01-01", "2024-01-04"])).resample("D").interpolate()
print(s)
value(s)
#%% rolling by days
r = sales.set_index("day")["units"].rolling("3D").sum()
print(r)
value(r.to_numpy())
#%% date range
print(pd.date_range("2024-02-27", periods=4, freq="D"))
#%% business days
print(pd.bdate_range("2024-03-28", "2024-04-03").strftime("%a %d").tolist())
#%% parts of dates
print(pd.DataFrame({"y": sales["day"].dt.year, "m": sales["day"].dt.month, "w": sales["day"].dt.isocalendar().week, "n": sales["day"].dt.day_name()}).tail(4))
#%% differences
print(sales["day"].diff().dt.days.tolist())
print((sales["day"].max() - sales["day"].min()))
#%% timedeltas
print(pd.to_timedelta(["1h", "90min", "2 days"]).sum())
#%% to_datetime with a format
print(pd.to_datetime(pd.Series(["31.12.2023", "01.02.2024"]), format="%d.%m.%Y"))
#%% to_datetime that fails
print(pd.to_datetime(pd.Series(["2024-01-01", "never"]), errors="coerce"))
#%% periods
p = pd.period_range("2024-01", periods=3, freq="M")
print(p.to_timestamp("s"), p[0].end_time)
#%% shift and change
s = sales.groupby("day")["units"].sum()
print(s.pct_change().round(3))
value(s.shift(1).to_numpy())
#%% time zone
t = pd.Timestamp("2024-03-31 12:00", tz="UTC")
print(t.tz_convert("Europe/Berlin"), t.tz_convert("America/New_York").isoformat())
#%% truncate and floor
t = pd.to_datetime(pd.Series(["2024-01-01 10:34:56", "2024-01-01 23:59:59"]))
print(t.dt.floor("h"), t.dt.round("D"))
#%% offsets
print(pd.Timestamp("2024-01-31") + pd.DateOffset(months=1), pd.Timestamp("2024-01-31") + pd.offsets.MonthEnd(1))
#%% between
print(sales[sales["day"].between("2024-01-02", "2024-01-31")]["units"].sum())
#%% slice by label
print(sales.set_index("day").loc["2024-01", "units"].tolist())
#%% ohlc
s = pd.Series([1.0, 3.0, 2.0, 5.0], index=pd.date_range("2024-01-01", periods=4, freq="6h"))
print(s.resample("12h").ohlc())
#%% age in years
born = pd.to_datetime(pd.Series(["1990-05-17", "2001-12-31"]))
print(((pd.Timestamp("2024-06-01") - born).dt.days // 365.25).astype(int).tolist())
