"""reset() against what is under way: nothing ever sees half of the old world and half of the new."""

from __future__ import annotations

import sys
import threading
import urllib.error
import urllib.request

import pytest

from mockflux import Server


def test_what_is_under_way_ends_in_the_old_world() -> None:
    server = Server()
    old = server.world
    begun, go_on = threading.Event(), threading.Event()
    parse, statuses = old.timing, []

    def slow(*args: int) -> object:
        begun.set()
        go_on.wait(20)
        return parse(*args)

    old.timing = slow  # type: ignore[assignment,method-assign]
    with server:
        sender = threading.Thread(target=lambda: statuses.append(_write(server, server.url)))
        sender.start()
        assert begun.wait(20)
        server.reset()
        assert (len(server.journal), server.points()) == (0, [])
        go_on.set()
        sender.join(20)
        assert statuses == [204]
        assert (server.journal.total, server.points()) == (0, [])
        assert old.journal.total == 1
        assert _write(server, server.url) == 204
        assert [exchange.number for exchange in server.journal] == [1]


def test_the_fresh_world_is_the_one_of_the_start() -> None:
    server = Server(org="acme", seed=7)
    before = (server.org_id, server.bucket_id, server.user_id, server.auth_id, server.token)
    server.create_bucket("more")
    server.create_token(write="more")
    server.fail(503)
    server.reset()
    assert (server.org_id, server.bucket_id, server.user_id, server.auth_id, server.token) == before
    assert server.faults == []
    with pytest.raises(ValueError, match="there is no bucket 'more'"):
        server.points(bucket="more")


def test_resets_between_writers_are_never_refused() -> None:
    switching = sys.getswitchinterval()
    refused: list[int] = []
    stop = threading.Event()
    with Server() as server:
        url = server.url

        def writer() -> None:
            while not stop.is_set():
                if (status := _write(server, url)) != 204:
                    refused.append(status)

        writers = [threading.Thread(target=writer) for _ in range(3)]
        try:
            sys.setswitchinterval(1e-5)
            for thread in writers:
                thread.start()
            for n in range(200):
                server.reset()
                server.create_bucket(f"b{n}")
                assert server.bucket_id is not None
                assert {b.name for b in server.world.catalog.buckets()} >= {"my-bucket"}
        finally:
            stop.set()
            for thread in writers:
                thread.join(20)
            sys.setswitchinterval(switching)
    assert refused == []


def test_who_waits_is_not_left_behind() -> None:
    with Server() as server:
        waiting = threading.Thread(target=lambda: (server.wait_for(requests=1, points=1, timeout=20), done.set()))
        done = threading.Event()
        waiting.start()
        server.reset()
        assert _write(server, server.url) == 204
        assert done.wait(20)
        waiting.join(20)


def _write(server: Server, url: str) -> int:
    target = f"{url}/api/v2/write?org=my-org&bucket=my-bucket"
    try:
        request = urllib.request.Request(target, b"m v=1 1", {"Authorization": "Token my-token"})
        with urllib.request.urlopen(request) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
