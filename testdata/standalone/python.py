"""Many small programs in one, by name: what a built file does is compared with what wand run does."""

import collections
import csv
import dataclasses
import datetime
import json
import re
import sys


@dataclasses.dataclass(order=True)
class Item:
    name: str
    price: float = 0.5


def values():
    print(json.dumps({"b": [1, 2.5, None], "a": "ü"}, sort_keys=True), json.loads('{"x": 1e3}'))
    print(re.sub(r"(\w+)@(\w+)", r"\2 at \1", "me@home"), re.findall(r"\d+", "a1b22"))
    print(datetime.date(2024, 2, 29) + datetime.timedelta(days=366), datetime.datetime.strptime("2024-01-02", "%Y-%m-%d").isoformat())
    print(collections.Counter("mississippi").most_common(2), sorted([Item("b"), Item("a", 2)]))
    print(f"{12345.678:,.2f} {255:#x} {'x':>5}|", 2**100, hash("text") == hash("te" + "xt"))


def arguments():
    print(sys.argv[1:], len(sys.argv))


def standard_input():
    total = sum(float(row["price"]) for row in csv.DictReader(sys.stdin))
    print("total", total)


def later():
    """Modules that are imported when they are used, and their own later imports."""
    import sqlite3
    import unittest.mock
    import xml.etree.ElementTree as tree
    from email.message import EmailMessage

    print(tree.tostring(tree.fromstring("<a><b c='1'/></a>")).decode())
    with sqlite3.connect(":memory:") as db:
        db.execute("create table t (x)")
        db.executemany("insert into t values (?)", [(1,), (2,)])
        print(db.execute("select sum(x) from t").fetchone(), list(db.iterdump())[1])
    print(unittest.mock.Mock(return_value=3)(), EmailMessage()["subject"])
    print("é".encode("cp1252"), "x".encode("utf-16-le"), b"\xa4".decode("iso8859-15"))


def left_out():
    name = "wsgiref"
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print("wsgiref:", error)


def absent():
    try:
        import no_such_module
    except ModuleNotFoundError as error:
        print(type(error).__name__, error.name)


def tools():
    import tools

    try:
        print(tools.kv.get(key="a"))
    except Exception as error:
        print(type(error).__mro__[-3].__name__, str(error).partition(":")[0])


def uncaught():
    def inner(n):
        return [1, 2, 3][n]

    inner(7)


def in_library():
    json.loads("{nonsense}")


def chained():
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError("no key") from error


def exit_code():
    print("leaving")
    sys.exit(3)


def exit_message():
    sys.exit("that was wrong")


def much():
    for i in range(20000):
        print("line", i, "of output")


def at_the_end():
    import atexit

    class Loud:
        def __del__(self):
            print("destroyed")

    global kept
    kept = Loud()
    atexit.register(print, "at exit")
    print("to stderr", file=sys.stderr)


def tasks():
    import asyncio

    async def one(n):
        await asyncio.sleep(0.001 * n)
        return n * n

    async def all_of_them():
        return await asyncio.gather(*map(one, range(5)))

    print(asyncio.run(all_of_them()))


def fresh():
    """What must not be the snapshot's: for the test to compare two runs."""
    import os
    import random
    import time
    import uuid

    print(random.random(), uuid.uuid4(), os.urandom(4).hex(), time.time() > 1.75e9)


def environment():
    import os

    print(os.environ.get("GREETING"), os.getcwd())


def files():
    with open("note.txt", "w") as file:
        file.write("kept\n")
    with open("/note.txt") as file:
        print(file.read().strip())


def zones():
    from datetime import datetime, timezone
    from zoneinfo import ZoneInfo, available_timezones

    print(datetime(2026, 7, 4, 12, tzinfo=timezone.utc).astimezone(ZoneInfo("America/Argentina/Buenos_Aires")), len(available_timezones()) > 500)


def no_files():
    try:
        open("absent.txt")
    except OSError as error:
        print(type(error).__name__)


def deep():
    def down(n):
        return 0 if n == 0 else 1 + down(n - 1)

    print(down(900))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
