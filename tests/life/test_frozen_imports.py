"""mockflux imported for the first time while freezegun or time-machine makes time stand: it keeps none of it."""

from __future__ import annotations

import pytest

#: Looks for what of freezegun is left in mockflux's modules, classes, defaults and collections.
LOOK = '''
import importlib, pkgutil, urllib.error, urllib.request
import freezegun.api

NS = 1935817689 * 10**9  # 2031-05-06T07:08:09Z


def fakes_in(value, seen, depth=0):
    """Paths to what is freezegun's within a value."""
    if id(value) in seen or depth > 6:
        return
    seen.add(id(value))
    if (getattr(value, "__module__", None) or type(value).__module__ or "").startswith("freezegun") or (
        type(value).__module__.startswith("freezegun")
    ):
        yield ""
        return
    inside = []
    if isinstance(value, dict):
        inside = [(f"[{key!r}]", entry) for key, entry in list(value.items())] + [("(key)", key) for key in list(value)]
    elif isinstance(value, (tuple, list, set, frozenset)):
        inside = [("[]", entry) for entry in value]
    elif isinstance(value, type):
        inside = [(f".{name}", entry) for name, entry in list(vars(value).items())] if of_ours(value) else []
    elif callable(value) and of_ours(value):
        names = ("__defaults__", "__kwdefaults__", "__wrapped__")
        inside = [(f".{name}", getattr(value, name, None)) for name in names]
        inside += [("(closure)", cell.cell_contents) for cell in getattr(value, "__closure__", None) or ()]
    elif type(value).__module__.startswith("mockflux"):
        inside = [(f".{name}", entry) for name, entry in list(getattr(value, "__dict__", {}).items())]
    for place, entry in inside:
        for path in fakes_in(entry, seen, depth + 1):
            yield place + path


def of_ours(value):
    return (getattr(value, "__module__", None) or "").startswith("mockflux")


def left_over():
    found, seen = [], set()
    for name, module in sorted(sys.modules.items()):
        if name.startswith("mockflux"):
            found += [f"{name}.{key}{path}" for key, value in list(vars(module).items()) if not key.startswith("__")
                      for path in fakes_in(value, seen)]
    return found


def use(edition):
    """A write, a look-up through Flask, and a look; with a server of this edition."""
    with mockflux.Server(edition) as server:
        for path, body in (("/api/v2/write?org=my-org&bucket=" + (server.bucket or server.database), b"m v=1"),
                           ("/api/v2/buckets", None), ("/health", None)):
            request = urllib.request.Request(server.url + path, body, {"Authorization": f"Token {server.token}"})
            try:
                urllib.request.urlopen(request, timeout=20).close()
            except urllib.error.HTTPError as error:
                error.close()
        server.settle()
        [point] = server.points()
        date = next(value for name, value in server.journal[0].reply.headers if name.lower() == "date")
        return point.time, server.clock.now(), date, type(server.clock.datetime()).__module__


def near(ns):
    """Whether that is about now."""
    return abs(ns - time.time_ns()) < 60 * 10**9


def everything():
    for module in pkgutil.walk_packages(mockflux.__path__, "mockflux."):
        if not module.name.endswith(("__main__", ".strategies")):  # Hypothesis keeps freezegun's datetimes itself
            importlib.import_module(module.name)
'''

#: What a use tells while time stands.
FROZEN = "(1935817689000000000, 1935817689000000000, 'Tue, 06 May 2031 07:08:09 GMT')"


@pytest.mark.parametrize("also", ["", "everything()"], ids=["what is used", "every module"])
def test_with_freezegun(program, also):
    ended = program(
        f"""{LOOK}
from datetime import UTC, datetime
editions = ("v2-oss", "v2-cloud", "v3-core")
with freezegun.freeze_time("2031-05-06 07:08:09"):
    {also or "pass"}
    for edition in editions:
        print(use(edition)[:3])
print(left_over())
for edition in editions:
    time_of_point, now, date, kind = use(edition)
    set_by_hand = mockflux.Server(edition, clock=datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)).clock.now()
    print(near(time_of_point), near(now), "2031" in date, kind, set_by_hand == NS)
""",
        options=("-W", "ignore"),
    )
    assert ended.code == 0
    assert ended.printed.splitlines() == [FROZEN] * 3 + ["[]"] + ["True True False datetime True"] * 3


def test_the_search_finds_what_is_kept(program):
    """It would be of no use if it did not."""
    ended = program(
        f"""{LOOK}
import datetime, types
planted = types.ModuleType("mockflux.planted")
sys.modules["mockflux.planted"] = planted
with freezegun.freeze_time("2031-05-06 07:08:09"):
    planted.EPOCH = datetime.datetime(1970, 1, 1)
    planted.BY_NAME = {{"a": [time.monotonic]}}

    def default(at=datetime.datetime(1970, 1, 1), *, now=time.time):
        pass

    default.__module__ = "mockflux.planted"
    planted.default = default
    planted.Kind = type("Kind", (), {{"start": datetime.date(1970, 1, 1), "__module__": "mockflux.planted"}})
print(*left_over(), sep="\\n")
""",
        options=("-W", "ignore"),
    )
    assert ended.code == 0
    assert ended.printed.splitlines() == [
        "mockflux.planted.EPOCH",
        "mockflux.planted.BY_NAME['a'][]",
        "mockflux.planted.default.__defaults__[]",
        "mockflux.planted.default.__kwdefaults__['now']",
        "mockflux.planted.Kind.start",
    ]


def test_with_time_machine(program):
    ended = program(
        f"""{LOOK}
import time_machine
with time_machine.travel("2031-05-06T07:08:09+00:00", tick=False):
    for edition in ("v2-oss", "v2-cloud", "v3-core"):
        print(use(edition)[:3])
print(near(use("v2-oss")[1]))
""",
        options=("-W", "ignore"),
    )
    assert ended.code == 0
    assert ended.printed.splitlines() == [FROZEN] * 3 + ["True"]
