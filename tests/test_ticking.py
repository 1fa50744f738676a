"""A clock that each request advances, and a Date header that follows the world's time."""

from __future__ import annotations

import datetime as dt
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
