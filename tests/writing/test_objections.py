"""What a point is asked before it is stored: each objection by itself, and how refused lines are told."""

from __future__ import annotations

from typing import Any

import pytest

from mockflux.lineprotocol import iox
from mockflux.reasons import (
    DuplicateField,
    DuplicateTag,
    Malformed,
    OutsideRetention,
    Reason,
    Rejection,
    ReservedName,
    StringTooLong,
    TimeOutOfRange,
    TooManyColumns,
    TooManyFields,
    TooManyTables,
    TypeConflict,
)
from mockflux.storage.rules import DAY, StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing import commit
from mockflux.writing.judge import Judgement, judge, kept, reported
from mockflux.writing.rules import COLUMN_OBJECTIONS, OBJECTIONS, Room, WriteRules
from mockflux.writing.timing import Timing

KEEP = {"malformed": "keep_good", "unfit": "keep_good"}
ALL = {"malformed": "all", "unfit": "all", "together": "all"}
#: A table with one column for each key, as InfluxDB 3 has it.
TABLE = StorageRules("table", tags_are_columns=True, time_column=True)


def rules(*objections: str, **changes: Any) -> WriteRules:
    """Good lines kept, only these objections, lines counted as the parser does."""
    chosen: dict[str, Any] = {
        "grammar": "iox", "order": "line", **KEEP, "report": ALL, "decided_by": (), "objections": objections,
        "line_numbering": "parser",
    }  # fmt: skip
    return WriteRules(**{**chosen, **changes})


class Bucket:
    """A database and how it is written to."""

    def __init__(self, storage: StorageRules = TABLE) -> None:
        self.storage, self.data = storage, BucketData(storage)

    def write(self, body: str, write: WriteRules, room: Room = Room(), timing: Timing | None = None) -> list[Rejection]:  # noqa: B008 (immutable)
        verdict = commit.write(body.encode(), timing or Timing(1, 0), self.data, write, self.storage, lambda: room)
        return list(verdict.rejections)

    def reasons(self, body: str, write: WriteRules, room: Room = Room(), timing: Timing | None = None) -> list[Reason]:  # noqa: B008 (immutable)
        return [rejection.reason for rejection in self.write(body, write, room, timing)]


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def judged(body: str, write: WriteRules, storage: StorageRules = TABLE) -> Judgement:
    return judge(iox.parse(body.encode()), Timing(1, 0), BucketData(storage), write, storage)


def test_without_objections_every_line_that_parses_is_fit(bucket: Bucket) -> None:
    assert bucket.write('m,t=a v=1 1\nm v="x" 1\nm,t=a,t=b time=1 1', rules()) == []


# ---------------------------------------------------------------- retention and range


@pytest.mark.parametrize("late", ["reject", "store"])
def test_retention(late: Any) -> None:
    bucket = Bucket(StorageRules("table", late_points=late))
    found = bucket.reasons("m,t=a v=1 9\nm v=1 10", rules("retention"), timing=Timing(1, 0, bound=10, retention=90))
    assert found == ([OutsideRetention("m", "m,t=a", 9, 10, 90)] if late == "reject" else [])
    assert len(bucket.data.points()) == (1 if late == "reject" else 2)


def test_without_a_retention_period_nothing_is_too_old(bucket: Bucket) -> None:
    assert bucket.reasons("m v=1 9", rules("retention"), timing=Timing(1, 0, bound=10)) == []


def test_a_late_point_can_be_dropped_in_silence() -> None:
    storage = StorageRules("table", late_points="drop")
    judgement = judge(
        iox.parse(b"m v=1 9\nm v=1 10"), Timing(1, 0, 10, 90), BucketData(storage), rules("retention"), storage
    )
    assert judgement.rejections == []
    assert [rejection.number for rejection in judgement.dropped] == [1]
    assert [time for _, time in judgement.fit] == [10]


def test_time_range(bucket: Bucket) -> None:
    timing = Timing(10**9, 0)
    body = "m v=1 9223372036\nm v=2 9223372037\nm v=3 -9223372037\nm v=4"
    assert bucket.reasons(body, rules("time_range"), timing=timing) == [
        TimeOutOfRange(9223372037, "second"), TimeOutOfRange(-9223372037, "second"),
    ]  # fmt: skip


# ---------------------------------------------------------------- names and values


def test_reserved_names(bucket: Bucket) -> None:
    write = rules("reserved_names", reserved_fields=frozenset({"time"}), reserved_tags=frozenset({"time", "_x"}))
    body = "m,time=a v=1 1\nm time=1 1\nm v=1,time=2 1\nm,_x=a v=1 1\nm _x=1,Time=2 1"
    assert bucket.reasons(body, write) == [
        ReservedName("m", "time", "tag"), ReservedName("m", "time", "field"), ReservedName("m", "time", "field"),
        ReservedName("m", "_x", "tag"),
    ]  # fmt: skip


def test_a_reserved_name_that_is_a_column_already_is_no_matter_of_names(bucket: Bucket) -> None:
    write = rules("reserved_names", "types", reserved_fields=frozenset({"time"}), reserved_tags=frozenset({"time"}))
    assert bucket.reasons("m v=1 1\nm time=1 1", write) == [TypeConflict("m", "time", "float", "timestamp", "batch")]
    assert bucket.reasons("m,time=a v=1 1", write) == [TypeConflict("m", "time", "tag", "timestamp", "stored")]


def test_reserved_fields_beside_others_can_be_left_out() -> None:
    bucket = Bucket(StorageRules())
    write = rules("reserved_names", reserved_fields=frozenset({"time"}), reserved_beside="drop")
    assert bucket.reasons("m v=1,time=2 1\nm time=2 1", write) == [ReservedName("m", "time", "field")]
    assert [point.fields for point in bucket.data.points()] == [{"v": 1.0}]


def test_string_lengths(bucket: Bucket) -> None:
    write = rules("string_lengths", string_limit=3)
    body = 'm s="abc" 1\nm a=1,s="abcd" 1\nm s="éé" 1'
    assert bucket.reasons(body, write) == [StringTooLong("m", "s", 4, 3), StringTooLong("m", "s", 4, 3)]
    assert bucket.reasons(body, rules("string_lengths")) == []


def test_duplicate_tags(bucket: Bucket) -> None:
    body = "m,t=a,t=b v=1 1\nm,t=a,u=a,t=a v=1 1\nm,u=a,t=a v=1 1\nm,t=a t=1 1"
    assert bucket.reasons(body, rules("duplicate_tags")) == [DuplicateTag("m", "t"), DuplicateTag("m", "t")]


def test_duplicate_and_mixed_fields(bucket: Bucket) -> None:
    body = "m v=1,v=1 1\nm v=1,w=1,v=2i 1\nm v=1,w=1 1"
    twice = [DuplicateField("m", "v"), DuplicateField("m", "v")]
    assert bucket.reasons(body, rules("duplicate_fields")) == twice
    assert bucket.reasons(body, rules("mixed_fields")) == [DuplicateField("m", "v", "other")]


# ---------------------------------------------------------------- types


def test_types_from_the_last_field_to_the_first(bucket: Bucket) -> None:
    bucket.write("m,t=x a=1,b=1 1", rules())
    body = "m a=1i,b=1i,c=1 2\nm,a=x b=1i 2\nm a=1i,b=1,a=1 2\nm a=1,a=1i 2\nm d=1,d=1i,b=1i 2\nm d=1,d=1i,b=1 2"
    conflict = TypeConflict("m", "b", "integer", "float", "stored")
    assert bucket.reasons(body, rules("types_from_last", "mixed_fields")) == [
        conflict,
        TypeConflict("m", "a", "tag", "float", "stored"),
        DuplicateField("m", "a", "other"),
        TypeConflict("m", "a", "integer", "float", "stored"),
        conflict,
        DuplicateField("m", "d", "other"),
    ]


def test_types_in_a_batch_and_stored(bucket: Bucket) -> None:
    assert bucket.reasons("m v=1 1\nm v=2i 2\nm v=3 3", rules("types")) == [
        TypeConflict("m", "v", "integer", "float", "batch")
    ]
    assert bucket.reasons("m v=2i 2\nn v=2i 2", rules("types")) == [
        TypeConflict("m", "v", "integer", "float", "stored")
    ]


def test_a_refused_line_binds_nobody(bucket: Bucket) -> None:
    assert bucket.reasons('m v=1 1\nm w=1,v="x" 1\nm w="s" 1', rules("types")) == [
        TypeConflict("m", "v", "string", "float", "batch")
    ]


def test_what_a_refused_line_leaves_behind() -> None:
    bucket = Bucket(StorageRules("table", leaves="types"))
    found = bucket.reasons('m v=1 1\nm a=1,v="x",b=1 1\nm a="s" 1\nm b="s" 1', rules("types"))
    assert [(reason.field, reason.got) for reason in found if isinstance(reason, TypeConflict)] == [
        ("v", "string"), ("a", "string"),
    ]  # fmt: skip
    assert bucket.reasons('m a="s" 1', rules("types")) == [TypeConflict("m", "a", "string", "float", "stored")]


@pytest.mark.parametrize(("scope", "refused"), [("partition", 1), ("table", 2)])
def test_a_type_holds_for_the_day_or_for_the_table(scope: Any, refused: int) -> None:
    bucket = Bucket(StorageRules(scope, tags_are_columns=True))
    body = f'm,t=a v=1 1\nm,t=b v="x" 2\nm v="x" {DAY}'
    assert len(bucket.reasons(body, rules("types"))) == refused
    assert len(bucket.reasons(f"m v=1 {DAY + 1}", rules("types"))) == (1 if scope == "partition" else 0)


@pytest.mark.parametrize("scope", ["partition", "table"])
def test_a_key_is_a_tag_or_a_field_on_every_day(scope: Any) -> None:
    bucket = Bucket(StorageRules(scope, tags_are_columns=True))
    assert bucket.reasons("m,t=a v=1 1", rules("types")) == []
    body = f"m t=1 {5 * DAY}\nm,v=a w=1 {5 * DAY}\nn,k=a k=1 1\nn,k=a w=1 1\nn k=1 {DAY}"
    assert bucket.reasons(body, rules("types")) == [
        TypeConflict("m", "t", "float", "tag", "stored"), TypeConflict("m", "v", "tag", "float", "stored"),
        TypeConflict("n", "k", "float", "tag", "batch"), TypeConflict("n", "k", "float", "tag", "batch"),
    ]  # fmt: skip


def test_where_tags_are_no_columns_a_key_can_be_both() -> None:
    bucket = Bucket(StorageRules("table"))
    assert bucket.reasons("m,t=a v=1 1\nm,v=a t=1 1\nm,k=a k=1 1", rules("types")) == []


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("time_counts", "columns", "wanted"),
    [pytest.param(True, 3, 5, id="the time counts"), pytest.param(False, 2, 4, id="it does not")],
)
def test_column_limit(bucket: Bucket, time_counts: bool, columns: int, wanted: int) -> None:
    room = Room(columns=4 if time_counts else 3, time_counts=time_counts)
    write = rules("column_limit")
    assert bucket.reasons("m,t=a v=1 1", write, room) == []
    found = bucket.reasons("m,t=b v=2,w=2 2\nm,t=b v=3,x=3 3\nm w=4 4\nn a=1,b=1,c=1 1\nm,u=a v=5 5", write, room)
    assert found == [
        TooManyColumns("m", columns, wanted + 1, room.columns), TooManyColumns("m", columns, wanted + 1, room.columns),
    ]  # fmt: skip
    assert [point.time for point in bucket.data.points("m")] == [1, 2, 4]


def test_no_limit_no_objection(bucket: Bucket) -> None:
    body = "m " + ",".join(f"f{n}=1" for n in range(600)) + " 1"
    assert bucket.reasons(body, rules("column_limit", "table_limit", "family_limit")) == []


def test_family_limit(bucket: Bucket) -> None:
    room, write = Room(family_fields=2), rules("family_limit")
    assert bucket.reasons("m a::x=1,a::y=1,b::x=1,plain=1 1", write, room) == []
    body = "m a::z=1 2\nm b::y=1 2\nm b::z=1 2\nm a::x=2,p=1,q=1,r=1 2\nn a::z=1 2"
    assert bucket.reasons(body, write, room) == [TooManyFields("m", "a", 2), TooManyFields("m", "b", 2)]


def test_table_limit(bucket: Bucket) -> None:
    room, write = Room(tables=4, elsewhere=1), rules("table_limit")
    assert bucket.reasons("a v=1 1", write, room) == []
    body = "b v=1 1\na v=2 2\nc v=1 1\nd v=1 1\nb v=2 2\nd v=2 2"
    assert bucket.reasons(body, write, room) == [TooManyTables("d", 2, 5, 4), TooManyTables("d", 2, 5, 4)]
    assert bucket.data.measurements() == ["a", "b", "c"]


# ---------------------------------------------------------------- one column after another

IN_TURN = rules(
    "each_column",
    "time_range",
    column_objections=("reserved_names", "column_limit", "types", "duplicate_tags", "duplicate_fields"),
    reserved_fields=frozenset({"time"}),
    reserved_tags=frozenset({"time"}),
)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("m,t=x f=1i,g=1,g=2 1", TypeConflict("m", "f", "integer", "float", "stored")),
        ("m,t=x g=1,g=2,f=1i 1", DuplicateField("m", "g")),
        ("m,f=a g=1,g=2 1", TypeConflict("m", "f", "tag", "float", "stored")),
        ("m,t=x,t=y f=1i 1", DuplicateTag("m", "t")),
        ("m,u=x,f=y,u=z v=1 1", TypeConflict("m", "f", "tag", "float", "stored")),
        ("new a=1,time=2,a=3 1", ReservedName("new", "time", "field")),
        ("new a=1,a=3,time=2 1", DuplicateField("new", "a")),
        ("m a=1,b=1,c=1,f=1i 1", TooManyColumns("m", 3, 6, 5)),
        ("m a=1,f=1i,b=1,c=1 1", TypeConflict("m", "f", "integer", "float", "stored")),
        ("m f=1,f=2i 1", TypeConflict("m", "f", "integer", "float", "batch")),
        ("m f=1 9223372037", TimeOutOfRange(9223372037, "second")),
        ("m f=1i 9223372037", TypeConflict("m", "f", "integer", "float", "stored")),
    ],
)
def test_the_first_fault_from_left_to_right(bucket: Bucket, line: str, reason: Reason) -> None:
    room, timing = Room(columns=5), Timing(10**9, 0)
    assert bucket.reasons("m,t=x f=1 1", IN_TURN, room, timing) == []
    (found,) = bucket.reasons(line, IN_TURN, room, timing)
    assert type(found) is type(reason)
    if not isinstance(reason, TooManyColumns):
        assert found == reason


def test_in_turn_says_the_same_of_one_fault_as_at_once(bucket: Bucket) -> None:
    at_once = rules(*IN_TURN.column_objections, reserved_fields=frozenset({"time"}))
    for line in ("m v=1 1", "m,a=b time=1 1", "m v=1,v=2 1", "m,t=a,t=b v=1 1", "m,k=a k=1 1"):
        assert Bucket().reasons(line, IN_TURN) == Bucket().reasons(line, at_once), line


def test_columns_can_only_be_asked_what_concerns_them() -> None:
    assert set(COLUMN_OBJECTIONS) < set(OBJECTIONS)
    assert "each_column" not in COLUMN_OBJECTIONS
    assert rules("table_limit", "each_column", column_objections=("types",)).asked == ("table_limit", "types")
    assert rules("table_limit", column_objections=("types",)).asked == ("table_limit",)


def test_the_order_of_objections_decides(bucket: Bucket) -> None:
    line = "m v=1,v=2i 1"
    assert bucket.reasons(line, rules("types", "duplicate_fields")) == [
        TypeConflict("m", "v", "integer", "float", "batch")
    ]
    assert bucket.reasons(line, rules("duplicate_fields", "types")) == [DuplicateField("m", "v")]


# ---------------------------------------------------------------- what becomes of the others, and how it is told


def test_spoils(bucket: Bucket) -> None:
    write = rules("types", "duplicate_fields", spoils=frozenset({"duplicate_field"}))
    assert len(bucket.write("m v=1 1\nm v=1i 1", write)) == 1
    assert len(bucket.data.points()) == 1
    verdict = commit.write(b"m v=2 2\nm v=1,v=2 1\nm v=1i 1", Timing(1, 0), bucket.data, write, TABLE)
    assert verdict.accepted == 0
    assert [rejection.reason.name for rejection in verdict.rejections] == ["duplicate_field", "type_conflict"]
    assert kept(verdict, write) == "atomic"
    assert len(bucket.data.points()) == 1


BLANKS = "# comment\n\nm v=1 1\nbad\n  \nm v=1i 1\nworse"


@pytest.mark.parametrize(("numbering", "numbers"), [("parser", [2, 3, 4]), ("physical", [4, 6, 7])])
def test_line_numbering(numbering: Any, numbers: list[int]) -> None:
    judgement = judged(BLANKS, rules("types", line_numbering=numbering))
    assert [rejection.number for rejection in judgement.rejections] == numbers


def test_a_string_with_a_line_end_is_one_line_of_several() -> None:
    body = 'm s="a\nb" 1\nbad'
    assert [r.number for r in judged(body, rules(line_numbering="parser")).rejections] == [2]
    assert [r.number for r in judged(body, rules(line_numbering="physical")).rejections] == [3]


def test_lines_are_shown_as_sent(bucket: Bucket) -> None:
    refused = bucket.write('m v=1 1\nm v="x y" 1\n# c\n  bad', rules("types"))
    assert [(r.line, r.shown, r.line_shown) for r in refused] == [
        ('m v="x y" 1', None, 'm v="x y" 1'), ("bad", None, "bad"),
    ]  # fmt: skip


def test_lines_are_shown_rendered_or_by_their_place(bucket: Bucket) -> None:
    body = '# c\nm v=1 1\n\nm v="x y" 001\nm s="a\nb",v=1i 1\r\nbad\r\nworse\r'
    refused = bucket.write(body, rules("types", quotes="rendered_or_nth"))
    assert [(r.number, r.line_shown) for r in refused] == [
        (2, "m v=x y 1"), (3, ""), (4, 'm v="x y" 001'), (5, 'm s="a'),
    ]  # fmt: skip
    assert refused[0].line == 'm v="x y" 001', "what was sent is kept beside it"
    assert refused[2].line.rstrip("\r") == "bad"


def test_of_the_line_shown_only_a_last_carriage_return_is_part(bucket: Bucket) -> None:
    refused = bucket.write("one\r\ntwo\r", rules(quotes="rendered_or_nth"))
    assert [r.line_shown for r in refused] == ["one", "two\r"]


def rejections(kinds: str) -> list[Rejection]:
    """``m`` malformed, ``u`` unfit."""
    reasons = {"m": Malformed("x"), "u": DuplicateTag("m", "t")}
    return [Rejection(number, "x", reasons[kind]) for number, kind in enumerate(kinds, 1)]


@pytest.mark.parametrize(
    ("report", "numbers"),
    [
        ({"malformed": "all", "unfit": "all"}, [1, 2, 3, 4, 5]),
        ({"malformed": "all", "unfit": "all", "together": "all"}, [1, 2, 3, 4, 5]),
        ({"malformed": "all", "unfit": "all", "together": 3}, [1, 2, 3]),
        ({"malformed": "all", "unfit": "all", "together": "first"}, [1]),
        ({"malformed": "first", "unfit": "all", "together": 3}, [1, 2, 4]),
        ({"malformed": "first", "unfit": "first", "together": 3}, [1, 2]),
        ({"malformed": 2, "unfit": 1, "together": 100}, [1, 2, 3]),
    ],
)
def test_report(report: dict[str, Any], numbers: list[int]) -> None:
    told = reported(rejections("mumuu"), rules(report=report))
    assert [rejection.number for rejection in told] == numbers


def test_many_columns_too_many_are_counted_once_a_batch(bucket: Bucket) -> None:
    """Counted once a line, this would take minutes."""
    body = "\n".join(f"m f{number}=1 1" for number in range(20_000))
    reasons = bucket.reasons(body, rules("column_limit", "time_range"), Room(columns=10))
    assert len(reasons) == 20_000 - 9
    assert set(reasons) == {TooManyColumns("m", 0, 20_001, 10)}


def test_many_tables_too_many_are_counted_once_a_batch(bucket: Bucket) -> None:
    body = "\n".join(f"m{number} f=1 1" for number in range(20_000))
    reasons = bucket.reasons(body, rules("table_limit", "time_range"), Room(tables=10))
    assert len(reasons) == 20_000 - 10
    assert {reason.wanted for reason in reasons if isinstance(reason, TooManyTables)} == {20_000}
