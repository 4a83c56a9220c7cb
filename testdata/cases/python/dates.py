# stdout: 2024-03-01 Thursday 29 2024-02-29 00:00:00+00:00
from datetime import date, datetime, timedelta, timezone

print(date(2024, 2, 29) + timedelta(days=1), date(2024, 2, 29).strftime("%A"), datetime.strptime("29/02/2024", "%d/%m/%Y").day, datetime(2024, 2, 29, tzinfo=timezone.utc))
