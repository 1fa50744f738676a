"""Judging: the rules of ``[write]`` and ``[storage]``, each by itself."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from mockflux.lineprotocol import go
from mockflux.reasons import Malformed, OutsideRetention, Rejection, ReservedName, StringTooLong, TypeConflict, Verdict
from mockflux.storage.rules import DAY, StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing import commit
from mockflux.writing.judge import Judgement, Timing, deciding, judge, kept, reported, series_key
from mockflux.writing.objections import Bench
from mockflux.writing.rules import ENDLESS, WriteRules

ALL = {"malformed": "all", "unfit": "all"}


def rules(**changes: Any) -> WriteRules:
    """Those of v2-oss, with changes."""
    chosen: dict[str, Any] = {
        "grammar": "go", "order": "phase", "malformed": "reject_batch", "unfit": "reject_batch",
        "report": {"malformed": "first", "unfit": "first"}, "decided_by": ("malformed",),
        "reserved_fields": frozenset({"time"}), "string_limit": 1 << 20,
    }  # fmt: skip
    return WriteRules(**{**chosen, **changes})


KEEP = {"malformed": "keep_good", "unfit": "keep_good"}


def judged(
    body: str,
    write: WriteRules | None = None,
    storage: StorageRules | None = None,
    data: BucketData | None = None,
    timing: Timing | None = None,
) -> Judgement:
    storage = storage or StorageRules()
    data = data or BucketData(storage)
    timing = timing or Timing(1, 0, -(2**63))
    return judge(go.parse(body.encode(), timing.multiplier), timing, data, write or rules(), storage)


def numbers(judgement: Judgement) -> tuple[list[int], list[int]]:
    """Line numbers: fit, refused."""
    return [line.number for line, _ in judgement.fit], [rejection.number for rejection in judgement.rejections]


def names(rejections: Any) -> list[str]:
    return [rejection.reason.name for rejection in rejections]


MIXED = "m v=1 1\nbad\nm v=2i 2\nworse\nm v=3 3"


# ---------------------------------------------------------------- order, malformed, unfit


@pytest.mark.parametrize(
    ("order", "malformed", "unfit", "fit", "refused"),
    [
        ("phase", "reject_batch", "reject_batch", [], [2, 4]),
        ("phase", "reject_batch", "keep_good", [], [2, 4]),
        ("phase", "keep_good", "reject_batch", [], [2, 3, 4]),
        ("phase", "keep_good", "keep_good", [1, 5], [2, 3, 4]),
        ("line", "reject_batch", "reject_batch", [], [2, 3, 4]),
        ("line", "reject_batch", "keep_good", [], [2, 3, 4]),
        ("line", "keep_good", "reject_batch", [], [2, 3, 4]),
        ("line", "keep_good", "keep_good", [1, 5], [2, 3, 4]),
    ],
)
def test_what_is_fit_and_what_refused(
    order: Any, malformed: Any, unfit: Any, fit: list[int], refused: list[int]
) -> None:
    assert numbers(judged(MIXED, rules(order=order, malformed=malformed, unfit=unfit))) == (fit, refused)


def test_malformed_kept_apart_from_unfit() -> None:
    """A malformed line loses only itself, a conflict loses all: without a conflict the good ones stay."""
    write = rules(malformed="keep_good")
    assert numbers(judged("m v=1 1\nbad\nm v=3 3", write)) == ([1, 3], [2])


@pytest.mark.parametrize(
    ("body", "write", "accepted", "expected"),
    [
        ("m v=1 1\nbad", rules(**KEEP), 1, "partial"),
        ("bad\nworse", rules(**KEEP), 0, "all"),
        ("m v=1 1\nbad", rules(), 0, "atomic"),
        ("bad", rules(malformed="keep_good"), 0, "all"),
        ("m v=1,v=1i 1\nbad", rules(malformed="keep_good"), 0, "atomic"),
    ],
)
def test_what_became_of_the_others(body: str, write: WriteRules, accepted: int, expected: str) -> None:
    judgement = judged(body, write)
    assert len(judgement.fit) == accepted
    assert kept(Verdict(accepted, tuple(judgement.rejections)), write) == expected


# ---------------------------------------------------------------- what the reply may name


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"malformed": "first", "unfit": "first"}, [1, 2]),
        ({"malformed": "all", "unfit": "first"}, [1, 2, 4]),
        ({"malformed": "first", "unfit": "all"}, [1, 2, 3, 5]),
        ({"malformed": "all", "unfit": "all"}, [1, 2, 3, 4, 5]),
        ({"malformed": 0, "unfit": 2}, [2, 3]),
        ({"malformed": 1, "unfit": 9}, [1, 2, 3, 5]),
    ],
)
def test_report(report: dict[str, Any], expected: list[int]) -> None:
    judgement = judged("bad\nm v=1,v=1i 1\nm v=1,v=1i 2\nworse\nm v=1,v=1i 3", rules(**KEEP, report=report))
    assert [r.number for r in reported(judgement.rejections, rules(report=report))] == expected


@pytest.mark.parametrize(
    ("decided_by", "expected"),
    [
        ((), 1),
        (("malformed",), 2),
        (("type_conflict", "malformed"), 3),
        (("string_too_long",), 1),
        (("string_too_long", "type_conflict"), 3),
    ],
)
def test_decided_by(decided_by: tuple[str, ...], expected: int) -> None:
    write = rules(**KEEP, decided_by=decided_by)
    judgement = judged("m time=1 1\nbad\nm v=1,v=1i 1\nworse", write)
    assert names(judgement.rejections) == ["reserved_name", "malformed", "type_conflict", "malformed"]
    assert deciding(judgement.rejections, write).number == expected


# ---------------------------------------------------------------- types


def conflict(judgement: Judgement) -> tuple[int, str, str, str, str]:
    (rejection,) = judgement.rejections
    reason = rejection.reason
    assert isinstance(reason, TypeConflict)
    return rejection.number, reason.field, reason.got, reason.want, reason.where


def test_within_a_line() -> None:
    assert conflict(judged("m v=1,v=2i 1", rules(**KEEP))) == (1, "v", "integer", "float", "batch")
    assert judged("m v=1,v=2 1").rejections == []


def test_within_the_batch_the_first_decides_and_a_refused_point_sets_nothing() -> None:
    write = rules(**KEEP)
    assert conflict(judged("m v=1 1\nm v=t 2", write)) == (2, "v", "boolean", "float", "batch")
    judgement = judged('m w="s",w=1 1\nm w=2 2\nm w=3i 3', write)
    assert numbers(judgement) == ([2], [1, 3])
    assert conflict(Judgement([], judgement.rejections[1:])) == (3, "w", "integer", "float", "batch")


def stored(body: str, storage: StorageRules, write: WriteRules | None = None) -> BucketData:
    data = BucketData(storage)
    commit.write(body.encode(), Timing(1, 0, -(2**63)), data, write or rules(), storage)
    return data


def test_against_what_is_stored() -> None:
    storage = StorageRules()
    data = stored("m,t=a v=1i 1", storage)
    assert conflict(judged("m,t=a v=2u 2", rules(), storage, data)) == (1, "v", "unsigned", "integer", "stored")
    assert conflict(judged("m,t=a v=2i,v=2u 2", rules(), storage, data)) == (1, "v", "unsigned", "integer", "batch")


@pytest.mark.parametrize(
    ("scope", "line", "refused"),
    [
        ("series", "m,t=b v=t 1", False),
        ("series", "m,t=a v=t 900000000000000000", True),
        ("series", "n,t=a v=t 1", False),
        ("table", "m,t=b v=t 900000000000000000", True),
        ("table", "n,t=a v=t 1", False),
        ("partition", f"m,t=b v=t {DAY - 1}", True),
        ("partition", f"m,t=a v=t {DAY}", False),
        ("shard", f"m,t=b v=t {4 * DAY - 1}", True),
        ("shard", f"m,t=a v=t {4 * DAY}", False),
    ],
)
def test_scope_of_a_type(scope: Any, line: str, refused: bool) -> None:
    storage = StorageRules(type_scope=scope)
    data = stored("m,t=a v=1 1", storage)
    assert bool(judged(line, rules(), storage, data).rejections) is refused
    both = judged(f"m,t=a v=1 1\n{line}", rules(), storage)
    assert bool(both.rejections) is refused, "and the same within one batch"


@pytest.mark.parametrize(("leaves", "refused"), [("nothing", False), ("types", True)])
def test_what_a_refused_point_leaves_behind(leaves: Any, refused: bool) -> None:
    """Its fields before the refused one keep their types, in the batch and in the bucket, or do not."""
    storage, write = StorageRules(leaves=leaves), rules(**KEEP)
    data = stored("m b=1 1", storage)
    verdict = commit.write(b"m a=1i,b=2i,c=1i 2\nm a=1 3", Timing(1, 0, -(2**63)), data, write, storage)
    assert [r.number for r in verdict.rejections] == ([1, 2] if refused else [1])
    other = stored("m b=1 1", storage)
    commit.write(b"m a=1i,b=2i,c=1i 2", Timing(1, 0, -(2**63)), other, write, storage)
    assert bool(judged("m a=1 3", write, storage, other).rejections) is refused
    assert judged("m c=1 3", write, storage, other).rejections == [], "fields behind the refused one were not looked at"
    assert len(other.points()) == 1, "nothing of the point itself is stored"


# ---------------------------------------------------------------- names, lengths, retention


def test_reserved_field_names() -> None:
    (rejection,) = judged("m a=1,time=2 1").rejections
    assert rejection.reason == ReservedName("m", "time")
    assert judged("m a=1,time=2 1", rules(reserved_fields=frozenset())).rejections == []


def test_length_of_strings_in_bytes() -> None:
    write = rules(string_limit=6)
    assert judged('m v="123456" 1', write).rejections == []
    (rejection,) = judged('m v="日本人" 1', write).rejections
    assert rejection.reason == StringTooLong("m", "v", 9, 6)
    assert judged('m v="日本人" 1', rules(string_limit=0)).rejections == []


LATE = Timing(1, 1_000, bound=500, retention=500)


@pytest.mark.parametrize(
    ("late", "fit", "refused", "dropped"),
    [("reject", [], [1], []), ("drop", [2, 3], [], [1]), ("store", [1, 2, 3], [], [])],
)
def test_late_points(late: Any, fit: list[int], refused: list[int], dropped: list[int]) -> None:
    judgement = judged("m,t=a\\ b v=1 499\nm v=1 500\nm v=1", rules(), StorageRules(late_points=late), timing=LATE)
    assert numbers(judgement) == (fit, refused)
    assert [rejection.number for rejection in judgement.dropped] == dropped
    for rejection in (*judgement.rejections, *judgement.dropped):
        assert rejection.reason == OutsideRetention("m", "m,t=a\\ b", 499, 500, 500)
        assert rejection.time == 499


def test_a_dropped_point_sets_no_type() -> None:
    judgement = judged("m v=1i 1\nm v=1 600", rules(), StorageRules(late_points="drop"), timing=LATE)
    assert numbers(judgement) == ([2], [])


def test_times() -> None:
    timing = Timing(1_000_000, 77)
    judgement = judged("m v=1 5\nm v=1\nm v=1 -5", rules(), timing=Timing(1_000_000, 77, -(2**63)))
    assert [time for _, time in judgement.fit] == [5_000_000, 77, -5_000_000]
    assert timing.of(judgement.fit[0][0]) == 5_000_000


def test_series_keys_as_line_protocol_writes_them() -> None:
    (line, _), *_ = judged("a\\,b=c,t\\ 1=x\\=y,a=z v=1 1").fit
    assert series_key(line) == "a\\,b=c,a=z,t\\ 1=x\\=y"


def test_rejections_know_their_line() -> None:
    judgement = judged("m v=1 1\n  bad,line  \n\nworse", rules(report=ALL))
    assert [(r.number, r.line) for r in judgement.rejections] == [(2, "bad,line  "), (4, "worse")]
    assert all(isinstance(r, Rejection) and r.text == "" for r in judgement.rejections)


# ---------------------------------------------------------------- memory


def test_equal_complaints_share_a_reason() -> None:
    reasons = judged("a\nb\n=\nc\n,x\n" * 2).rejections.reasons
    assert [reason.complaint for reason in reasons[:3]] == ["missing fields", "missing fields", "missing fields"]
    assert reasons[0] is reasons[1] is reasons[5]
    assert reasons[4] is reasons[9]
    assert reasons[4] == Malformed("missing measurement")


def test_any_number_of_complaints() -> None:
    names = [f"f{n}" for n in range(300)]
    reasons = judged("\n".join(f"m {name}=1,{name}\\\\=1" for name in names * 2)).rejections.reasons
    assert [reason.complaint for reason in reasons] == [f"invalid value: field-key={name}\\\\=1" for name in names * 2]


def test_nothing_keeps_a_bench() -> None:
    """It has all the lines of the batch: they go when it has judged them, not when garbage is collected."""
    storage = StorageRules()
    bench = Bench(go.parse(b"m v=1 1"), Timing(1, 0, -(2**63)), BucketData(storage), rules(), storage, ENDLESS)
    assert bench.objection(go.parse(b"m time=1 1")[0], 1) == ReservedName("m", "time")
    gone = weakref.ref(bench)
    gc.disable()
    try:
        del bench
        assert gone() is None
    finally:
        gc.enable()
