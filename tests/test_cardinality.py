"""The quota of series: what is stored and what is queued, counted together."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux import Server
from mockflux.cardinality import Cardinality, Series
from mockflux.http import front
from mockflux.lineprotocol import Line, go
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.storage.catalog import Bucket, Catalog, make_ids
from mockflux.storage.predicates import Predicate
from mockflux.storage.rules import StorageRules

START = dt.datetime(2024, 5, 1, 12, 0, tzinfo=dt.UTC)
FULL = "Series cardinality exceeds your plan's service quota"


class Counted:
    """Two buckets, and a count with a limit."""

    def __init__(self, limit: int) -> None:
        catalog = Catalog(make_ids(0), lambda: 0, StorageRules("series"))
        org = catalog.add_org("o")
        self.buckets: dict[str, Bucket] = {name: catalog.add_bucket(org, name) for name in "bc"}
        self.cardinality = Cardinality(limit, self.buckets.values)

    def admit(self, body: str, bucket: str = "b") -> frozenset[Series] | None:
        return self.cardinality.admit(self.buckets[bucket], parsed(body))

    def store(self, body: str, bucket: str = "b") -> None:
        self.buckets[bucket].data.commit([(line, line.time or 0) for line in parsed(body)])

    def admits(self, body: str, bucket: str = "b") -> bool:
        """Whether it would be admitted; nothing stays counted."""
        series = self.admit(body, bucket)
        if series is None:
            return False
        self.cardinality.arrived(series)
        return True


def parsed(body: str) -> list[Line]:
    return [line for line in go.parse(body.encode(), 1) if isinstance(line, Line)]


def series(count: int, start: int = 0) -> str:
    """Lines of so many series."""
    return "\n".join(f"m,t={number} v=1" for number in range(start, start + count))


# ---------------------------------------------------------------- what is a series


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("m v=1\nm v=2 5\nm v=3i 7", 1),
        ("m v=1,w=1", 2),  # each field is one
        ("m v=1,v=2", 1),
        ("m,t=x v=1\nm,t=y v=1\nm v=1", 3),
        ("m,t=x,u=y v=1\nm,u=y,t=x v=2", 1),  # the order of tags means nothing
        ("m v=1\nn v=1", 2),
    ],
)
def test_measurement_tags_and_field_are_a_series(body: str, count: int) -> None:
    assert Counted(count).admits(body)
    assert count == 1 or not Counted(count - 1).admits(body)
    exact = Counted(count)
    assert exact.admit(body) is not None
    assert not exact.admits("other v=1"), "it was not fewer"


def test_each_bucket_has_its_own() -> None:
    count = Counted(2)
    count.store("m v=1", "b")
    assert count.admit("m v=1", "c") is not None
    assert not count.admits("n v=1", "c")


# ---------------------------------------------------------------- the limit


def test_reached_exactly_and_not_exceeded_by_one() -> None:
    count = Counted(10)
    count.store(series(7))
    assert count.admits(series(3, 7))
    assert not count.admits(series(4, 7))


def test_one_write_alone_can_be_too_much() -> None:
    assert Counted(10).admits(series(10))
    assert not Counted(10).admits(series(11))


def test_without_a_limit_nothing_is_counted() -> None:
    count = Counted(0)
    assert count.admit(series(1000)) == frozenset()


def test_what_is_queued_counts() -> None:
    count = Counted(3)
    coming = count.admit(series(2))
    assert coming is not None
    assert count.admits(series(1, 2))
    assert not count.admits(series(2, 2))
    count.store(series(2))
    assert count.admits(series(1, 2)), "what is stored and still counted as coming is counted once"
    count.cardinality.arrived(coming)
    assert count.admits(series(1, 2))
    assert not count.admits(series(2, 2))


def test_the_same_series_queued_twice_counts_once_and_stays_until_both_are_done() -> None:
    count = Counted(2)
    first, second = count.admit(series(2)), count.admit(series(2))
    assert first is not None
    assert second is not None
    count.cardinality.arrived(first)
    assert not count.admits("n v=1")
    count.cardinality.arrived(second)
    assert count.admits("n v=1")


def test_a_refused_write_leaves_nothing_counted() -> None:
    count = Counted(3)
    assert count.admit(series(4)) is None
    assert count.admits(series(3))


def test_what_came_to_nothing_is_not_counted_any_more() -> None:
    count = Counted(3)
    coming = count.admit(series(3))
    assert coming is not None
    count.store(series(1))  # the others were rejected
    count.cardinality.arrived(coming)
    assert count.admits(series(2, 1))


def test_a_write_without_new_series_is_always_admitted() -> None:
    count = Counted(2)
    count.store(series(2))
    assert count.admits(series(2))
    assert count.admits("")
    assert not count.admits(series(3)), "known and new ones together are one write"


def test_beyond_the_limit_what_is_known_can_still_be_written() -> None:
    """As it is where points were stored past the quota."""
    count = Counted(2)
    count.store(series(5))
    assert count.admits(series(5))
    assert not count.admits(series(1, 5))


def test_a_delete_makes_room() -> None:
    count = Counted(2)
    count.store(series(2))
    count.buckets["b"].data.delete(0, 0, Predicate())
    assert count.admits(series(2, 2))


def test_a_bucket_that_is_gone_makes_room() -> None:
    count = Counted(2)
    count.store(series(2), "c")
    del count.buckets["c"]
    assert count.admits(series(2))


STEPS = st.lists(st.tuples(st.sampled_from(["admit", "store", "reject"]), st.sampled_from("bc"), st.integers(0, 6)))


@given(STEPS, st.integers(1, 6))
def test_never_more_than_the_limit(steps: list[tuple[str, str, int]], limit: int) -> None:
    """Writes come, and are stored or come to nothing, in whatever order."""
    count = Counted(limit)
    queued: list[tuple[str, str, frozenset[Series]]] = []
    for what, bucket, number in steps:
        if what == "admit":
            body = series(2, number)
            known = {(own, *key) for own in "bc" for key in count.buckets[own].data.field_series()}
            known |= {(own, *key) for own, body, _ in queued for key in keys(body)}
            wanted = {(bucket, *key) for key in keys(body)}
            admitted = count.admit(body, bucket)
            assert (admitted is not None) == (wanted <= known or len(known | wanted) <= limit)
            if admitted is not None:
                queued.append((bucket, body, admitted))
        elif queued:
            bucket, body, admitted = queued.pop(number % len(queued))
            if what == "store":
                count.store(body, bucket)
            count.cardinality.arrived(admitted)
        assert sum(len(own.data.field_series()) for own in count.buckets.values()) <= limit


def keys(body: str) -> set[Any]:
    return {(line.measurement, line.tags, own.key) for line in parsed(body) for own in line.fields}


def test_threads_do_not_exceed_it_together() -> None:
    count = Counted(50)

    def write(start: int) -> bool:
        body = series(5, start)
        coming = count.admit(body)
        if coming is None:
            return False
        count.store(body)
        count.cardinality.arrived(coming)
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(0, 200, 5)))
    assert done.count(True) == 10
    assert len(count.buckets["b"].data.field_series()) == 50


# ---------------------------------------------------------------- v2-cloud


def cloud(limit: int, **switches: Any) -> Server:
    server = Server("v2-cloud", clock=START, max_series=limit, **switches)
    server.create_bucket("day", retention=86_400)
    return server


def put(server: Server, body: str, bucket: str = "my-bucket") -> Reply:
    headers = [("Authorization", "Token my-token")]
    return front.answer(server.world, Request("POST", f"/api/v2/write?bucket={bucket}", headers, body.encode()))


def test_a_burst_does_not_get_past_it() -> None:
    server = cloud(3)
    assert [put(server, f"m,t={number} v=1").status for number in range(5)] == [204, 204, 204, 503, 503]
    server.settle()
    assert len(server.points()) == 3
    assert put(server, "m,t=9 v=1").status == 503


def test_what_is_said() -> None:
    reply = put(cloud(1), "m v=1,w=1")
    assert (reply.status, reply.clause) == (503, "cardinality_exceeded")
    assert FULL.encode() in reply.body
    assert "retry-after" not in {key.lower() for key, _ in reply.headers}


def test_by_switch_it_is_another_status() -> None:
    reply = put(cloud(1, cardinality_status="spec"), "m v=1,w=1")
    assert reply.status == 429
    assert "retry-after" not in {key.lower() for key, _ in reply.headers}


def test_nothing_of_a_refused_write_is_stored() -> None:
    server = cloud(2)
    assert put(server, "m v=1\nm w=1\nm x=1").status == 503
    server.settle()
    assert server.points() == []
    assert put(server, "m v=1\nm w=1").status == 204


def test_late_points_are_not_counted_and_what_comes_to_nothing_does_not_stay_so() -> None:
    server = cloud(2)
    assert put(server, "m,t=x v=1\nm,t=y v=1 1\nm,t=z v=1 1", "day").status == 204
    assert put(server, "n v=1", "day").status == 204
    assert put(server, "o v=1", "day").status == 503
    server.clock.advance(2 * 86_400)
    server.world.catalog.remove_bucket(server.world.target("day"))
    assert put(server, "o v=1,w=1").status == 204


def test_what_a_schema_refuses_is_never_counted() -> None:
    server = cloud(1)
    server.create_bucket("plan", schema={"m": {"v": "float"}})
    assert put(server, "m v=1\nm w=1\nn v=1", "plan").status == 400
    server.settle()
    assert len(server.points(bucket="plan")) == 1


def test_a_malformed_write_is_told_so_and_counts_nothing() -> None:
    server = cloud(1)
    assert put(server, "m v=1\nm w=1\nbad").status == 400
    assert put(server, "m v=1").status == 204


def test_rows_of_the_log_are_no_series_of_the_users() -> None:
    server = cloud(1)
    assert [put(server, "bad").status for _ in range(3)] == [400] * 3
    assert put(server, "m v=1").status == 204


def test_what_was_queued_for_a_bucket_that_is_gone_makes_room() -> None:
    server = cloud(1)
    assert put(server, "m v=1", "day").status == 204
    bucket = server.world.target("day")
    assert bucket is not None
    server.world.catalog.remove_bucket(bucket)
    server.settle()
    assert put(server, "m v=1").status == 204


def test_a_late_point_takes_no_place() -> None:
    """It is dropped when the queue is worked off, and was never going to be a series."""
    server = Server("v2-cloud", max_series=1, clock="frozen")
    server.create_bucket("short", retention=3600)

    def write(bucket: str, body: bytes) -> int:
        headers = [("Authorization", "Token my-token")]
        return front.answer(server.world, Request("POST", f"/api/v2/write?bucket={bucket}", headers, body)).status

    assert write("short", b"m v=1 1") == 204
    assert write("my-bucket", b"m v=1") == 204
    assert write("short", b"m v=1 1") == 204, "also where there is no place left"
    assert write("short", b"m v=1") == 503
    server.settle()
    assert server.points(bucket="short") == []
