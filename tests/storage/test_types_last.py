"""How long the types of fields last once points are deleted."""

from __future__ import annotations

from mockflux.lineprotocol import Field, Line
from mockflux.storage.predicates import Predicate
from mockflux.storage.rules import WEEK, StorageRules, shard_start
from mockflux.storage.table import BucketData

LATER = 10 * WEEK


def line(measurement: str, host: str) -> Line:
    return Line(1, b"", measurement, (("host", host),), (Field("v", "integer", 1),), None)


def filled(rules: StorageRules) -> BucketData:
    data = BucketData(rules)
    data.commit([(line("m", "a"), 1), (line("m", "a"), LATER), (line("n", "a"), 1)])
    return data


def test_they_go_with_the_points() -> None:
    data = filled(StorageRules("shard"))
    data.delete(0, 5, Predicate())
    assert data.shard_types() == {"m": {shard_start(LATER, WEEK): {"v": "integer"}}}


def test_they_last_until_the_measurement_is_dropped() -> None:
    data = filled(StorageRules("shard", types_last="measurement"))
    before = data.shard_types()
    assert before == {
        "m": {shard_start(1, WEEK): {"v": "integer"}, shard_start(LATER, WEEK): {"v": "integer"}},
        "n": {shard_start(1, WEEK): {"v": "integer"}},
    }
    assert data.delete(0, LATER, Predicate()) == 3
    assert data.shard_types() == before
    assert (data.count(), data.series_count) == (0, 0)
    data.drop("m")
    assert list(data.shard_types()) == ["n"]


def test_a_dropped_measurement_takes_its_points_along() -> None:
    data = filled(StorageRules("shard", types_last="measurement"))
    data.drop("m")
    assert data.measurements() == ["n"]
    data.commit([(line("m", "b"), 1)])
    assert data.shard_types()["m"] == {shard_start(1, WEEK): {"v": "integer"}}
