"""An exception that nobody has foreseen is answered by the edition's 500, is in the journal, and fails its test."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mockflux import journal as journals
from mockflux.http import front
from mockflux.server import connection, heads

ROOT = str(Path(journals.__file__).parents[1])


class Bug(Exception):
    pass


@pytest.fixture
def bug(target):
    """Raises, with a secret in its text."""

    def bug(*_, **__):
        raise Bug(f"of {target.secret}")

    return bug


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (heads, "read_head"),  # in the framing
        (connection, "Request"),
        (front, "locate"),  # in the front, before it minds
        (journals, "Exchange"),  # in the journal itself
    ],
)
def test_below_and_around_the_front(target, monkeypatch, bug, module, name):
    """Where no exchange is open yet."""
    good = getattr(module, name)
    calls = []

    def once(*given, **named):
        calls.append(given)
        return bug() if len(calls) == 1 else good(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, once)
        raw = target.post(b"m v=1")
        got = target.say([raw + raw])
    target.quiet()
    clause = target.server.profile.find("internal_error", "", "http")
    assert got.startswith(b"HTTP/1.1 500 ")
    assert got.count(b"HTTP/1.1 ") == 1  # the connection ends with it
    [exchange] = target.server.journal.errors()
    assert exchange.clause == clause.key
    assert exchange.path == target.write_target().partition("?")[0]
    assert exchange.error.endswith(f"Bug: of …{target.secret[-2:]}\n")
    assert target.secret not in str(exchange.headers)
    assert target.server.world.count() == 0
    target.check_alive()


def test_no_thread_for_a_client(target, monkeypatch):
    start = threading.Thread.start

    def refuse(thread):
        if thread.name.endswith("client"):
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(5):
            with target.connect() as sock:
                assert sock.recv(1) == b""
    [exchange] = target.server.journal.errors()  # told once, not for each
    assert exchange.error.endswith("RuntimeError: can't start new thread\n")
    assert exchange.line().endswith("-> no answer")
    target.check_alive()


PLUGIN_TEST = """
import pytest
from mockflux.server import heads

class Bug(Exception): pass

@pytest.fixture
def broken(mockflux, monkeypatch):
    good, calls = heads.read_head, []
    def once(*given):
        calls.append(1)
        if len(calls) == 1:
            raise Bug
        return good(*given)
    monkeypatch.setattr(heads, "read_head", once)
    return mockflux

def ask(mockflux):
    import http.client
    client = http.client.HTTPConnection("127.0.0.1", mockflux.port)
    client.request("GET", "/ping")
    status = client.getresponse().status
    client.close()
    return status

def test_pass(broken):
    assert ask(broken) == 500

def test_next(mockflux):
    assert ask(mockflux) == 204
"""


def test_it_fails_the_test_that_met_it(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # where mockflux is installed it would come twice
    pytester.makepyfile(PLUGIN_TEST)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "mockflux.pytest_plugin")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_pass _*",
            "mockflux met an exception of its own, so its answer cannot be trusted; please report this bug.",
            "1. GET /ping * -> 500 *",
            "Traceback (most recent call last):",
            "*Bug",
        ]
    )
