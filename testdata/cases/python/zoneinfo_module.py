# stdout: ZoneInfoNotFoundError
import zoneinfo

try:
    zoneinfo.ZoneInfo("Europe/Vienna")
except Exception as error:
    print(type(error).__name__)
