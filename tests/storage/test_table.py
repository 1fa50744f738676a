"""What one bucket holds, against the simplest model that says the same."""

from __future__ import annotations

import struct
import threading
from array import array
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockflux.lineprotocol import Field, FieldType, FieldValue, Line, Tags
from mockflux.storage import BucketData, Point, StorageRules, shard_duration
from mockflux.storage.block import Block
from mockflux.storage.rules import DAY, WEEK, TypeScope

MONDAY = 1_704_067_200 * 10**9  # 2024-01-01

#: The machine may be busy: how long drawing takes is no property of ours.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

INT64 = st.integers(-(2**63), 2**63 - 1)
VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "integer": INT64,
    "unsigned": st.integers(0, 2**64 - 1),
    "string": st.one_of(st.sampled_from(["", "ok", "läuft", "\udcff"]), st.text('aß☃\n"\udcff', max_size=3)),
    "boolean": st.booleans(),
}


def line(measurement: str, tags: Tags = (), /, **fields: FieldValue) -> Line:
    """A line whose fields have the types of their Python values."""
    names: dict[type, FieldType] = {float: "float", int: "integer", str: "string", bool: "boolean"}
    return of_fields(measurement, tags, [Field(key, names[type(value)], value) for key, value in fields.items()])


def of_fields(measurement: str, tags: Tags, fields: list[Field]) -> Line:
    return Line(1, b"", measurement, tags, tuple(fields), None)


def data(scope: TypeScope = "series", **more: Any) -> BucketData:
    return BucketData(StorageRules(type_scope=scope), **more)


# ------------------------------------------------------------------------------------------ the model

Key = tuple[str, Tags, int]
Model = dict[Key, dict[str, FieldValue]]

KEYS = st.sampled_from(["a", "b", "c"])
TAGS = st.sampled_from([(), (("host", "a"),), (("host", "b"),), (("host", "a"), ("rack", "1"))])
TIMES = st.one_of(st.integers(-2, 3), st.sampled_from([-(2**63), 2**63 - 1]))


@st.composite
def fields(draw: st.DrawFn) -> Field:
    kind: FieldType = draw(st.sampled_from(list(VALUES)))
    return Field(draw(KEYS), kind, draw(VALUES[kind]))


LINES = st.builds(of_fields, st.sampled_from(["m", "n", "m2"]), TAGS, st.lists(fields(), min_size=1, max_size=4))
COMMITS = st.lists(st.lists(st.tuples(LINES, TIMES), max_size=6), max_size=6)


def stored(commits: list[list[tuple[Line, int]]]) -> Model:
    model: Model = {}
    for commit in commits:
        for line, time in commit:
            kept = model.setdefault((line.measurement, line.tags, time), {})
            kept.update((field.key, field.value) for field in line.fields)
    return model


def exact(value: FieldValue) -> tuple[str, Any]:
    """A value in a form in which 1, 1.0 and True, 0.0 and -0.0 differ."""
    return type(value).__name__, struct.pack(">d", value) if isinstance(value, float) else value


def as_model(points: list[Point]) -> list[tuple[Key, list[tuple[str, tuple[str, Any]]]]]:
    return [
        ((p.measurement, tuple(p.tags.items()), p.time), [(key, exact(value)) for key, value in p.fields.items()])
        for p in points
    ]


def expected(model: Model) -> list[tuple[Key, list[tuple[str, tuple[str, Any]]]]]:
    order = sorted(model, key=lambda key: (key[0], key[2], key[1]))
    return [(key, [(name, exact(value)) for name, value in sorted(model[key].items())]) for key in order]


@patient
@given(COMMITS, TIMES)
def test_a_bucket_holds_what_was_committed(commits: list[list[tuple[Line, int]]], since: int) -> None:
    bucket = data()
    for number in range(len(commits)):
        bucket.commit(commits[number])
        assert bucket.count() == len(stored(commits[: number + 1]))  # also between commits: its memory must go
    model = stored(commits)
    assert as_model(bucket.points()) == expected(model)
    assert as_model(bucket.points("m")) == expected({key: model[key] for key in model if key[0] == "m"})
    young = {key: model[key] for key in model if key[2] >= since}
    assert as_model(bucket.points(since=since)) == expected(young)
    assert bucket.count(since) == len(young)
    assert bucket.count() == len(model)
    assert bucket.measurements() == sorted({key[0] for key in model})
    assert bucket.series_count == len({key[:2] for key in model})
    assert bucket.rows == sum(map(len, commits))
    bucket.clear()
    assert (bucket.points(), bucket.count(), bucket.count(since), bucket.rows) == ([], 0, 0, 0)
    assert (bucket.measurements(), bucket.series_count) == ([], 0)


@patient
@given(st.lists(st.tuples(LINES, TIMES), min_size=1, max_size=10), st.data())
def test_how_lines_are_cut_into_batches_does_not_matter(lines: list[tuple[Line, int]], draw: st.DataObject) -> None:
    whole, pieces = data(), data()
    whole.commit(lines)
    while lines:
        size = draw.draw(st.integers(1, len(lines)))
        pieces.commit(lines[:size])
        lines = lines[size:]
    assert as_model(whole.points()) == as_model(pieces.points())


# ------------------------------------------------------------------------------------------ writing and reading


def test_values_come_back_exactly() -> None:
    bucket = data()
    values = [
        Field("least", "integer", -(2**63)), Field("most", "integer", 2**63 - 1), Field("u", "unsigned", 2**64 - 1),
        Field("zero", "float", -0.0), Field("tiny", "float", 5e-324), Field("pi", "float", 0.1 + 0.2),
        Field("yes", "boolean", True), Field("no", "boolean", False), Field("text", "string", "a\nb\udcfe"),
        Field("nothing", "string", ""),
    ]  # fmt: skip
    bucket.commit([(of_fields("m", (), values), 1)])
    [point] = bucket.points()
    assert {key: exact(value) for key, value in point.fields.items()} == {f.key: exact(f.value) for f in values}
    assert list(point.fields) == sorted(point.fields)


def test_the_last_write_wins_field_by_field() -> None:
    bucket = data()
    bucket.commit([(line("m", a=1.0), 5), (line("m", a=2.0, b=1.0), 5), (line("m", b=7.0), 5)])
    bucket.commit([(line("m", c=3), 5), (line("m", a=4.0), 6)])
    assert bucket.points() == [Point("m", {}, {"a": 2.0, "b": 7.0, "c": 3}, 5), Point("m", {}, {"a": 4.0}, 6)]
    assert bucket.count() == 2
    assert bucket.rows == 5


def test_a_key_twice_in_a_line_keeps_the_last_value() -> None:
    bucket = data()
    twice = [Field("a", "integer", 1), Field("b", "float", 2.0), Field("a", "integer", 3)]
    bucket.commit([(of_fields("m", (), twice), 5)])
    assert bucket.points() == [Point("m", {}, {"a": 3, "b": 2.0}, 5)]


def test_points_are_sorted_by_measurement_time_and_tags() -> None:
    bucket = data()
    a, b = (("host", "a"),), (("host", "b"),)
    bucket.commit([(line("z", v=1), 1), (line("m", b, v=1), 2), (line("m", a, v=1), 2), (line("m", b, v=1), 1)])
    assert [(p.measurement, p.time, p.tags) for p in bucket.points()] == [
        ("m", 1, {"host": "b"}), ("m", 2, {"host": "a"}), ("m", 2, {"host": "b"}), ("z", 1, {}),
    ]  # fmt: skip


def test_an_empty_commit_changes_nothing() -> None:
    bucket = data()
    bucket.commit([])
    assert bucket.version == 0
    bucket.commit([(line("m", a=1), 1)])
    assert bucket.version == 1


@pytest.mark.parametrize(
    ("field", "error"),
    [
        (Field("bad", "integer", 2**63), OverflowError),
        (Field("bad", "unsigned", -1), OverflowError),
        (Field("bad", "float", "x"), TypeError),
        (Field("bad", "string", 5), TypeError),
    ],
)
def test_a_batch_with_an_impossible_value_is_stored_not_at_all(field: Field, error: type[Exception]) -> None:
    bucket = data()
    bucket.commit([(line("m", a=1), 1)])
    before = bucket.points()
    unknown = (("host", "new"),)
    with pytest.raises(error):
        bucket.commit([(line("m", a=2), 1), (line("n", unknown, x=1), 2), (of_fields("m", (), [field]), 3)])
    assert bucket.points() == before
    assert (bucket.count(), bucket.rows, bucket.version, bucket.series_count) == (1, 1, 1, 1)
    assert bucket.measurements() == ["m"]
    assert bucket.field_type(line("n", unknown), 2, "x") is None


def test_a_commit_that_is_interrupted_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = data()
    bucket.commit([(line("m", a=1), 1), (line("n", a=1.0, b="x"), 1)])
    before = bucket.points()
    extend, calls = Block.extend, iter([False, True])

    def interrupted(self: Block, times: array[int], *rest: Any) -> None:
        extend(self, times, *rest)
        if next(calls):
            raise KeyboardInterrupt

    monkeypatch.setattr(Block, "extend", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bucket.commit([(line("m", a=2), 1), (line("n", a=2.0, b="y"), 1)])
    monkeypatch.undo()
    assert bucket.points() == before
    bucket.commit([(line("n", a=3.0, b="z"), 1)])
    assert bucket.points("n") == [Point("n", {}, {"a": 3.0, "b": "z"}, 1)]


# ------------------------------------------------------------------------------------------ types

A, B = (("host", "a"),), (("host", "b"),)


@pytest.mark.parametrize(
    ("scope", "tags", "time", "known"),
    [
        ("series", A, MONDAY + 3 * WEEK, True),
        ("series", B, MONDAY, False),
        ("table", B, MONDAY + 3 * WEEK, True),
        ("shard", B, MONDAY + WEEK - 1, True),
        ("shard", A, MONDAY + WEEK, False),
        ("shard", A, MONDAY - 1, False),
        ("partition", B, MONDAY + DAY - 1, True),
        ("partition", A, MONDAY + DAY, False),
        ("partition", A, MONDAY - 1, False),
    ],
)
def test_within_what_a_field_keeps_its_type(scope: TypeScope, tags: Tags, time: int, known: bool) -> None:
    bucket = data(scope)
    bucket.commit([(line("m", A, v=1.0), MONDAY)])
    probe = line("m", tags, v=1)
    assert bucket.field_type(probe, time, "v") == ("float" if known else None)
    assert (bucket.scope(probe, time) == bucket.scope(line("m", A), MONDAY)) is known
    assert bucket.field_type(line("other", A), MONDAY, "v") is None
    assert bucket.field_type(probe, time, "w") is None


def test_shards_are_as_long_as_the_retention_says() -> None:
    bucket = data("shard", shard_duration=shard_duration(7 * DAY))
    bucket.commit([(line("m", v=1.0), MONDAY)])
    assert bucket.field_type(line("m"), MONDAY + DAY - 1, "v") == "float"
    assert bucket.field_type(line("m"), MONDAY + DAY, "v") is None


@patient
@given(
    st.sampled_from(["series", "table", "shard", "partition"]),
    st.lists(st.tuples(LINES, st.sampled_from([0, DAY, WEEK])), max_size=12),
)
def test_the_first_type_stays(scope: TypeScope, lines: list[tuple[Line, int]]) -> None:
    bucket = data(scope)
    model: dict[Any, FieldType] = {}
    for line, time in lines:
        # Of a key that occurs twice in a line the last type counts; a judge refuses such lines anyway.
        for key, type in {field.key: field.type for field in line.fields}.items():
            model.setdefault((bucket.scope(line, time), key), type)
        bucket.commit([(line, time)])
    for line, time in lines:
        for key in "abc":
            assert bucket.field_type(line, time, key) == model.get((bucket.scope(line, time), key))


def test_series_of_the_same_fields_do_not_share_what_one_of_them_learns() -> None:
    bucket = data()
    bucket.commit([(line("m", A, v=1.0), 1), (line("m", B, v=1.0), 1)])
    bucket.commit([(line("m", A, w=1), 1), (line("m", A, x="s"), 1)])
    assert dict(bucket.types(line("m", A), 1)) == {"v": "float", "w": "integer", "x": "string"}
    assert dict(bucket.types(line("m", B), 1)) == {"v": "float"}


def test_types_of_a_refused_line_can_be_noted() -> None:
    bucket = data("table")
    refused = line("m", A, a=1.0, b=2, c="x")
    bucket.register_types(refused, 1, ["a", "b"])
    assert dict(bucket.types(line("m", B), 9)) == {"a": "float", "b": "integer"}
    bucket.register_types(line("m", A, a=1), 1, ["a"])
    assert bucket.field_type(refused, 1, "a") == "float"
    assert (bucket.points(), bucket.count(), bucket.series_count, bucket.measurements()) == ([], 0, 0, [])
    bucket.commit([(line("m", B, c=True), 1)])
    assert bucket.field_type(refused, 1, "c") == "boolean"
    bucket.clear()
    assert bucket.field_type(refused, 1, "a") is None


# ------------------------------------------------------------------------------------------ threads


def run_together(*workers: Any) -> None:
    errors: list[BaseException] = []

    def guarded(worker: Any) -> None:
        try:
            worker()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_many_writers_lose_and_duplicate_nothing() -> None:
    bucket = data()
    start = threading.Barrier(8)

    def writer(name: int) -> Any:
        def write() -> None:
            start.wait()
            for batch in range(25):
                tags = (("writer", str(name)),)
                lines = [line("m", tags, v=n) if n % 2 else line("m", tags, v=n, w=0.5) for n in range(20)]
                bucket.commit([(line, batch * 20 + n) for n, line in enumerate(lines)])

        return write

    run_together(*[writer(name) for name in range(8)])
    points = bucket.points()
    assert bucket.count() == bucket.rows == len(points) == 8 * 500
    assert {(p.tags["writer"], p.time) for p in points} == {(str(w), t) for w in range(8) for t in range(500)}
    assert all(p.fields["v"] == p.time % 20 and ("w" in p.fields) == (p.time % 2 == 0) for p in points)
    assert bucket.version == 8 * 25
    assert bucket.series_count == 8


def test_a_reader_never_sees_half_a_batch() -> None:
    bucket = data()
    done = threading.Event()

    def write() -> None:
        for number in range(150):
            bucket.commit([(line(name, v=number), number) for name in ("a", "b")])
        done.set()

    def read() -> None:
        while not done.is_set():
            points = bucket.points()
            assert sum(p.measurement == "a" for p in points) * 2 == len(points)
            assert bucket.count() % 2 == 0

    run_together(write, read, read)
    assert bucket.count() == 300


def test_who_holds_the_lock_judges_in_peace() -> None:
    bucket = data()

    def add_if_absent() -> None:
        for time in range(100):
            with bucket.lock:
                if bucket.field_type(line("m"), 0, str(time)) is None:
                    bucket.commit([(line("m", **{str(time): 1}), time)])

    run_together(*[add_if_absent] * 8)
    assert bucket.rows == 100


# ------------------------------------------------------------------------------------------ Point


def test_a_point_is_a_value() -> None:
    assert Point("m", {"t": "a"}, {"v": 1.5}, 7) == Point("m", {"t": "a"}, {"v": 1.5}, 7)
    assert Point("m", {}, {"v": 1.5}, 7) != Point("m", {}, {"v": 1.5}, 8)
    with pytest.raises(AttributeError):
        Point("m", {}, {}, 1).time = 2  # type: ignore[misc]
    assert not hasattr(Point("m", {}, {}, 1), "__dict__")
