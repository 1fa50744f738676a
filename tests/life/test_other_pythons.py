"""mockflux by every other Python on this machine, with and without the global interpreter lock.

One that lacks what setup.cfg asks for gets it in a virtual environment. That takes the network and a while, so the
tests are marked ``other_pythons`` and run where ``MOCKFLUX_TEST_PYTHONS`` is set: to ``1`` for the interpreters on the
path, or to the paths of some, with the separator of PATH between them. One that cannot have such an environment is
skipped with a word why.
"""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mockflux

SOURCE = Path(mockflux.__file__).parent.parent
SWITCH = "MOCKFLUX_TEST_PYTHONS"
NAMES = [f"python3.{minor}{build}" for minor in range(11, 20) for build in ("", "t")]

#: Every edition is written to by several threads at once and looked at, resources are asked for, servers come and go.
SMOKE = """
import http.client, sys, threading, time
import mockflux
from mockflux.profile.load import concrete

def ask(server, method, target, body=None):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    try:
        connection.request(method, target, body, {"Authorization": f"Token {server.token}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()

def together(*calls):
    failed = []
    def guarded(call):
        try:
            call()
        except BaseException as error:
            failed.append(error)
    threads = [threading.Thread(target=guarded, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if failed:
        raise failed[0]

for edition in concrete():
    with mockflux.Server(edition) as server:
        target = f"/api/v2/write?org=my-org&bucket={server.bucket or server.database}"

        def write(n):
            for time_of_point in range(25):
                status = ask(server, "POST", target, b"m,writer=w%d v=%d,s=\\"x\\" %d" % (n, n, time_of_point))
                assert status in (200, 204), status

        def look():
            for _ in range(25):
                server.points(), list(server.journal), server.rejected(), server.env()

        together(*(lambda n=n: write(n) for n in range(4)), look, look)
        server.settle()
        assert len(server.points()) == 100, (edition, len(server.points()))
        assert server.journal.total == 100
        assert ask(server, "POST", target, b"m v=") == 400
        if edition.startswith("v2"):
            assert ask(server, "GET", "/api/v2/buckets") == 200
        server.fail(500)
        assert ask(server, "POST", target, b"m v=1") == 500
        server.reset()
        assert server.points() == []

def live():
    for n in range(20):
        with mockflux.Server("v2-oss", seed=n) as server:
            assert ask(server, "GET", "/ping") == 204

together(live, live, live, live)
assert not [thread for thread in threading.enumerate() if thread.name.startswith("mockflux")]
print(sys.version.split()[0], "without" if not getattr(sys, "_is_gil_enabled", lambda: True)() else "with", "lock")
"""


def found() -> list[str]:
    """The other interpreters to try; none where the switch is not set."""
    wanted = os.environ.get(SWITCH, "")
    if not wanted:
        return []
    named = NAMES if wanted == "1" else wanted.split(os.pathsep)
    paths = filter(None, map(shutil.which, named))
    own = (sys.version_info.minor, "t" in sys.abiflags)
    return [path for path in paths if _kind(path) not in (own, None)]


def _kind(python: str) -> tuple[int, bool] | None:
    """The minor version of an interpreter, and whether it can do without the lock; None if it does not run."""
    code = "import sys; print(sys.version_info.minor, 't' in sys.abiflags)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
        minor, free = done.stdout.split()
    except (OSError, ValueError):  # a launcher for one that is not installed, for example
        return None
    return int(minor), free == "True"


def parameters() -> list[Any]:
    marks = [pytest.mark.other_pythons, pytest.mark.timeout(900)]
    if paths := found():
        return [pytest.param(path, marks=marks, id=Path(path).name) for path in paths]
    told = f"there is no other Python here that runs ({', '.join(NAMES[:4])} ...)"
    reason = told if os.environ.get(SWITCH) else f"other Pythons are tried where {SWITCH} is set"
    return [pytest.param("", marks=[*marks, pytest.mark.skip(reason=reason)], id="none")]


def _requirements() -> list[str]:
    parsed = configparser.ConfigParser()
    parsed.read(SOURCE / "setup.cfg", encoding="utf-8")
    return parsed["options"]["install_requires"].split()


@pytest.mark.parametrize("python", parameters())
def test_a_smoke_of_all_editions(python: str, tmp_path: Path) -> None:
    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=600, cwd=tmp_path
        )

    own = python
    if run(python, "-c", "import click, flask, httptools").returncode:
        made = run(python, "-m", "venv", str(tmp_path / "env"))
        if made.returncode:
            pytest.skip(f"{python} makes no virtual environment: {(made.stderr or made.stdout).strip()[-200:]}")
        own = str(tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python")
        got = run(own, "-m", "pip", "install", "-q", *_requirements())
        if got.returncode:
            pytest.skip(f"{python} gets no {', '.join(_requirements())}: {got.stderr.strip()[-200:]}")
    # With PYTHON_GIL=0 a module that asks for the lock, as httptools may, does not get it.
    free = (_kind(own) or (0, False))[1]
    done = run(own, "-W", "error", "-c", SMOKE, PYTHONPATH=str(SOURCE), **({"PYTHON_GIL": "0"} if free else {}))
    assert not done.stderr, done.stderr
    assert done.returncode == 0
    assert done.stdout.split()[1] == ("without" if free else "with")
