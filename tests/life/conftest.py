"""Python programs in processes of their own, that must come to an end by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mockflux

#: The folder that holds the package, installed or not.
SOURCE = Path(mockflux.__file__).parent.parent
DEADLINE = 60.0  # seconds after which something counts as hanging

#: What programs are begun with.
BEGINNING = '''
import os, socket, sys, threading, time
import http.client
import mockflux

WRITE = "/api/v2/write?org=my-org&bucket=my-bucket"
LOGIN = {"Authorization": "Token my-token"}


def write(host, port, body=b"m v=1 1"):
    """The status of a write on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request("POST", WRITE, body, LOGIN)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def refused(host, port):
    """Whether nobody listens there."""
    try:
        socket.create_connection((host, port), timeout=20).close()
    except ConnectionRefusedError:
        return True
    return False


def in_every_state(server):
    """Connections that are idle, within a head, within a body, within a chunk, at odds with the server."""
    connections = []
    for sent in (
        b"",
        b"GET /pi",
        b"POST /write HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 100\\r\\n\\r\\nhalf a bo",
        b"POST /write HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhe",
        b"GET /a b\\r\\n\\r\\n",
    ):
        connections.append(socket.create_connection((server.host, server.port), timeout=20))
        connections[-1].sendall(sent)
    return connections
'''


class Ended(NamedTuple):
    """How a program ended: its exit code, and all that it printed."""

    code: int
    printed: str


Program = Callable[..., Ended]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a program to its end. Fails if it hangs, or says anything on stderr; code and output are the test's."""

    def run(source: str, *, options: tuple[str, ...] = ()) -> Ended:
        file = tmp_path / "program.py"  # a file: multiprocessing has to find it again
        file.write_text(f"{BEGINNING}\n{textwrap.dedent(source)}", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, *options, str(file)],
            env={**os.environ, "PYTHONPATH": str(SOURCE)}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=DEADLINE,
        )  # fmt: skip
        assert not done.stderr, done.stderr
        return Ended(done.returncode, done.stdout)

    return run


@pytest.fixture
def only_threads_of_before() -> Iterator[None]:
    """No thread of mockflux is left when the test is over."""
    before = set(threading.enumerate())
    yield
    assert {t for t in threading.enumerate() if t.name.startswith("mockflux")} <= before
