"""Many worlds in one process: each for itself, and one that is not used costs next to nothing."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.profile.load import concrete
from mockflux.request import Request

#: Bytes that an unused world may take, as docs/parallel-life.md says.
BOUND = 48 * 1024


def written(server: Server, body: bytes, token: str) -> int:
    """The status of a write past the wire."""
    login = [("Host", "a"), ("Authorization", f"Token {token}"), ("Content-Length", str(len(body)))]
    request = Request("POST", "/api/v2/write?org=my-org&bucket=my-bucket", login, body)
    return front.answer(server.world, request).status


def test_a_thousand_worlds_answer_each_for_itself() -> None:
    servers = [Server(token=f"token-{n}", seed=n) for n in range(1000)]
    assert len({server.bucket_id for server in servers}) == 1000
    for n, server in enumerate(servers):
        assert written(server, b"m,world=%d v=%di 1" % (n, n), f"token-{n}") == 204
    for n, server in enumerate(servers):
        assert written(server, b"m v=1 1", f"token-{(n + 1) % 1000}") == 401
    for n, server in enumerate(servers):
        [point] = server.points()
        assert (point.tags, point.fields, server.journal.total) == ({"world": str(n)}, {"v": n}, 2)


def test_a_world_that_is_not_used_takes_little_memory(program: Callable[..., Any]) -> None:
    """In a process of its own: what other tests' threads allocate meanwhile does not count."""
    told = program(
        """
import gc, json, tracemalloc
from mockflux.profile.load import concrete

taken = {}
for edition in concrete():
    mockflux.Server(edition)  # what all of them share is not counted
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    servers = [mockflux.Server(edition) for _ in range(50)]
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    taken[edition] = (after - before) / len(servers)
print(json.dumps(taken))
"""
    )
    assert told.code == 0
    taken = json.loads(told.printed)
    assert set(taken) == set(concrete())
    assert {edition: size for edition, size in taken.items() if size > BOUND} == {}


def test_nothing_keeps_a_world_that_nobody_needs() -> None:
    server = Server()
    world = weakref.ref(server.world)
    written(server, b"m v=1 1", "my-token")
    server.reset()
    gc.collect()
    assert world() is None, "reset() forgets it"
    last = weakref.ref(server.world)
    with server:
        pass
    del server
    gc.collect()
    assert last() is None, "and so does a stopped server with nobody to hold it"


def test_making_a_world_begins_no_thread_and_opens_nothing() -> None:
    before = threading.enumerate()
    servers = [Server(edition) for edition in concrete()]
    assert threading.enumerate() == before
    for server in servers:
        with pytest.raises(RuntimeError, match="not running"):
            _ = server.port
