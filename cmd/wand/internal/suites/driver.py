"""Runs files of numpy's or pandas' own tests with pytest, inside the sandbox. The first turn of a session defines this; each file is a turn of a fork of it.

What happens is told on standard error, one JSON object a line behind a record separator, as it happens: of a run that a trap ends, the rest is known.
"""

import importlib
import io
import json
import os
import sys
import time

ROOT = "/suite"


def adopt(suite):
    """Makes the tests importable under their own names: they are beside the packages, in a folder of their own."""
    for folder, folders, files in os.walk(f"{ROOT}/{suite}"):
        folders[:] = sorted(f for f in folders if f != "tests")
        name = folder[len(ROOT) + 1 :].replace("/", ".")
        try:
            importlib.import_module(name).__path__.insert(0, folder)
        except ImportError:
            pass  # this guest has no such package; its tests say so
    if suite == "numpy":
        # One file of these tests is in the guest, because numpy.testing wants it.
        import numpy._core.tests

        numpy._core.tests.__path__.insert(0, f"{ROOT}/numpy/_core/tests")
    importlib.import_module(suite + ".conftest")


def tell(**event):
    os.write(2, ("\x1e" + json.dumps(event) + "\n").encode())


class Reporter:
    """The pytest plugin that tells what happens."""

    def __init__(self, seen, seconds):
        self.seen = seen
        self.until = time.monotonic() + seconds

    def pytest_addoption(self, parser):
        # pandas' tests look at this one of the cache provider's, which wants a folder that stays.
        parser.addoption("--lf", action="store_true", dest="lf")

    def pytest_collection_modifyitems(self, items):
        items[:] = [i for i in items if i.nodeid not in self.seen]

    def pytest_deselected(self, items):
        if not self.seen:
            tell(event="deselected", count=len(items))

    def pytest_collectreport(self, report):
        if report.failed:
            tell(event="uncollected", id=report.nodeid, text=str(report.longrepr)[-1000:])
        elif report.skipped:
            tell(event="skipped", id=report.nodeid, text=reason(report))

    def pytest_runtest_logstart(self, nodeid):
        tell(event="start", id=nodeid)

    def pytest_runtest_logreport(self, report):
        if report.passed and report.when != "call":
            return
        if report.skipped and hasattr(report, "wasxfail"):
            tell(event="outcome", outcome="xfailed", when=report.when, text=str(report.wasxfail)[:300])
        else:
            tell(event="outcome", outcome=report.outcome, when=report.when, text="" if report.passed else reason(report))

    def pytest_runtest_logfinish(self, nodeid):
        tell(event="finish", id=nodeid)
        if time.monotonic() > self.until:
            tell(event="more")
            import pytest

            pytest.exit("the rest is for another fork", 0)


def reason(report):
    """Why a test failed or was left out, in a line or a few."""
    what = report.longrepr
    if isinstance(what, tuple):
        return str(what[2])[:300]
    crash = getattr(what, "reprcrash", None)
    if crash is None:
        return str(what)[-1000:]
    path = crash.path[crash.path.find(ROOT) + len(ROOT) + 1 :] if ROOT in crash.path else crash.path
    return f"{path}:{crash.lineno}: {crash.message}"[:1500]


def run(file, options, seen, seconds):
    """Runs the tests of one file but those in seen; after so many seconds it stops between two tests."""
    import pytest

    # pytest writes its own report too; nobody reads it unless it could not start.
    text, stdout = io.StringIO(), sys.stdout
    sys.stdout = text
    try:
        code = pytest.main(
            # What needs threads, signals or descriptors that a guest has not got; and what costs time and changes no outcome.
            ["-p", "no:cacheprovider", "-p", "no:logging", "-p", "no:faulthandler", "-s", "-qq", "--assert=plain", "--tb=short",
             "--import-mode=importlib", f"--rootdir={ROOT}", *options, f"{ROOT}/{file}"],
            plugins=[Reporter(set(seen), seconds)],
        )
    finally:
        sys.stdout = stdout
    tell(event="done", code=int(code), text=text.getvalue()[-2000:] if code not in (0, 1, 5) else "")


def warm():
    """Loads what every file wants."""
    import hypothesis.extra.numpy  # noqa: F401
    import hypothesis.strategies  # noqa: F401
    import _pytest.config
    import _pytest.tmpdir

    _pytest.config.get_config()
    # Users do not exist here, and pytest asks for one only to check whose its folder of temporary files is.
    _pytest.tmpdir.get_user_id = lambda: None


os.environ.update(INPUT["env"] or {})
warm()
adopt(INPUT["suite"])
