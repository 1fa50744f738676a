"""A clock that each request advances, and a Date header that follows the world's time."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest

from mockflux import Server
from mockflux.clock import Clock
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SECOND = 10**9


def write(server: Server, body: bytes = b"m v=1") -> Reply:
    headers = [("Authorization", f"Token {server.token}")]
    return front.answer(server.world, Request("POST", "/api/v2/write?org=my-org&bucket=my-bucket", headers, body))


def test_each_request_advances_the_clock() -> None:
    server = Server(clock=AT, tick=2)
    start = server.clock.now()
    write(server, b"m v=1")
    write(server, b"m v=2")
    assert [point.time - start for point in server.points()] == [2 * SECOND, 4 * SECOND]
    assert [exchange.time - start for exchange in server.journal] == [2 * SECOND, 4 * SECOND]
    assert server.clock.now() - start == 4 * SECOND, "looking does not"


def test_it_can_be_set_and_ended_at_any_time() -> None:
    server = Server(clock=AT)
    start = server.clock.now()
    write(server)
    assert server.clock.now() == start
    server.clock.tick = dt.timedelta(milliseconds=5)
    assert server.clock.tick == 0.005
    write(server)
    server.clock.tick = 0
    write(server)
    assert server.clock.now() == start + 5_000_000


def test_it_survives_a_reset() -> None:
    server = Server(clock=AT, tick=1)
    server.reset()
    start = server.clock.now()
    write(server)
    assert server.clock.now() == start + SECOND


def test_what_falls_due_on_the_way_happens_in_order() -> None:
    server = Server("v2-cloud", clock=AT, tick=0.6)
    write(server, b"m v=1 1")
    assert server.points() == []
    write(server, b"m v=2 1")  # 0.6 s later
    assert server.points() == []
    write(server, b"m v=3 1")  # 1.2 s later: the first is there
    assert [point.fields for point in server.points()] == [{"v": 1.0}]
    write(server, b"m v=4 1")
    assert [point.fields for point in server.points()] == [{"v": 2.0}]


def test_each_thing_that_falls_due_on_the_way_has_its_own_time() -> None:
    server = Server(clock=AT, tick=10)
    start, seen = server.clock.now(), list[tuple[str, int]]()

    def look(name: str) -> Callable[[int], None]:
        return lambda at: seen.append((name, server.clock.now() - start))

    for name, after in (("late", 9), ("early", 1), ("later", 11), ("on time", 10), ("early too", 1)):
        server.world.due.add(start + after * SECOND, look(name), name)
    write(server)
    assert seen == [("early", SECOND), ("early too", SECOND), ("late", 9 * SECOND), ("on time", 10 * SECOND)]
    write(server)
    assert seen[4:] == [("later", 11 * SECOND)]


def test_what_goes_wrong_on_the_way_is_the_request_s_error() -> None:
    server = Server(clock=AT, tick=10)
    start = server.clock.now()
    server.world.due.add(start + SECOND, lambda at: 1 // 0, "a mistake")
    assert write(server).status == 500
    assert "ZeroDivisionError" in (server.journal[-1].error or "")
    assert server.clock.now() == start + SECOND, "the clock stays where it happened"
    assert write(server).status == 204
    assert server.clock.now() == start + 11 * SECOND


def test_the_end_of_time_is_no_end_of_the_server() -> None:
    server = Server(clock=dt.datetime(2262, 4, 11, tzinfo=dt.UTC), tick=dt.timedelta(days=1))
    assert write(server).status == 500
    assert "InfluxDB has no time" in (server.journal[-1].error or "")


@pytest.mark.parametrize("edition", ["v2-oss", "v2-cloud"])
def test_requests_at_once_each_advance_it(edition: str) -> None:
    server = Server(edition, clock=AT, tick=0.3)
    start = server.clock.now()

    def work(number: int) -> None:
        for turn in range(25):
            assert write(server, b"m,t=%d v=%d" % (number, turn)).status == 204

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.clock.now() - start == 200 * 3 * SECOND // 10
    server.settle()
    assert len(server.points()) == 200


def test_a_running_clock_goes_on_from_there() -> None:
    server = Server(tick=3600)
    before = server.clock.now()
    write(server)
    assert server.clock.now() - before >= 3600 * SECOND


@pytest.mark.parametrize(
    ("tick", "error", "message"),
    [
        (-1, ValueError, "a clock cannot go back"),
        ("1", TypeError, "a clock advances by seconds or a timedelta"),
        (False, TypeError, "a clock advances by seconds or a timedelta"),
        (float("inf"), ValueError, "cannot advance by inf"),
    ],
)
def test_what_is_no_tick(tick: object, error: type[Exception], message: str) -> None:
    make: Callable[..., object] = Server
    with pytest.raises(error, match=message):
        make(tick=tick)
    with pytest.raises(error, match=message):
        Clock().tick = tick  # type: ignore[assignment]


@pytest.mark.parametrize("edition", ["v2-oss", "v2-cloud", "v3-serverless", "v3-clustered", "v3-core"])
def test_the_date_is_the_computer_s_or_the_world_s(edition: str) -> None:
    def date(**switches: str) -> str | None:
        server = Server(edition, clock=AT, **switches)
        reply = front.answer(server.world, Request("GET", "/ping", [("Authorization", "Bearer my-token")], b""))
        return reply.header("date")

    assert date(date_header="clock") == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert date() != "Thu, 01 Jan 2026 00:00:00 GMT"
