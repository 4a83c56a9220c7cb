# stdout: 2026-03-29 01:30:00+01:00 2026-03-29 03:30:00+02:00
# stdout: 2026-07-04 08:00:00-04:00 EDT -1 day, 20:00:00
# stdout: True 2026-01-01 05:45:00+05:45
# stdout: ZoneInfoNotFoundError 'No time zone found with key Mars/Olympus'
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

vienna = ZoneInfo("Europe/Vienna")
before = datetime(2026, 3, 29, 1, 30, tzinfo=vienna)
print(before, (before.astimezone(timezone.utc) + timedelta(hours=1)).astimezone(vienna))
noon = datetime(2026, 7, 4, 12, tzinfo=timezone.utc).astimezone(ZoneInfo("America/New_York"))
print(noon, noon.tzname(), noon.utcoffset())
print(len(available_timezones()) > 500 and "Asia/Tokyo" in available_timezones(), datetime(2026, 1, 1, tzinfo=timezone.utc).astimezone(ZoneInfo("Asia/Kathmandu")))
try:
    ZoneInfo("Mars/Olympus")
except Exception as e:
    print(type(e).__name__, e)
