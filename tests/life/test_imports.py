"""Nothing heavy is imported before it is needed, and nothing at all while a server answers a first write."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from mockflux.profile.load import concrete

#: What costs a test run noticeable time to import, or changes how a program behaves.
HEAVY = {
    "_pytest", "aiohttp", "asyncio", "click", "concurrent", "cryptography", "email", "flask", "freezegun", "html",
    "http", "hypothesis", "influxdb", "influxdb_client", "jinja2", "logging", "markupsafe", "multiprocessing", "numpy",
    "pandas", "pytest", "requests", "sqlite3", "ssl", "subprocess", "trustme", "unittest", "urllib.request", "urllib3",
    "werkzeug",
}  # fmt: skip

TELL = '''
import json, socket, sys

def ask(server, method, target, body=b""):
    """A request with nothing but a socket; the status."""
    with socket.create_connection((server.host, server.port), timeout=20) as client:
        client.sendall(b"%s %s HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Token my-token\\r\\n" % (method, target))
        client.sendall(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
        return int(client.recv(1000).split()[1])

steps = []
socket.getaddrinfo("127.0.0.1", 80)  # imports encodings for names of hosts, as any client does

def step(name):
    steps.append((name, sorted(sys.modules)))

step("before")
import mockflux
step("import mockflux")
'''


@pytest.fixture
def steps(program):
    """What each step of a program imports that none before has imported."""

    def run(source: str) -> dict[str, set[str]]:
        # conftest.py's beginning imports a lot itself, so the program runs another
        inner = TELL + source + "\nprint(json.dumps(steps))\n"
        outer = f"import subprocess\nsubprocess.run([sys.executable, '-c', {inner!r}], check=True)"
        ended = program(outer)
        assert ended.code == 0
        return {name: set(after) - set(before) for (_, before), (name, after) in pairwise(json.loads(ended.printed))}

    return run


def test_the_package_is_next_to_nothing(steps):
    told = steps("")
    assert {name for name in told["import mockflux"] if name.startswith("mockflux")} == {
        "mockflux", "mockflux._version",
    }  # fmt: skip
    assert not told["import mockflux"] & HEAVY


@pytest.mark.parametrize("edition", concrete())
def test_no_edition_needs_flask_for_writes_and_probes(steps, edition):
    told = steps(
        f"""
from mockflux import Server
step("Server")
server = Server({edition!r})
step("make")
server.start()
step("start")
target = b"/api/v2/write?org=my-org&bucket=my-bucket" if server.bucket else b"/api/v2/write?bucket=my-database"
target = target if "v2-write" in server.profile.doors else b"/write?db=mydb"
assert ask(server, b"POST", target.replace(b"my-database", (server.database or "").encode()), b"m v=1 1") < 300
assert ask(server, b"POST", target, b"m v= 1") in (400, 422)
assert ask(server, b"POST", b"/write?db=my-bucket", b"m v=1 2") < 500
step("write")
ask(server, b"GET", b"/ping")
ask(server, b"GET", b"/health")
step("probe")
server.points(), server.rejected(), list(server.journal), server.env()
step("look")
server.stop()
step("stop")
"""
    )
    for name, loaded in told.items():
        assert not loaded & HEAVY, name
    # An import in a server's thread can be cut off by the end of the interpreter, which then hangs.
    assert told["write"] | told["probe"] <= {"encodings.latin_1"}, told
    assert told["stop"] == set()


def test_resources_come_with_flask_when_they_are_asked_for(steps):
    told = steps(
        """
server = mockflux.Server().start()
step("start")
assert ask(server, b"GET", b"/api/v2/buckets") == 200
step("resources")
server.stop()
"""
    )
    assert "flask" in told["resources"]
    assert "flask" not in told["start"]


def test_profiles_are_read_once(program):
    """A second server of an edition reads no file of a profile again."""
    ended = program(
        """
import pathlib, tomllib
first = mockflux.Server("v2-oss")

def refuse(*arguments, **options):
    raise AssertionError("read again")

tomllib.loads = pathlib.Path.read_text = pathlib.Path.read_bytes = refuse
second = mockflux.Server("v2-oss")
third = mockflux.Server("v2-oss", token="other")
second.reset()
print(second.profile is first.profile, third.profile is first.profile)
"""
    )
    assert ended == (0, "True True\n")
