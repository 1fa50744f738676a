"""Writers at the same time, over real sockets: nothing is lost, nothing comes twice, nobody sees half a batch."""

from __future__ import annotations

import http.client
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockflux import Server

WRITERS = 8
REQUESTS = 25
LINES = 20
DEADLINE = 60.0
QUERY = "/api/v2/write?org=my-org&bucket=my-bucket"
LOGIN = {"Authorization": "Token my-token"}

Write = Callable[[http.client.HTTPConnection, bytes], int]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("v2-oss") as server:
        yield server


@pytest.fixture(autouse=True)
def _restless() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual, so that a step that is not safe is seen to be none."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


def write(connection: http.client.HTTPConnection, body: bytes) -> int:
    connection.request("POST", QUERY, body, LOGIN)
    response = connection.getresponse()
    response.read()
    return response.status


def at_once(server: Server, task: Callable[[http.client.HTTPConnection, int], list[int]]) -> list[int]:
    """Run a task in every writer, all begun together, each with a connection of its own; the statuses they got."""
    together = threading.Barrier(WRITERS)

    def run(writer: int) -> list[int]:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
        try:
            together.wait(DEADLINE)
            return task(connection, writer)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return [status for statuses in pool.map(run, range(WRITERS)) for status in statuses]


def test_nothing_is_lost_or_doubled(server: Server) -> None:
    """Each line is a point of its own, in series that all writers share."""

    def task(connection: http.client.HTTPConnection, writer: int) -> list[int]:
        return [
            write(connection, b"\n".join(
                b"m,host=h%d v=%di,w%d=t %d" % (line % 3, writer, line % 2, (request * LINES + line) * WRITERS + writer)
                for line in range(LINES)
            ))
            for request in range(REQUESTS)
        ]  # fmt: skip

    statuses = at_once(server, task)
    total = WRITERS * REQUESTS * LINES
    assert Counter(statuses) == {204: WRITERS * REQUESTS}
    points = server.points()
    assert sorted(point.time for point in points) == list(range(total))
    assert all(point.fields["v"] == point.time % WRITERS for point in points)
    assert server.world.count() == total
    assert server.journal.total == WRITERS * REQUESTS
    assert sum(exchange.verdict.accepted for exchange in server.journal if exchange.verdict) == total
    assert len({exchange.number for exchange in server.journal}) == WRITERS * REQUESTS


def test_the_last_write_wins_whole(server: Server) -> None:
    """All write the same points, both fields alike: whoever comes last, what is read is of one batch, at all times."""
    stop, torn = threading.Event(), []

    def watch() -> None:
        while not stop.is_set():
            found = [point.fields for point in server.points()]
            values = {value for fields in found for value in fields.values()}
            if found and (len(found) != LINES or len(values) != 1):
                torn.append(found)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:

        def task(connection: http.client.HTTPConnection, writer: int) -> list[int]:
            mark = [writer * REQUESTS + request for request in range(REQUESTS)]
            return [
                write(connection, b"\n".join(b"m a=%di,b=%di %d" % (value, value, line) for line in range(LINES)))
                for value in mark
            ]

        assert set(at_once(server, task)) == {204}
    finally:
        stop.set()
        watcher.join(DEADLINE)
    assert torn == []
    assert len(server.points()) == LINES
    last = server.points()[0].fields["a"]
    assert isinstance(last, int)
    assert last % REQUESTS == REQUESTS - 1, "the last word is some writer's last"


def test_refused_batches_leave_nothing_among_good_ones(server: Server) -> None:
    """Every second batch of a writer has a malformed line or a conflict with what everybody writes."""
    server.write("m v=0i 0")

    def task(connection: http.client.HTTPConnection, writer: int) -> list[int]:
        statuses = []
        for request in range(REQUESTS):
            time = 1 + request * WRITERS + writer
            bad = [b"", b"\nbad", b"", b'\nm v="text" 1'][request % 4]
            statuses.append(write(connection, b"m v=%di %d" % (request, time) + bad))
        return statuses

    statuses = at_once(server, task)
    good = [request for request in range(REQUESTS) if request % 2 == 0]
    assert Counter(statuses) == {204: WRITERS * len(good), 400: WRITERS * (REQUESTS - len(good))}
    expected = {0} | {1 + request * WRITERS + writer for request in good for writer in range(WRITERS)}
    assert {point.time for point in server.points()} == expected
    assert len(server.rejected()) == WRITERS * (REQUESTS - len(good))


def test_one_type_wins_where_writers_disagree(server: Server) -> None:
    """Half of them write floats, half integers, to the same new series at the same time: whichever comes first decides
    for the series, the others are refused."""

    def task(connection: http.client.HTTPConnection, writer: int) -> list[int]:
        value = b"1.5" if writer % 2 else b"1i"
        return [write(connection, b"m,s=%d v=%b %d" % (series, value, writer)) for series in range(REQUESTS * 8)]

    statuses = at_once(server, task)
    half = WRITERS * REQUESTS * 8 // 2
    assert Counter(statuses) == {204: half, 400: half}
    found: dict[str, set[type]] = {}
    for point in server.points():
        found.setdefault(point.tags["s"], set()).add(type(point.fields["v"]))
    assert len(found) == REQUESTS * 8
    assert all(len(types) == 1 for types in found.values())
    assert len(server.points()) == half


def test_faults_are_shared_out_exactly(server: Server) -> None:
    fault = server.fail(503, times=70)

    def task(connection: http.client.HTTPConnection, writer: int) -> list[int]:
        return [write(connection, b"m v=1 %d" % (request * WRITERS + writer)) for request in range(REQUESTS)]

    statuses = at_once(server, task)
    assert Counter(statuses) == {503: 70, 204: WRITERS * REQUESTS - 70}
    assert fault.consumed
    assert len(server.points()) == WRITERS * REQUESTS - 70
