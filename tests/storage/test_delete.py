"""Deleting from a bucket, against the simplest model that says the same."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockflux.lineprotocol import Field, FieldType, FieldValue, Line, Tags
from mockflux.storage import BucketData, Point, StorageRules
from mockflux.storage.predicates import FIELD, MEASUREMENT, Comparison, Predicate, parse
from mockflux.storage.rules import DAY, WEEK, TypeScope

EVER = (-(2**63), 2**63 - 1)
ALL = Predicate()
TYPES: dict[type, FieldType] = {float: "float", int: "integer", str: "string", bool: "boolean"}

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def line(measurement: str, tags: Tags = (), /, **fields: FieldValue) -> Line:
    """A line whose fields have the types of their Python values."""
    given = tuple(Field(key, TYPES[type(value)], value) for key, value in fields.items())
    return Line(1, b"", measurement, tags, given, None)


def data(scope: TypeScope = "series", **more: Any) -> BucketData:
    return BucketData(StorageRules(type_scope=scope, **more))


A, B = (("host", "a"),), (("host", "b"),)


@pytest.fixture
def filled() -> BucketData:
    """Two measurements with two hosts each, times 0 to 3."""
    bucket = data()
    for measurement in ("cpu", "mem"):
        bucket.commit([(line(measurement, tags, v=float(time), w=time), time) for tags in (A, B) for time in range(4)])
    return bucket


# ------------------------------------------------------------------------------------------ what goes


def test_both_ends_are_included(filled: BucketData) -> None:
    assert filled.delete(1, 2, parse('_measurement="cpu" AND host="a"')) == 2
    assert [point.time for point in filled.points("cpu") if point.tags == {"host": "a"}] == [0, 3]
    assert filled.count() == 14


@pytest.mark.parametrize(
    ("predicate", "left"),
    [
        ("", []),
        ('_measurement="cpu"', ["mem a", "mem b"]),
        ('host="a"', ["cpu b", "mem b"]),
        ('host!="a"', ["cpu a", "mem a"]),
        ('_measurement="cpu" AND host="a"', ["cpu b", "mem a", "mem b"]),
        ('_measurement="disk"', ["cpu a", "cpu b", "mem a", "mem b"]),
        ('rack!="1"', ["cpu a", "cpu b", "mem a", "mem b"]),
    ],
)
def test_whole_series_are_forgotten(filled: BucketData, predicate: str, left: list[str]) -> None:
    gone = filled.delete(*EVER, parse(predicate))
    assert sorted({f"{point.measurement} {point.tags['host']}" for point in filled.points()}) == left
    assert gone == 16 - filled.count() == 16 - 4 * len(left)
    assert filled.rows == 4 * len(left)
    assert filled.series_count == len(left)
    assert filled.measurements() == sorted({series[:3] for series in left})
    assert filled.field_series() == {
        (series[:3], (("host", series[4:]),), key) for series in left for key in ("v", "w")
    }  # fmt: skip


def test_nothing_to_delete_changes_nothing(filled: BucketData) -> None:
    version = filled.version
    assert filled.delete(3, 0, ALL) == 0
    assert filled.delete(4, 9, ALL) == 0
    assert filled.delete(*EVER, parse('_measurement!="cpu"')) == 0
    assert (filled.version, filled.count()) == (version, 16)


def test_fields_go_and_the_others_stay(filled: BucketData) -> None:
    version = filled.version
    assert filled.delete(1, 2, parse('_field="v" AND host="a"')) == 4
    assert filled.points("cpu")[2] == Point("cpu", {"host": "a"}, {"w": 1}, 1)
    assert filled.points("cpu")[3] == Point("cpu", {"host": "b"}, {"v": 1.0, "w": 1}, 1)
    assert (filled.count(), filled.rows) == (16, 16)
    assert filled.version > version
    assert filled.delete(*EVER, parse('_field="w"')) == 16
    assert filled.count() == 12
    assert {tuple(point.fields) for point in filled.points()} == {("v",)}


def test_what_was_overwritten_does_not_come_back() -> None:
    bucket = data()
    bucket.commit([(line("m", v=1.0), 1)])
    bucket.commit([(line("m", v=2.0, w=1), 1)])
    assert bucket.delete(1, 1, parse('_field="v"')) == 1
    assert bucket.points() == [Point("m", {}, {"w": 1}, 1)]


def test_the_last_write_still_wins_where_fields_went() -> None:
    bucket = data()
    bucket.commit([(line("m", v=1, w=1), 1), (line("m", w=2), 1), (line("m", v=3, w=3), 1)])
    bucket.commit([(line("m", w=4), 1)])
    bucket.delete(1, 1, parse('_field="v"'))
    assert bucket.points() == [Point("m", {}, {"w": 4}, 1)]
    bucket.commit([(line("m", w=5), 1)])
    assert bucket.points() == [Point("m", {}, {"w": 5}, 1)]


def test_the_oldest_point_is_found_again(filled: BucketData) -> None:
    assert filled.count(since=0) == 16
    filled.delete(0, 1, ALL)
    assert filled.count(since=2) == filled.count() == 8
    filled.delete(*EVER, ALL)
    assert filled.count(since=2) == 0
    assert filled._oldest == math.inf


def test_a_series_comes_back_and_memory_does_not_grow() -> None:
    bucket = data()
    for time in range(50):
        bucket.commit([(line("m", A, v=1.0), time), (line("m", B, v=1.0), time)])
        assert bucket.delete(time, time, parse('host="a"')) == 1
    assert bucket.series_count == 1
    assert len(bucket._series) == 2
    bucket.commit([(line("m", (("host", "c"),), v=1.0), 0)])
    assert {point.tags["host"] for point in bucket.points()} == {"b", "c"}


# ------------------------------------------------------------------------------------------ types


def test_a_series_without_points_takes_another_type() -> None:
    bucket = data()
    bucket.commit([(line("m", A, v=1.0, w=1), 1), (line("m", B, v=1.0), 1)])
    bucket.delete(*EVER, parse('host="a"'))
    assert bucket.types(line("m", A), 1) == {}
    assert bucket.types(line("m", B), 1) == {"v": "float"}
    bucket.commit([(line("m", A, v="x"), 1)])
    assert bucket.types(line("m", A), 1) == {"v": "string"}


def test_a_field_without_points_takes_another_type() -> None:
    bucket = data()
    bucket.commit([(line("m", v=1.0, w=1), 1), (line("m", w=1), 2)])
    bucket.delete(1, 1, parse('_field="v"'))
    assert bucket.types(line("m"), 1) == {"w": "integer"}
    bucket.delete(2, 2, ALL)
    assert bucket.types(line("m"), 1) == {"w": "integer"}
    bucket.delete(1, 1, ALL)
    assert bucket.types(line("m"), 1) == {}


@pytest.mark.parametrize(("scope", "apart"), [("shard", WEEK), ("partition", DAY)])
def test_a_span_of_time_forgets_its_types_with_its_last_point(scope: TypeScope, apart: int) -> None:
    bucket = data(scope)
    bucket.commit([(line("m", A, v=1.0), 0), (line("m", B, v=1.0, w=1), 1), (line("m", A, v=1.0), apart)])
    bucket.delete(0, 1, parse('host="b"'))
    assert bucket.types(line("m"), 0) == {"v": "float", "w": "integer"}
    bucket.delete(0, 1, ALL)
    assert bucket.types(line("m"), 0) == {}
    assert bucket.types(line("m"), apart) == {"v": "float"}


def test_a_table_is_forgotten_with_its_last_point() -> None:
    bucket = data("table", tags_are_columns=True)
    bucket.commit([(line("m", A, v=1.0), 0), (line("n", v=1.0), 0)])
    bucket.delete(*EVER, parse('_measurement="m"'))
    assert (bucket.table_count, dict(bucket.columns("m")), dict(bucket.columns("n"))) == (1, {}, {"v": "float"})


# ------------------------------------------------------------------------------------------ the model

Model = dict[tuple[str, Tags, int], dict[str, FieldValue]]

MEASUREMENTS, HOSTS, KEYS = st.sampled_from(["m", "n"]), st.sampled_from([(), A, B]), st.sampled_from(["v", "w", "x"])
WRITES = st.tuples(
    st.builds(
        lambda measurement, tags, fields: line(measurement, tags, **fields),
        MEASUREMENTS, HOSTS, st.dictionaries(KEYS, st.integers(0, 9), min_size=1),
    ),
    st.integers(0, 5),
)  # fmt: skip
CONDITIONS = st.one_of(
    st.builds(Comparison, st.just(MEASUREMENT), st.booleans(), MEASUREMENTS),
    st.builds(Comparison, st.just("host"), st.booleans(), st.sampled_from(["a", "b", ""])),
    st.builds(Comparison, st.just(FIELD), st.booleans(), KEYS),
)
DELETES = st.tuples(
    st.integers(-1, 6), st.integers(-1, 6), st.lists(CONDITIONS, max_size=2).map(lambda own: Predicate(tuple(own)))
)


def delete(model: Model, start: int, stop: int, predicate: Predicate) -> int:
    """What :meth:`BucketData.delete` says, by looking at each value."""
    touched = 0
    for (measurement, tags, time), fields in list(model.items()):
        doomed = [
            key
            for key in fields
            if start <= time <= stop and all(fits(c, measurement, dict(tags), key) for c in predicate.comparisons)
        ]
        for key in doomed:
            del fields[key]
        touched += bool(doomed)
        if not fields:
            del model[measurement, tags, time]
    return touched


def fits(condition: Comparison, measurement: str, tags: dict[str, str], key: str) -> bool:
    if condition.key == MEASUREMENT:
        return condition.equal and condition.value == measurement
    if condition.key == FIELD:
        return condition.equal and condition.value == key
    own = tags.get(condition.key)
    return own is not None and (own == condition.value) is condition.equal


@given(st.lists(st.lists(WRITES, min_size=1, max_size=8) | DELETES, max_size=12))
@patient
def test_as_the_model(steps: list[Any]) -> None:
    bucket, model = data(), dict[tuple[str, Tags, int], dict[str, FieldValue]]()
    for step in steps:
        if isinstance(step, list):
            bucket.commit(step)
            for written, time in step:
                model.setdefault((written.measurement, written.tags, time), {}).update(
                    {field.key: field.value for field in written.fields}
                )
        else:
            assert bucket.delete(*step) == delete(model, *step)
        expected = [
            Point(measurement, dict(tags), dict(sorted(fields.items())), time)
            for (measurement, tags, time), fields in sorted(model.items(), key=lambda e: (e[0][0], e[0][2], e[0][1]))
        ]
        assert bucket.points() == expected
        assert bucket.count() == len(expected) == bucket.count(since=-5) <= bucket.rows
        assert bucket.count(since=3) == sum(point.time >= 3 for point in expected)
        assert bucket.series_count == len({key[:2] for key in model})
        assert bucket.field_series() == {(*key[:2], field) for key, fields in model.items() for field in fields}
        for measurement, tags in ((m, t) for m in ("m", "n") for t in ((), A, B)):
            held = {key for (m, t, _), fields in model.items() if (m, t) == (measurement, tags) for key in fields}
            assert set(bucket.types(line(measurement, tags), 0)) == held
