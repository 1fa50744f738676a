"""The quick way stores what judging would store, whatever comes, and leaves to it whatever has to be judged."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from mockflux import Server
from mockflux.http import front
from mockflux.lineprotocol import go
from mockflux.profile import load_profile
from mockflux.reasons import Verdict
from mockflux.request import Request
from mockflux.storage.predicates import parse as predicate
from mockflux.storage.rules import DAY, WEEK
from mockflux.storage.schemas import Column, MeasurementSchema, Schemas
from mockflux.storage.table import BucketData
from mockflux.writing import commit, quick
from mockflux.writing.rules import Room
from mockflux.writing.timing import Timing

#: Profiles that judge and store in ways of their own.
EDITIONS: list[tuple[str, dict[str, Any], str]] = [
    ("v2-oss", {}, "v2-write"),
    ("v2-oss", {"late_points": "drop"}, "v2-write"),
    ("v2-cloud", {}, "v2-write"),
    ("v3-serverless", {}, "v2-write"),
    ("v3-dedicated", {}, "v2-write"),
    ("v3-clustered", {}, "v1-write"),
    ("v3-core", {}, "v3-write"),
    ("v3-core", {}, "v2-write"),
    ("v3-enterprise", {}, "v3-write"),
]
NOW = 1_700_000_000 * 10**9
NARROW = Room(columns=6, tables=3)


class Bucket:
    """A bucket of an edition, written to the quick way, or by judging alone."""

    def __init__(self, edition: str, switches: dict[str, Any], door: str) -> None:
        settings = load_profile(edition, switches).settings
        self.rules, self.storage = settings.rules_for(door, {}), settings.storage
        self.data = BucketData(self.storage)

    def write(self, body: bytes, timing: Timing, room: Room) -> Verdict:
        return commit.write(body, timing, self.data, self.rules, self.storage, lambda: room)

    def judge(self, body: bytes, timing: Timing, room: Room) -> Verdict:
        with patch.object(quick, "store", return_value=None):
            return self.write(body, timing, room)

    def content(self) -> object:
        data = self.data
        tables = {point.measurement for point in data.points()} | {"m", "n", "o", "p"}
        columns = {table: list(data.columns(table).items()) for table in tables}
        return data.points(), data.series_count, data.rows, data.count(), data.table_count, columns


TAGS = st.sampled_from([b"", b"", b",t=a", b",t=b", b",t=a,u=c", b",u=c,t=a", b",v=x", b",t=\\ a", b",t=a,t=b"])
FIELDS = st.sampled_from(
    [b"v=1", b"v=2.5", b"v=1i", b"w=2i", b"w=3u", b's="x"', b's="%b"' % (b"y" * 40), b"v=1,w=2i", b"w=2i,v=1", b"t=1",
     b"time=1", b"time=1,v=1", b"v=1,v=2", b"v=1,v=2i", b"b=t", b"b=F,v=3", b"a\\ b=1", b"fam::x=1,fam::y=2"]
)  # fmt: skip
TIMES = st.sampled_from(
    [b"", b" %d" % NOW, b" %d" % (NOW + 1), b" %d" % (NOW + DAY), b" %d" % (NOW - DAY), b" %d" % (NOW - WEEK), b" 5",
     b" %d" % (2**63 - 1)]
)  # fmt: skip
OTHERS = st.sampled_from(
    [b"", b"# comment", b"  ", b"m", b"m v=", b"m  v=1  ", b"m v=1x", b'm s="a\nb" 1', b'm s="open']
)
KINDS = st.builds(lambda table, tags, fields: table + tags + b" " + fields, st.sampled_from([b"m", b"n"]), TAGS, FIELDS)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Few kinds of lines, many times over, most of them at the same time: those are what is learned."""
    kinds = st.sampled_from(draw(st.lists(KINDS, min_size=1, max_size=2)))
    times = st.just(b" %d" % NOW) if draw(st.booleans()) else TIMES
    lines = draw(st.lists(st.builds(lambda *parts: b"".join(parts), kinds, times), min_size=1, max_size=8))
    if draw(st.integers(0, 4)) == 0:
        lines.insert(draw(st.integers(0, len(lines))), draw(OTHERS))
    return b"\n".join(lines) + draw(st.sampled_from([b"", b"\n"]))


#: A body to write, or a change that makes the bucket judge anew.
STEPS = st.one_of(bodies(), bodies(), bodies(), bodies(), st.sampled_from(["delete", "clear", "schema", "days"]))


def change(data: BucketData, what: str) -> None:
    if what == "delete":
        data.delete(0, NOW, predicate('t="a"'))
    elif what == "clear":
        data.clear()
    elif what == "schema":
        columns = (Column("time", "timestamp"), Column("t", "tag"), Column("v", "field", "float"))
        data.schemas = Schemas().holding(MeasurementSchema("0" * 15 + "1", "m", columns, 0, 0))
    else:
        data.scope = BucketData(data.rules, shard_duration=DAY).scope


@pytest.fixture(autouse=True, scope="module")
def short_bodies_at_once() -> Iterator[None]:
    """Bodies of tests are short."""
    with patch.object(quick, "_WORTH_A_LOOK", 0):
        yield


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: f"{edition[0]}-{edition[2]}{len(edition[1]) or ''}")
@given(st.data())
def test_the_same_is_stored_as_by_judging(edition: tuple[str, dict[str, Any], str], data: st.DataObject) -> None:
    fast, exact = Bucket(*edition), Bucket(*edition)
    timing = data.draw(st.sampled_from([Timing(1, NOW), Timing(1, NOW, NOW - 2 * DAY, 2 * DAY), Timing(1000, NOW)]))
    room = data.draw(st.sampled_from([Room(), Room(), NARROW]))
    for step in data.draw(st.lists(STEPS, min_size=1, max_size=6)):
        if isinstance(step, str):
            change(fast.data, step)
            change(exact.data, step)
            continue
        judged = exact.judge(step, timing, room)
        with patch.object(commit, "parse", side_effect=commit.parse) as whole:
            assert fast.write(step, timing, room) == judged
        event("judged" if whole.called else "quick")
        assert whole.called or not (judged.rejections or judged.dropped)
        assert fast.content() == exact.content()


@given(st.lists(st.sampled_from(range(12)), min_size=2, max_size=40), st.data())
def test_a_batch_split_anywhere_gives_the_same_store(kinds: list[int], data: st.DataObject) -> None:
    lines = [b"%b,t=%d v=%d.5,n=%di,s=\"x y\" %d" % (b"mno"[k % 3 : k % 3 + 1], k % 4, at, k, NOW + at)
             for at, k in enumerate(kinds)]  # fmt: skip
    whole, pieces = Bucket("v2-oss", {}, "v2-write"), Bucket("v2-oss", {}, "v2-write")
    whole.write(b"\n".join(lines), Timing(1, NOW), Room())
    cuts = sorted(data.draw(st.sets(st.integers(0, len(lines)))) | {0, len(lines)})
    for start, end in pairwise(cuts):
        pieces.write(b"\n".join(lines[start:end]), Timing(1, NOW), Room())
    assert pieces.content() == whole.content()
    assert len(whole.data.points()) == len({(k % 3, k % 4, at) for at, k in enumerate(kinds)})


# ---------------------------------------------------------------- what it takes, and what not


def parsed_lines(bucket: Bucket, body: bytes, timing: Timing = Timing(1, NOW)) -> int:  # noqa: B008 (immutable)
    """How many lines of a body the grammar has to read when it is written."""
    grammar = import_module(f"mockflux.lineprotocol.{bucket.rules.grammar}")
    with (
        patch.object(grammar, "parse_next", side_effect=grammar.parse_next) as one,
        patch.object(grammar, "parse", side_effect=grammar.parse) as all,
    ):
        bucket.write(body, timing, Room())
    return one.call_count + sum(len(grammar.parse(call.args[0])) for call in all.call_args_list)


def body(count: int, start: int = 0) -> bytes:
    return b"\n".join(b"m,host=h%d v=%d.5,n=%di %d" % (n % 4, n, n, NOW + n) for n in range(start, start + count))


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: f"{edition[0]}-{edition[2]}{len(edition[1]) or ''}")
def test_lines_like_those_before_are_not_parsed(edition: tuple[str, dict[str, Any], str]) -> None:
    bucket = Bucket(*edition)
    assert parsed_lines(bucket, body(100)) < 10
    assert parsed_lines(bucket, body(100, 100)) == 0
    assert bucket.data.count() == 200


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: f"{edition[0]}-{edition[2]}{len(edition[1]) or ''}")
def test_a_batch_like_the_one_before_is_read_at_once(edition: tuple[str, dict[str, Any], str]) -> None:
    fast, exact = Bucket(*edition), Bucket(*edition)
    fast.write(body(20), Timing(1, NOW), Room())
    fast.write(body(20, 20), Timing(1, NOW), Room())
    with patch.object(quick._Batch, "_read_each", side_effect=AssertionError):
        verdict = fast.write(body(20, 40) + b"\nm,host=h1 v=1.5,n=2i", Timing(1, NOW), Room())  # the last without time
    for start in (0, 20):
        exact.judge(body(20, start), Timing(1, NOW), Room())
    assert verdict == exact.judge(body(20, 40) + b"\nm,host=h1 v=1.5,n=2i", Timing(1, NOW), Room())
    assert fast.content() == exact.content()


@pytest.mark.parametrize("odd", [b"m,host=h9 v=1.5,n=1i", b"m,host=h1 v=1.5", b"m,host=h\\ 1 v=1.5,n=1i", b"# x", b"m"])
def test_a_batch_with_one_other_line_is_read_line_by_line(odd: bytes) -> None:
    fast, exact = Bucket("v2-oss", {}, "v2-write"), Bucket("v2-oss", {}, "v2-write")
    for start in (0, 20):
        fast.write(body(20, start), Timing(1, NOW), Room())
        exact.judge(body(20, start), Timing(1, NOW), Room())
    mixed = body(5, 40) + b"\n" + odd + b"\n" + body(5, 45)
    assert fast.write(mixed, Timing(1, NOW), Room()) == exact.judge(mixed, Timing(1, NOW), Room())
    assert fast.content() == exact.content()


def test_a_series_that_had_other_fields_is_asked_for() -> None:
    """A pattern that fits is not enough: of this series such a line may not be stored."""
    fast = Bucket("v2-oss", {}, "v2-write")
    for start in (0, 4):
        fast.write(body(4, start), Timing(1, NOW), Room())
    fast.write(b'm,host=z v="text",n=1i 1', Timing(1, NOW), Room())
    for start in (8, 12):
        fast.write(body(4, start), Timing(1, NOW), Room())
    (refused,) = fast.write(body(4, 16) + b"\nm,host=z v=1.5,n=2i 2", Timing(1, NOW), Room()).rejections
    assert refused.reason.name == "type_conflict"


def test_what_is_written_past_the_wire_is_learned_once() -> None:
    with Server("v2-oss") as server:
        for n in range(5):
            server.write(f"m v={n} {n}")
        bucket = server.world.bucket
        assert bucket is not None
        assert len(bucket.data.learned) == 1


def test_what_is_written_past_the_wire_is_known_over_it() -> None:
    with Server("v2-oss") as server:
        server.write("m,t=a v=1 1\nm,t=b v=1 1\nm,t=c v=1 1")
        target = f"/api/v2/write?org={server.org}&bucket={server.bucket}"
        with patch.object(go, "parse_next", side_effect=AssertionError):
            request = Request("POST", target, [("Authorization", f"Token {server.token}")], b"m,t=b v=2 2")
            assert front.answer(server.world, request).status == 204
        assert len(server.points()) == 4


def test_rules_that_ask_the_same_are_known_as_such() -> None:
    rules = load_profile("v2-oss").settings.rules_for("v2-write", {})
    assert rules.judging is replace(rules, malformed="keep_good", report={"malformed": "all", "unfit": 3}).judging
    for other in ({"grammar": "iox"}, {"string_limit": 1}, {"reserved_fields": frozenset()}, {"unit": "field"}):
        assert rules.judging is not replace(rules, **other).judging


def test_a_refused_line_teaches_nothing() -> None:
    bucket = Bucket("v2-oss", {}, "v2-write")
    bucket.write(b"m v=1 1", Timing(1, NOW), Room())
    for _ in range(5):  # the first line of it is good, but not stored
        assert bucket.write(b'n v="x" 1\nm v=1i 1', Timing(1, NOW), Room()).accepted == 0
    assert bucket.write(b"n v=1 1", Timing(1, NOW), Room()).accepted == 1
    assert bucket.data.series_count == 2
    refused = bucket.write(b'n v="x" 1', Timing(1, NOW), Room())
    assert (refused.accepted, len(refused.rejections)) == (0, 1)


def test_times_and_lengths_are_asked_of_lines_that_are_known() -> None:
    bucket = Bucket("v2-oss", {}, "v2-write")
    timing = Timing(1, NOW, NOW - DAY, DAY)
    for _ in range(5):
        assert bucket.write(b'm s="a" %d' % NOW, timing, Room()).accepted == 1
    (late,) = bucket.write(b'm s="a" %d' % (NOW - 2 * DAY), timing, Room()).rejections
    assert late.reason.name == "outside_retention"
    limit = bucket.rules.string_limit
    assert bucket.write(b'm s="%b" %d' % (b"a" * limit, NOW), timing, Room()).accepted == 1
    (long,) = bucket.write(b'm s="%b" %d' % (b"a" * (limit + 1), NOW), timing, Room()).rejections
    assert long.reason.name == "string_too_long"


def test_a_scope_of_time_that_is_new_is_asked_for() -> None:
    bucket = Bucket("v3-dedicated", {}, "v2-write")
    for _ in range(5):
        bucket.write(b"m v=1 %d" % NOW, Timing(1, NOW), Room())
    bucket.write(b"m v=1i %d" % (NOW + DAY), Timing(1, NOW), Room())  # another day may have another type
    (refused,) = bucket.write(b"m v=2 %d" % (NOW + DAY + 1), Timing(1, NOW), Room()).rejections
    assert refused.reason.name == "type_conflict"
    assert bucket.write(b"m v=2 %d" % (NOW + 1), Timing(1, NOW), Room()).accepted == 1


def test_fields_that_are_left_out_teach_nothing() -> None:
    settings = load_profile("v2-oss").settings
    rules = replace(settings.rules_for("v2-write", {}), reserved_beside="drop", reserved_fields=frozenset({"time"}))
    data = BucketData(settings.storage)
    for n in range(6):
        commit.write(b"m time=1,v=1 %d" % n, Timing(1, NOW), data, rules, settings.storage)
    assert [point.fields for point in data.points()] == [{"v": 1.0}] * 6


def test_a_refused_line_of_a_series_that_is_known_teaches_nothing() -> None:
    bucket = Bucket("v2-oss", {}, "v2-write")
    bucket.write(b"m v=1 1", Timing(1, NOW), Room())
    assert bucket.write(b"\n".join([b"m w=1 1"] * 5 + [b"m v=1i 1"]), Timing(1, NOW), Room()).accepted == 0
    assert bucket.write(b"m w=1i 1", Timing(1, NOW), Room()).accepted == 1
    assert len(bucket.write(b"m w=1 1", Timing(1, NOW), Room()).rejections) == 1


def test_refused_batches_leave_no_shape_and_no_block() -> None:
    bucket = Bucket("v2-oss", {}, "v2-write")
    for n in range(600):
        assert bucket.write(b"m f%d=1 1\nbad" % n, Timing(1, NOW), Room()).accepted == 0
    (learned,) = bucket.data.learned.values()
    assert (learned.series, learned.shapes, bucket.data._blocks) == ({}, {}, {})


def test_a_line_of_many_fields_makes_no_pattern() -> None:
    bucket = Bucket("v2-oss", {}, "v2-write")
    wide = b"m " + b",".join(b"f%d=1" % n for n in range(3_000))
    for _ in range(5):
        assert bucket.write(wide, Timing(1, NOW), Room()).accepted == 1
    (learned,) = bucket.data.learned.values()
    assert learned.shapes == {}


def test_a_column_has_the_type_that_its_first_line_gives_it() -> None:
    fast, exact = Bucket("v3-dedicated", {}, "v2-write"), Bucket("v3-dedicated", {}, "v2-write")
    lines = [b"m w=1i %d" % NOW, *[b"m w=1 %d" % (NOW + DAY)] * 3, b"m w=1 %d" % (NOW + 2 * DAY)]
    assert fast.write(b"\n".join(lines), Timing(1, NOW), Room()) == exact.judge(
        b"\n".join(lines), Timing(1, NOW), Room()
    )
    assert list(fast.data.columns("m").items()) == list(exact.data.columns("m").items())
    assert fast.data.columns("m")["w"] == "integer"


def test_an_interrupted_write_teaches_nothing() -> None:
    bucket = Bucket("v2-oss", {}, "v2-write")
    with patch.object(BucketData, "store", side_effect=MemoryError), pytest.raises(MemoryError):
        bucket.write(b"m v=1 1", Timing(1, NOW), Room())
    assert bucket.data.points() == []
    assert bucket.write(b'm v="x" 1', Timing(1, NOW), Room()).accepted == 1
    assert len(bucket.data.points()) == 1


def test_what_is_remembered_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "_MOST_SERIES", 10)
    monkeypatch.setattr(quick, "_MOST_SHAPES", 10)
    bucket = Bucket("v2-oss", {}, "v2-write")
    for turn in range(3):
        for n in range(50):
            bucket.write(b"m,t=%d f%d=1 %d" % (n, n % 25, turn), Timing(1, NOW), Room())
    (learned,) = bucket.data.learned.values()
    assert 0 < len(learned.series) <= 10
    assert 0 < len(learned.shapes) <= 10
    assert bucket.data.count() == 150


@pytest.mark.parametrize("edition", ["v2-oss", "v3-core"])
def test_over_the_wire(edition: str) -> None:
    chance = random.Random(3)
    values = [chance.random() for _ in range(500)]
    with Server(edition) as server:
        for start in range(0, 500, 100):
            server.write("\n".join(f"m,h=h{n % 7} v={values[n]!r},ok=t {NOW + n}" for n in range(start, start + 100)))
        points = server.points()
    assert [point.fields["v"] for point in points] == values
    assert [point.tags["h"] for point in points] == [f"h{n % 7}" for n in range(500)]
    assert {point.fields["ok"] for point in points} == {True}
