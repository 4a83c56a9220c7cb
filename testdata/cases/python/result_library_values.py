# result: [{"$type": "decimal", "value": "1.10"}, {"$type": "fraction", "value": "1/3"}, {"$type": "datetime", "value": "2024-02-29T12:30:00"}, {"$type": "date", "value": "2024-02-29"}, {"$type": "time", "value": "12:30:00"}, {"$type": "timedelta", "seconds": 90061.5}]
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

[Decimal("1.10"), Fraction(2, 6), datetime(2024, 2, 29, 12, 30), date(2024, 2, 29), time(12, 30), timedelta(1, 3661, 500000)]
