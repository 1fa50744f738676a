"""Together with freezegun and time-machine: a world's clock follows the time that they make."""

from __future__ import annotations

import datetime as dt
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import freezegun
import influxdb_client

# The client imports it with its first instance, and would keep freezegun's datetime for the rest of the process.
import influxdb_client._sync.api_client
import pytest
import time_machine

from mockflux import Server
from mockflux.clock import patience
from mockflux.server import connection

AT = dt.datetime(2031, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
NS = int(AT.timestamp()) * 10**9
HOUR = dt.timedelta(hours=1)


def by_freezegun() -> tuple[AbstractContextManager[Any], Callable[[Any], None]]:
    """freezegun, and how it moves its time on by an hour. How long a test took is to be told by the real time."""
    return freezegun.freeze_time(AT, ignore=["_pytest.timing"]), lambda frozen: frozen.tick(HOUR)


def by_time_machine() -> tuple[AbstractContextManager[Any], Callable[[Any], None]]:
    """time-machine, and how it moves its time on by an hour."""
    return time_machine.travel(AT, tick=False), lambda traveller: traveller.shift(HOUR)


@pytest.fixture(params=[by_freezegun, by_time_machine], ids=["freezegun", "time-machine"])
def later(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Time stands at AT within; calling it makes it an hour later."""
    context, move = request.param()
    with context as handle:
        yield lambda: move(handle)


def test_points_get_that_time_and_retention_goes_by_it(later: Callable[[], None]) -> None:
    with Server() as server:
        server.create_bucket("short", retention=HOUR)
        with influxdb_client.InfluxDBClient(**server.client_kwargs("influxdb_client")) as client:
            client.write_api(write_options=influxdb_client.client.write_api.SYNCHRONOUS).write("short", record="m v=1")
        assert [point.time for point in server.points(bucket="short")] == [NS]
        later()
        assert len(server.points(bucket="short")) == 1
        later()
        assert server.points(bucket="short") == []
        assert server.clock.datetime() == AT + 2 * HOUR


def test_what_is_queued_falls_due_by_it(later: Callable[[], None]) -> None:
    with Server("v2-cloud") as server:
        with influxdb_client.InfluxDBClient(**server.client_kwargs("influxdb_client")) as client:
            client.write_api(write_options=influxdb_client.client.write_api.SYNCHRONOUS).write(
                "my-bucket", record="m v=1"
            )
        assert server.points() == []
        later()
        assert [point.time for point in server.points()] == [NS]


@pytest.mark.parametrize("switches", [{}, {"date_header": "clock"}], ids=["real", "clock"])
def test_the_date_header_says_it(later: Callable[[], None], switches: dict[str, str]) -> None:
    """The computer's time is theirs, too; a world whose clock was moved has another one."""
    with Server(**switches) as server:
        server.clock.advance(HOUR)
        with influxdb_client.InfluxDBClient(**server.client_kwargs("influxdb_client")) as client:
            assert client.ping()
        told = {"real": "Tue, 06 May 2031 07:08:09 GMT", "clock": "Tue, 06 May 2031 08:08:09 GMT"}
        assert server.journal[-1].reply.header("Date") == told["clock" if switches else "real"]


def test_a_world_made_before_follows_them_too() -> None:
    with Server(date_header="clock") as server:
        kwargs = server.client_kwargs("influxdb_client")
        for context, move in (by_freezegun(), by_time_machine()):
            with context as handle, influxdb_client.InfluxDBClient(**kwargs) as client:
                assert client.ping()
                assert server.journal[-1].reply.header("Date") == "Tue, 06 May 2031 07:08:09 GMT"
                move(handle)
                assert client.ping()
                assert server.journal[-1].reply.header("Date") == "Tue, 06 May 2031 08:08:09 GMT"
        assert abs(server.clock.now() - time.time_ns()) < 60 * 10**9, "and comes back"


def test_the_journal_goes_by_it_whatever_comes(later: Callable[[], None]) -> None:
    """freezegun gives the real time to who asks less than five calls above a thread's beginning."""
    with Server() as server:
        for sent in (b"no request at all\r\n\r\n", b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"):
            with socket.create_connection((server.host, server.port)) as client:
                client.sendall(sent)
                assert client.recv(1)
        server.wait_for(requests=2)
        assert [exchange.time for exchange in server.journal] == [NS, NS]


def test_a_clock_that_stands_or_ticks_does_so_from_their_time(later: Callable[[], None]) -> None:
    with Server(clock="frozen", tick=HOUR) as server:
        later()
        assert server.clock.now() == NS
        with influxdb_client.InfluxDBClient(**server.client_kwargs("influxdb_client")) as client:
            client.write_api(write_options=influxdb_client.client.write_api.SYNCHRONOUS).write(
                "my-bucket", record="m v=1"
            )
        assert [point.time for point in server.points()] == [NS + 3600 * 10**9]


def test_a_client_that_sends_on_after_a_refusal_is_let_go(
    later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server waits for what such a client still sends, for a while that must end although time stands."""
    monkeypatch.setattr(connection, "_PATIENCE", 0.1)
    with Server() as server, socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"no request at all\r\n\r\n")
        give_up, let_go = patience() + 30, False
        while not let_go and patience() < give_up:
            try:
                client.sendall(b"#")
            except OSError:  # reset, or a broken pipe
                let_go = True
        assert let_go


def test_waiting_ends_although_time_stands(later: Callable[[], None]) -> None:
    with Server() as server:
        server.write("m v=1")
        server.wait_for(points=1)
        with pytest.raises(TimeoutError, match=r"waited 0\.1 s for 2 points"):
            server.wait_for(points=2, timeout=0.1)
