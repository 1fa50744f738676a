"""Judging field by field (``unit = "field"``), and in two steps: before the reply and when the queue is worked off."""

from __future__ import annotations

from typing import Any

import pytest

from mockflux.lineprotocol import BadLine, Line, go
from mockflux.profile import load_profile
from mockflux.reasons import OutsideRetention, TypeConflict
from mockflux.storage.rules import StorageRules
from mockflux.storage.schemas import MeasurementSchema, from_user
from mockflux.storage.table import BucketData
from mockflux.writing import commit
from mockflux.writing.judge import Judgement, judge, kept, points_in
from mockflux.writing.rules import WriteRules
from mockflux.writing.timing import Timing

CLOUD = StorageRules("series", late_points="drop", deletes="queued", delay=1)
#: No point of these tests is too old.
EVER = Timing(1, 0)


def rules(**changes: Any) -> WriteRules:
    """Those of v2-cloud, with changes."""
    chosen: dict[str, Any] = {
        "grammar": "go", "order": "phase", "malformed": "reject_batch", "unfit": "keep_good", "unit": "field",
        "queued": frozenset({"type_conflict", "outside_retention"}), "report": {"malformed": "all", "unfit": "all"},
        "decided_by": ("malformed",), "objections": ("schema", "retention", "types"),
    }  # fmt: skip
    return WriteRules(**{**chosen, **changes})


def bucket(*stored: str, schema: object = None, storage: StorageRules = CLOUD) -> BucketData:
    """The data of a bucket that holds these lines already."""
    data = BucketData(storage)
    if schema is not None:
        data.schemas = from_user(schema, lambda name, columns: MeasurementSchema("1", name, columns, 0, 0))
    data.commit([(line, line.time or 0) for line in lines("\n".join(stored)) if isinstance(line, Line)])
    return data


def lines(body: str) -> list[Line | BadLine]:
    return go.parse(body.encode(), 1)


def judged(body: str, data: BucketData | None = None, timing: Timing = EVER, **changes: Any) -> Judgement:
    data = data or bucket()
    return judge(lines(body), timing, data, rules(**changes), data.rules)


def fit(judgement: Judgement) -> list[str]:
    """The fields that may be stored: ``measurement.key=value``."""
    return [f"{line.measurement}.{own.key}={own.value}" for line, _ in judgement.fit for own in line.fields]


def refused(judgement: Judgement) -> list[tuple[int, str]]:
    """Number of the line and the field of each type conflict."""
    return [
        (rejection.number, rejection.reason.field)
        for rejection in judgement.rejections
        if isinstance(rejection.reason, TypeConflict)
    ]


# ---------------------------------------------------------------- what counts as a point


@pytest.mark.parametrize(
    ("unit", "stored", "conflicts"),
    [
        ("line", ["m.v=1.0", "m.w=2.0", "m.w=4.0"], [(2, "v")]),
        ("field", ["m.v=1.0", "m.w=2.0", "m.w=3.0", "m.w=4.0"], [(2, "v")]),
    ],
)
def test_a_field_is_refused_alone_or_with_its_line(unit: Any, stored: list[str], conflicts: list[Any]) -> None:
    judgement = judged("m v=1,w=2 1\nm v=2i,w=3 2\nm w=4 3", unit=unit)
    assert fit(judgement) == stored
    assert refused(judgement) == conflicts


def test_each_refused_field_of_a_line_is_told() -> None:
    judgement = judged("m v=1i,w=2i,x=3i,y=4", bucket("m v=1,w=1,x=1 1"))
    assert fit(judgement) == ["m.y=4.0"]
    assert refused(judgement) == [(1, "v"), (1, "w"), (1, "x")]
    assert {rejection.line for rejection in judgement.rejections} == {"m v=1i,w=2i,x=3i,y=4"}


def test_a_line_of_which_nothing_is_left_is_not_stored() -> None:
    judgement = judged("m v=1i,w=2i", bucket("m v=1,w=1 1"))
    assert judgement.fit == []
    assert refused(judgement) == [(1, "v"), (1, "w")]


def test_the_types_of_a_line_that_is_half_refused_count_for_the_next() -> None:
    judgement = judged("m v=1i,w=2i\nm w=3\nm v=4", bucket("m v=1 1"))
    assert fit(judgement) == ["m.w=2", "m.v=4.0"]
    assert [(r.reason, r.number) for r in judgement.rejections] == [
        (TypeConflict("m", "v", "integer", "float", "stored"), 1),
        (TypeConflict("m", "w", "float", "integer", "batch"), 2),
    ]


def test_a_field_that_stands_twice_with_two_types() -> None:
    """The first one counts, the other conflicts with it: each is a point."""
    judgement = judged("m v=1,v=2i,v=3 1")
    assert fit(judgement) == ["m.v=1.0", "m.v=3.0"]
    assert [rejection.reason for rejection in judgement.rejections] == [
        TypeConflict("m", "v", "integer", "float", "batch")
    ]


def test_the_same_field_of_another_series_is_another() -> None:
    judgement = judged("m,t=x v=1\nm,t=y v=2i\nm v=3u\nn v=t")
    assert (len(judgement.fit), judgement.rejections) == (4, [])


def test_time_and_tags_stay_with_what_is_left() -> None:
    judgement = judged("m,t=x v=1i,w=2 7", bucket("m,t=x v=1 1"))
    [(line, time)] = judgement.fit
    assert (line.measurement, line.tags, time) == ("m", (("t", "x"),), 7)


def test_late_points_are_dropped_without_a_word_one_by_one() -> None:
    timing = Timing(1, 100, bound=50, retention=50)
    judgement = judged("m v=1,w=2 49\nm v=3,w=4 50\nm v=5i 49\nm v=6i 51", timing=timing)
    assert fit(judgement) == ["m.v=3.0", "m.w=4.0"]
    assert refused(judgement) == [(4, "v")], "what is too old is not asked for its type, and gives none"
    assert [(own.number, type(own.reason)) for own in judgement.dropped] == [
        (1, OutsideRetention), (1, OutsideRetention), (3, OutsideRetention),
    ]  # fmt: skip


def test_an_edition_that_rejects_late_points_says_so() -> None:
    data, timing = bucket(storage=StorageRules("series")), Timing(1, 100, bound=50, retention=50)
    judgement = judged("m v=1,w=2 49", data, timing)
    assert [own.reason.name for own in judgement.rejections] == ["outside_retention"] * 2
    assert judgement.dropped == []


# ---------------------------------------------------------------- counting


@pytest.mark.parametrize(("unit", "points"), [("line", 3), ("field", 6)])
def test_points_in(unit: Any, points: int) -> None:
    parsed = [(line, 0) for line in lines("m v=1\nm v=1,w=2,x=3\nn v=1,v=2") if isinstance(line, Line)]
    assert points_in(parsed, rules(unit=unit)) == points
    assert points_in([], rules(unit=unit)) == 0


@pytest.mark.parametrize(
    ("body", "malformed", "accepted", "rejected", "outcome"),
    [
        ("m w=2\nm v=3i,w=4i,x=5,y=6", "reject_batch", 3, 2, "partial"),
        ("m v=1i,w=2i", "reject_batch", 0, 2, "all"),
        ("m v=1,w=2\nbad\nm v=3i", "reject_batch", 0, 1, "atomic"),
        ("m x=2\nbad\nm v=3i,w=4", "keep_good", 2, 2, "partial"),
        ("bad\nworse\n", "keep_good", 0, 2, "all"),
    ],
)
def test_what_a_verdict_counts(body: str, malformed: Any, accepted: int, rejected: int, outcome: str) -> None:
    """Values and malformed lines, each one point; and as many values are stored as are counted as accepted."""
    chosen, data = rules(malformed=malformed), bucket("m v=1,w=1 1")
    verdict = commit.write(body.encode(), Timing(1, 2), data, chosen, CLOUD)
    assert (verdict.accepted, len(verdict.rejections)) == (accepted, rejected)
    assert kept(verdict, chosen) == outcome
    assert sum(len(point.fields) for point in data.points(since=2)) == accepted


# ---------------------------------------------------------------- in two steps


def test_the_objections_are_split_in_two() -> None:
    cloud = load_profile("v2-cloud").settings.write["v2-write"]
    assert cloud.unit == "field"
    assert cloud.before_reply().objections == ("schema",)
    assert cloud.after_reply().objections == ("retention", "types")
    assert cloud.objections == ("schema", "retention", "types"), "the rules themselves stay"


@pytest.mark.parametrize(
    ("queued", "before", "after"),
    [
        (set(), ("schema", "retention", "types"), ()),
        ({"type_conflict"}, ("schema", "retention"), ("types",)),
        ({"outside_retention"}, ("schema", "types"), ("retention",)),
        ({"schema_type_mismatch"}, ("retention", "types"), ("schema",)),
        ({"column_not_in_schema", "type_conflict", "outside_retention"}, (), ("schema", "retention", "types")),
    ],
)
def test_each_objection_is_raised_once(queued: set[str], before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """In the order of the profile; one that gives several reasons is queued whole with any of them."""
    chosen = rules(queued=frozenset(queued))
    assert chosen.before_reply().objections == before
    assert chosen.after_reply().objections == after


def test_columns_are_asked_before_the_reply() -> None:
    chosen = rules(objections=("each_column", "types"), column_objections=("reserved_names",))
    assert chosen.before_reply().objections == ("each_column",)
    assert chosen.after_reply().objections == ("types",)


def test_accept_judges_what_the_reply_tells_and_stores_nothing() -> None:
    """Neither types nor times are looked at."""
    data = bucket("b v=1 1", schema={"a": {"v": "float"}, "b": {"v": "float", "w": "integer"}})
    late = Timing(1, 100, bound=50, retention=50)
    verdict, rest = commit.accept(b"a v=1 1\nb v=2,w=3 2\nc v=4,w=5 3", late, data, rules(), CLOUD)
    assert verdict.accepted == 2
    assert [(own.number, own.reason.name) for own in verdict.rejections] == [
        (2, "schema_type_mismatch"), (3, "measurement_not_in_schema"), (3, "measurement_not_in_schema"),
    ]  # fmt: skip
    assert verdict.dropped == ()
    assert [(line.measurement, [own.key for own in line.fields]) for line in rest] == [("a", ["v"]), ("b", ["v"])]
    assert data.rows == 1


def test_what_was_accepted_is_judged_by_the_rest_when_it_is_stored() -> None:
    """By what is stored then, and without the schemas that there are then."""
    data, body = bucket(schema={"a": {"v": "float", "w": "float"}}), b"a v=1,w=1 60\na v=2 40"
    timing = Timing(1, 100, bound=30, retention=50)
    verdict, rest = commit.accept(body, timing, data, rules(), CLOUD)
    assert (verdict.accepted, verdict.rejections) == (3, ())
    data.commit([(line, 60) for line in lines("a w=7i 60") if isinstance(line, Line)])
    data.schemas = from_user({}, lambda name, columns: MeasurementSchema("1", name, columns, 0, 0))
    stored = commit.store(rest, Timing(1, 100, bound=50, retention=50), data, rules().after_reply(), CLOUD)
    assert [own.reason for own in stored.rejections] == [TypeConflict("a", "w", "float", "integer", "stored")]
    assert [own.number for own in stored.dropped] == [2]
    assert [(point.fields, point.time) for point in data.points()] == [({"v": 1.0, "w": 7}, 60)]


def test_a_malformed_line_leaves_nothing_to_store() -> None:
    verdict, rest = commit.accept(b"m v=1\nbad", EVER, bucket(), rules(), CLOUD)
    assert ([own.number for own in verdict.rejections], rest) == ([2], [])
    verdict, rest = commit.accept(b"m v=1\nbad", EVER, bucket(), rules(malformed="keep_good"), CLOUD)
    assert ([own.number for own in verdict.rejections], len(rest)) == ([2], 1)
