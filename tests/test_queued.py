"""Writes and deletes that are accepted and done later: when, and in which order."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux import Server
from mockflux.clock import Clock
from mockflux.due import Due
from mockflux.http import front
from mockflux.queued import Queue
from mockflux.request import Request

START = dt.datetime(2024, 5, 1, 12, 0, tzinfo=dt.UTC)
SECOND = 10**9


class Bench:
    """A queue with a clock that stands, and what it has done: name and time, in seconds from the start."""

    def __init__(self, delay: float = 1) -> None:
        self.clock, self.due = Clock(START), Due()
        self.clock.on_advance = lambda target: self.due.run(target, step=self.clock.step_to)
        self.begun = self.clock.now()
        self.queue = Queue(self.due, self.clock, round(delay * SECOND))
        self.done: list[tuple[str, float]] = []

    def add(self, name: str, bucket: str = "b") -> None:
        self.queue.add(bucket, lambda now: self.done.append((name, (now - self.begun) / SECOND)), name)

    def back(self, seconds: float) -> None:
        self.clock.freeze(self.clock.datetime() - dt.timedelta(seconds=seconds))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.done]


# ---------------------------------------------------------------- the queue


def test_it_is_done_after_the_delay_not_before() -> None:
    bench = Bench()
    bench.add("one")
    bench.clock.advance(0.999999999)
    assert bench.done == []
    bench.clock.advance(0.000000001)
    assert bench.done == [("one", 1)]


def test_each_at_its_own_time_on_the_way() -> None:
    bench = Bench()
    bench.add("one")
    bench.clock.advance(0.5)
    bench.add("two")
    bench.clock.advance(100)
    assert bench.done == [("one", 1), ("two", 1.5)]


def test_without_a_delay_it_is_due_at_once() -> None:
    bench = Bench(delay=0)
    bench.add("one")
    assert bench.due.next <= bench.clock.now()


def test_what_comes_in_one_moment_keeps_its_order() -> None:
    bench = Bench()
    for name in "abcde":
        bench.add(name)
    bench.clock.advance(1)
    assert bench.names == list("abcde")


def test_settled_early_it_is_done_at_the_present_time() -> None:
    bench = Bench()
    bench.add("one")
    bench.clock.advance(0.25)
    bench.add("two")
    bench.due.settle()
    assert bench.done == [("one", 0.25), ("two", 0.25)]


def test_done_late_it_has_the_time_for_which_it_was_planned() -> None:
    """A clock that nobody asked in between: what is looked at then happened at its own time."""
    bench = Bench()
    bench.add("one")
    bench.clock.on_advance = None
    bench.clock.advance(10)
    bench.due.run(bench.clock.now())
    assert bench.done == [("one", 1)]


def test_a_clock_set_back_keeps_the_order_of_a_bucket() -> None:
    bench = Bench()
    bench.add("one")
    bench.back(100)
    bench.add("two")
    bench.add("other", "c")
    bench.clock.advance(1)
    assert bench.done == [("other", -99)], "another bucket does not wait for it"
    bench.clock.advance(100)
    assert bench.done[1:] == [("one", 1), ("two", 1)]


def test_what_is_done_holds_nobody_up() -> None:
    """Once nothing is planned for a bucket, a clock that is set back makes nothing late."""
    bench = Bench()
    bench.add("one")
    bench.due.settle()
    bench.back(100)
    bench.add("two")
    bench.clock.advance(1)
    assert bench.done == [("one", 0), ("two", -99)]


def test_before_1970_it_is_as_late_as_ever() -> None:
    bench = Bench()
    bench.clock.freeze(dt.datetime(1960, 1, 1, tzinfo=dt.UTC))
    bench.add("one")
    bench.clock.advance(1)
    assert bench.names == ["one"]


def test_an_order_for_each_bucket_holds_however_time_moves() -> None:
    bench = Bench()
    bench.add("one")
    bench.clock.advance(0.5)
    bench.back(0.25)
    bench.add("two")
    bench.back(10)
    bench.add("three")
    bench.due.settle()
    assert bench.names == ["one", "two", "three"]


MOVES = st.lists(
    st.one_of(
        st.sampled_from(["b", "c"]), st.sampled_from([0.5, 1, 7]), st.sampled_from([-0.25, -1, -50]), st.just("settle")
    ),
    max_size=30,
)


@given(MOVES)
def test_order_and_delay_whatever_happens(moves: list[str | float]) -> None:
    """Each bucket's in the order in which they came, nothing twice, nothing earlier than the delay unless settled."""
    bench = Bench()
    added: dict[str, list[str]] = {"b": [], "c": []}
    early: dict[str, float] = {}  # by name: the time before which it must not be done
    for number, move in enumerate(moves):
        if move == "settle":
            early.clear()
            bench.due.settle()
            assert len(bench.due) == 0
        elif isinstance(move, str):
            name = f"{move}{number}"
            added[move].append(name)
            early[name] = (bench.clock.now() - bench.begun) / SECOND + 1
            bench.add(name, move)
        elif move < 0:
            bench.back(-move)
        else:
            before = len(bench.done)
            bench.clock.advance(move)
            assert all(at >= early[name] for name, at in bench.done[before:])
    bench.due.settle()
    for bucket, names in added.items():
        assert [name for name in bench.names if name[0] == bucket] == names


# ---------------------------------------------------------------- as a client meets it


@pytest.fixture
def server() -> Server:
    server = Server("v2-cloud", clock=START)
    server.create_bucket("other")
    return server


def put(server: Server, body: str, bucket: str = "my-bucket") -> None:
    headers = [("Authorization", "Token my-token")]
    request = Request("POST", f"/api/v2/write?bucket={bucket}", headers, body.encode())
    assert front.answer(server.world, request).status == 204


def delete(server: Server, bucket: str = "my-bucket") -> None:
    headers = [("Authorization", "Token my-token")]
    body = json.dumps({"start": "1970-01-01T00:00:00Z", "stop": "2030-01-01T00:00:00Z"}).encode()
    assert front.answer(server.world, Request("POST", f"/api/v2/delete?bucket={bucket}", headers, body)).status == 204


def values(server: Server, bucket: str = "my-bucket") -> list[float]:
    return [float(point.fields["v"]) for point in server.points(bucket=bucket)]


@pytest.mark.parametrize("how", ["settle", "advance", "advance step by step"])
def test_the_last_write_of_a_point_wins(server: Server, how: str) -> None:
    for value in (1, 2, 3):
        put(server, f"m v={value} 1")
        server.clock.advance(0.125)
    if how == "settle":
        server.settle()
    elif how == "advance":
        server.clock.advance(60)
    else:
        seen = []
        for _ in range(10):
            server.clock.advance(0.125)
            seen += values(server)
        assert seen == [1.0, 2.0, 3.0, 3.0, 3.0, 3.0], "a reader that polls sees one after the other"
    assert values(server) == [3.0]


def test_a_delete_comes_between_the_writes_around_it(server: Server) -> None:
    put(server, "m v=1 1")
    delete(server)
    put(server, "m v=2i 2")
    server.settle()
    assert values(server) == [2.0]
    assert server.rejected() == [], "the type went with the point"


def test_a_delete_does_nothing_before_its_time(server: Server) -> None:
    put(server, "m v=1 1")
    server.settle()
    delete(server)
    server.clock.advance(0.999)
    assert values(server) == [1.0]
    server.clock.advance(0.001)
    assert values(server) == []


def test_a_delete_in_one_bucket_leaves_the_others(server: Server) -> None:
    put(server, "m v=1 1")
    put(server, "m v=2 1", "other")
    delete(server)
    server.settle()
    assert (values(server), values(server, "other")) == ([], [2.0])


def test_who_came_first_has_the_type(server: Server) -> None:
    put(server, "m v=1 1")
    put(server, "m v=2i 2")
    put(server, "m v=3 3")
    server.settle()
    assert values(server) == [1.0, 3.0]
    assert [rejection.line for rejection in server.rejected()] == ["m v=2i 2"]


def test_the_delay_is_a_switch() -> None:
    server = Server("v2-cloud", clock=START, queue_delay=30)
    put(server, "m v=1 1")
    server.clock.advance(29.5)
    assert values(server) == []
    server.clock.advance(0.5)
    assert values(server) == [1.0]


def test_a_bucket_that_is_deleted_meanwhile(server: Server) -> None:
    """What was queued for it is gone with it, and is no matter of a new one of its name."""
    put(server, "m v=1 1", "other")
    put(server, "m v=2 1")
    old = server.world.target("other")
    assert old is not None
    server.world.catalog.remove_bucket(old)
    server.create_bucket("other")
    put(server, "m v=3i 1", "other")
    server.settle()
    assert (values(server, "other"), values(server)) == ([3.0], [2.0])
    assert (server.rejected(), old.data.rows) == ([], 0)


def test_a_bucket_that_has_another_name_meanwhile(server: Server) -> None:
    put(server, "m v=1 1", "other")
    bucket = server.world.target("other")
    assert bucket is not None
    server.world.catalog.change_bucket(bucket, name="another")
    server.settle()
    assert values(server, "another") == [1.0]


def test_a_retention_that_is_shorter_meanwhile(server: Server) -> None:
    """What the bucket keeps when the queue is worked off counts."""
    bucket = server.world.target("other")
    assert bucket is not None
    hours = server.clock.now() - 2 * 3600 * SECOND
    put(server, f"m v=1 {hours}\nm v=2", "other")
    server.world.catalog.change_bucket(bucket, retention=3600 * SECOND)
    server.settle()
    assert values(server, "other") == [2.0]
    assert [rejection.reason.name for rejection in server.rejected()] == ["outside_retention"]


def test_a_line_without_a_time_has_that_of_the_write(server: Server) -> None:
    put(server, "m v=1")
    server.clock.advance(60)
    assert [point.time for point in server.points()] == [int(START.timestamp()) * SECOND]


def test_reset_forgets_the_queue(server: Server) -> None:
    put(server, "m v=1 1")
    server.reset()
    server.clock.advance(60)
    server.settle()
    assert server.points() == []
