"""Many servers at once, many threads at one server, and a server of which nobody takes care."""

from __future__ import annotations

import copy
import gc
import http.client
import pickle
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockflux import Server

DEADLINE = 20.0
WRITE = "/api/v2/write?org=my-org&bucket=my-bucket"


def post(server: Server, body: bytes = b"m v=1 1") -> int:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    try:
        connection.request("POST", WRITE, body, {"Authorization": f"Token {server.token}"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.usefixtures("only_threads_of_before")
def test_two_hundred_servers() -> None:
    servers = [Server(token=f"token-{n}").start() for n in range(200)]
    ports = [server.port for server in servers]
    try:
        assert len(set(ports)) == 200
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda n: post(servers[n], b"m v=%di 1" % n), range(200)))
        assert statuses == [204] * 200
        assert [server.points()[0].fields["v"] for server in servers] == list(range(200))
    finally:
        for server in servers:
            server.stop()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


@pytest.mark.usefixtures("only_threads_of_before")
def test_started_and_stopped_from_many_threads() -> None:
    def live(n: int) -> tuple[int, int]:
        with Server(seed=n) as server:
            return post(server), len(server.points())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(live, range(64))) == [(204, 1)] * 64


def test_one_server_is_started_by_one_of_many_threads() -> None:
    server, together, outcomes = Server(), threading.Barrier(8), []

    def start() -> None:
        together.wait(DEADLINE)
        try:
            outcomes.append(server.start().port)
        except RuntimeError:
            outcomes.append(0)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    try:
        assert sorted(outcomes) == [0] * 7 + [server.port]
    finally:
        server.stop()


def test_looked_at_and_changed_from_many_threads_under_traffic() -> None:
    with Server() as server, ThreadPoolExecutor(8) as pool:

        def writer(n: int) -> list[int]:
            return [post(server, b"m,writer=%d v=1 %d" % (n, t)) for t in range(20)]

        def looker(n: int) -> None:
            for number in range(20):
                server.points()
                server.rejected()
                server.create_bucket(f"b-{n}-{number}")
                server.write("m v=1", bucket=f"b-{n}-{number}")
                _ = list(server.journal), server.env(), server.faults
                server.settle()

        writers = [pool.submit(writer, n) for n in range(4)]
        lookers = [pool.submit(looker, n) for n in range(4)]
        assert [status for future in writers for status in future.result(DEADLINE)] == [204] * 80
        for future in lookers:
            future.result(DEADLINE)
        assert len(server.points()) == 80
        assert server.journal.total == 80
        server.wait_for(points=160, requests=80, timeout=DEADLINE)


def test_within_itself_it_says_so_and_is_stopped() -> None:
    server = Server()
    with pytest.raises(RuntimeError, match="started already"), server, server:
        raise AssertionError("not reached")
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.port
    with server:
        assert post(server) == 204


def test_one_within_another() -> None:
    with Server() as outer:
        with Server() as inner:
            assert post(inner) == 204
        assert post(outer, b"m v=1 2") == 204
        assert [point.time for point in outer.points()] == [2]


def test_a_server_that_is_only_listened_to_goes_on() -> None:
    """Who keeps nothing but the URL has a server until the process ends; it is not taken away by the collector."""
    server = Server().start()
    port, stop = server.port, server._server
    del server
    gc.collect()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
            client.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 204")
    finally:
        assert stop is not None
        stop.stop()


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_cannot_be_copied(take: Callable[[Server], object]) -> None:
    with pytest.raises(TypeError, match="a server stays in its process and cannot be copied; hand over its url"):
        take(Server())
