"""The log of rejected points and exceeded limits: rows in the bucket ``_monitoring``."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mockflux import Point, Server
from mockflux.http import front
from mockflux.monitoring import Monitoring, RecordRules
from mockflux.reasons import Malformed, MeasurementNotInSchema, Reason, Rejection, SchemaTypeMismatch, TypeConflict
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.storage.catalog import Bucket, Catalog, Org, make_ids
from mockflux.storage.rules import StorageRules

START = dt.datetime(2024, 5, 1, 12, 0, tzinfo=dt.UTC)
SECOND = 10**9
NOW = int(START.timestamp()) * SECOND
WEEK = dt.timedelta(days=7)
#: The words of a log that is none of an edition's.
RULES = RecordRules(
    {"type_conflict:batch": "in batch", "type_conflict": "conflict", "malformed": "unreadable"},
    {"float": "F", "integer": "I"},
)
CONFLICT = TypeConflict("m", "v", "integer", "float", "stored")


class Logged:
    """Two organizations, a bucket of the first, and what is logged for it."""

    def __init__(self, rules: RecordRules | None = RULES, *, system: bool = True) -> None:
        self.catalog = Catalog(make_ids(0), lambda: NOW, StorageRules())
        self.mine, self.other = (self.catalog.add_org(name, system_buckets=system) for name in ("mine", "other"))
        self.bucket = self.catalog.add_bucket(self.mine, "b")
        self.monitoring = Monitoring(rules, lambda org_id: self.catalog.bucket_named(org_id, "_monitoring"))

    def reject(self, *reasons: Reason, now: int = NOW, bucket: Bucket | None = None) -> None:
        rejections = [Rejection(n, "the line", reason, f"text {n}") for n, reason in enumerate(reasons, 1)]
        self.monitoring.rejected(rejections, bucket or self.bucket, now)

    def rows(self, org: Org | None = None) -> list[Point]:
        """In the order of their times."""
        log = self.catalog.bucket_named((org or self.mine).id, "_monitoring")
        assert log is not None
        return sorted(log.data.points(), key=lambda row: row.time)

    def times(self) -> list[int]:
        """Of all rows, in ns from now."""
        return [row.time - NOW for row in self.rows()]


# ---------------------------------------------------------------- rows


def test_a_row() -> None:
    log = Logged()
    log.reject(CONFLICT)
    tags = {
        "bucket": log.bucket.id, "field": "v", "gotType": "I", "measurement": "m", "reason": "conflict",
        "wantType": "F",
    }  # fmt: skip
    assert log.rows() == [Point("rejected_points", tags, {"count": 1}, NOW)]


def test_the_words_of_a_kind_before_those_of_the_reason() -> None:
    log = Logged()
    log.reject(TypeConflict("m", "v", "integer", "float", "batch"))
    assert log.rows()[0].tags["reason"] == "in batch"


def test_a_malformed_line_has_an_error_and_no_count() -> None:
    log = Logged()
    log.reject(Malformed("missing fields"))
    tags = {"bucket": log.bucket.id, "reason": "unreadable"}
    assert log.rows() == [Point("rejected_points", tags, {"error": "text 1"}, NOW)]


def test_a_type_without_a_word_has_no_tag() -> None:
    log = Logged()
    log.reject(TypeConflict("m", "v", "unsigned", "float", "stored"))
    assert "gotType" not in log.rows()[0].tags
    assert log.rows()[0].tags["wantType"] == "F"


def test_names_are_stored_as_they_are() -> None:
    log = Logged()
    log.reject(TypeConflict('a, b="c" ü', "f=1 \\", "integer", "float", "stored"))
    [row] = log.rows()
    assert (row.tags["measurement"], row.tags["field"]) == ('a, b="c" ü', "f=1 \\")


def test_without_rejections_nothing_is_logged() -> None:
    log = Logged()
    log.reject()
    assert log.rows() == []


def test_an_edition_without_rules_keeps_no_log() -> None:
    log = Logged(None)
    log.reject(CONFLICT)
    log.monitoring.limited("limited_write", log.mine.id, NOW)
    assert log.rows() == []


def test_where_there_is_no_such_bucket_nothing_is_logged() -> None:
    log = Logged(system=False)
    log.reject(CONFLICT)
    log.monitoring.limited("limited_write", log.mine.id, NOW)
    assert [bucket.data.rows for bucket in log.catalog.buckets()] == [0]


# ---------------------------------------------------------------- times


def test_rows_of_one_moment_stay_apart() -> None:
    """The same refusal ten times: ten rows, in their order, each a ns behind the one before."""
    log = Logged()
    log.reject(*[CONFLICT] * 4)
    for _ in range(6):
        log.reject(CONFLICT)
    assert log.times() == list(range(10))


def test_different_rows_of_one_moment_have_different_times_too() -> None:
    log = Logged()
    log.reject(CONFLICT, Malformed("x"))
    log.monitoring.limited("limited_write", log.mine.id, NOW)
    assert log.times() == [0, 1, 2]
    assert [row.measurement for row in log.rows()] == ["rejected_points", "rejected_points", "events"]


def test_a_later_moment_has_its_own_time() -> None:
    log = Logged()
    log.reject(CONFLICT, CONFLICT, CONFLICT)
    log.reject(CONFLICT, now=NOW + 2)  # a row stands there already
    log.reject(CONFLICT, now=NOW + SECOND)
    assert log.times() == [0, 1, 2, 3, SECOND]


@pytest.mark.parametrize("back", [1, SECOND // 2, 10 * SECOND, 86_400 * SECOND])
def test_no_row_is_lost_when_the_clock_goes_back_and_on_again(back: int) -> None:
    log = Logged()
    log.reject(CONFLICT, CONFLICT, CONFLICT)
    log.reject(CONFLICT, now=NOW - back)
    log.reject(CONFLICT)
    log.reject(CONFLICT, CONFLICT, now=NOW - back)
    log.reject(CONFLICT, now=NOW + 1)
    assert len(log.rows()) == 8


def test_the_clock_set_back_by_far_counts() -> None:
    log = Logged()
    log.reject(CONFLICT)
    log.reject(CONFLICT, CONFLICT, now=NOW - 3600 * SECOND)
    assert log.times() == [-3600 * SECOND, -3600 * SECOND + 1, 0]


# ---------------------------------------------------------------- where they go


def test_rows_go_to_the_organization_of_the_bucket() -> None:
    log = Logged()
    theirs = log.catalog.add_bucket(log.other, "b")
    log.reject(CONFLICT)
    log.reject(CONFLICT, bucket=theirs)
    log.monitoring.limited("limited_write", log.other.id, NOW)
    assert [row.tags["bucket"] for row in log.rows()] == [log.bucket.id]
    assert [row.tags.get("bucket") for row in log.rows(log.other)] == [theirs.id, None]


def test_an_event_names_limit_and_organization() -> None:
    log = Logged()
    log.monitoring.limited("limited_write", log.mine.id, NOW)
    log.monitoring.limited("limited_cardinality", log.mine.id, NOW)
    assert [(row.measurement, row.tags, row.fields) for row in log.rows()] == [
        ("events", {"org_id": log.mine.id}, {"event_type_limited_write": 1}),
        ("events", {"org_id": log.mine.id}, {"event_type_limited_cardinality": 1}),
    ]


# ---------------------------------------------------------------- v2-cloud


def cloud(**options: Any) -> Server:
    return Server("v2-cloud", clock=START, **options)


def put(server: Server, body: str, bucket: str = "my-bucket") -> Reply:
    headers = [("Authorization", "Token my-token")]
    return front.answer(server.world, Request("POST", f"/api/v2/write?bucket={bucket}", headers, body.encode()))


def logged(server: Server, measurement: str = "rejected_points") -> list[Point]:
    return sorted(server.points(measurement, bucket="_monitoring"), key=lambda row: row.time)


def told(row: Point) -> list[Any]:
    """The columns of a row: reason, measurement, field, got, wanted; then count or error."""
    columns = [row.tags.get(key) for key in ("reason", "measurement", "field", "gotType", "wantType")]
    return [*columns, *row.fields.items()]


COUNT = ("count", 1)


def test_each_refused_value_has_a_row_at_the_time_of_logging() -> None:
    server = cloud()
    put(server, "m v=1,w=1i,x=t,y=1u 1\nm v=2i,w=2u,x=2,y=t,z=1 2")
    put(server, 'm v="s" 3')
    assert logged(server) == []
    server.clock.advance(3600)
    conflict = "type conflict in batch write"
    assert [told(row) for row in logged(server)] == [
        [conflict, "m", "v", "Integer", "Float", COUNT],
        [conflict, "m", "w", "UnsignedInteger", "Integer", COUNT],
        [conflict, "m", "x", "Float", "Boolean", COUNT],
        [conflict, "m", "y", "Boolean", "UnsignedInteger", COUNT],
        ["type conflict with existing data", "m", "v", "String", "Float", COUNT],
    ]
    assert [row.time - NOW - SECOND for row in logged(server)] == [0, 1, 2, 3, 4]
    assert {row.tags["bucket"] for row in logged(server)} == {server.bucket_id}
    assert len(server.rejected()) == 5


def test_each_malformed_line_has_a_row() -> None:
    server = cloud()
    assert put(server, "bad\nm v=1\nm v=").status == 400
    reason = "line protocol parse error"
    assert [told(row) for row in logged(server)] == [
        [reason, None, None, None, None, ("error", "unable to parse 'bad': missing fields")],
        [reason, None, None, None, None, ("error", "unable to parse 'm v=': missing field value")],
    ]
    server.settle()
    assert server.points() == []


def test_what_a_schema_does_not_allow_has_its_rows_at_once() -> None:
    server = cloud()
    server.create_bucket("plan", schema={"m": {"t": "tag", "v": "float"}})
    assert put(server, "n v=1,w=2\nm v=3i\nm,u=x v=4\nm w=5,v=6", "plan").status == 400
    assert [told(row) for row in logged(server)] == [
        ["measurement not allowed by schema", "n", "v", None, None, COUNT],
        ["measurement not allowed by schema", "n", "w", None, None, COUNT],
        ["field type mismatch with schema", "m", "v", "Integer", "Float", COUNT],
        ["column not allowed by schema", "m", "v", None, None, COUNT],
        ["column not allowed by schema", "m", "w", None, None, COUNT],
    ]


def test_a_point_that_is_too_old_has_no_row() -> None:
    server = cloud()
    server.create_bucket("day", retention=86_400)
    assert put(server, "m v=1 1", "day").status == 204
    server.settle()
    assert (logged(server), server.points(bucket="day")) == ([], [])
    assert [rejection.reason.name for rejection in server.rejected()] == ["outside_retention"]


def test_a_bucket_is_named_by_its_id_whatever_becomes_of_its_name() -> None:
    server = cloud()
    bucket = server.create_bucket("b")
    put(server, "m v=1 1\nm v=2i 2", "b")
    server.world.catalog.change_bucket(bucket, name="renamed")
    server.settle()
    [row] = logged(server)
    assert row.tags["bucket"] == bucket.id
    [rejection] = server.rejected()
    assert rejection.bucket == "renamed"


def test_rows_are_kept_for_seven_days() -> None:
    server = cloud()
    put(server, "bad")
    server.clock.advance(WEEK)
    assert len(logged(server)) == 1
    put(server, "bad")
    server.clock.advance(0.000000001)
    assert [row.time - NOW for row in logged(server)] == [7 * 86_400 * SECOND]
    server.clock.advance(WEEK)
    assert logged(server) == []


def test_limits_are_logged_each_time() -> None:
    server = cloud(max_requests=1, max_series=1)
    assert [put(server, "m v=1").status for _ in range(3)] == [204, 429, 429]
    server.clock.advance(300)
    assert put(server, "m w=1").status == 503
    events = [(row.tags, row.fields, row.time - NOW) for row in logged(server, "events")]
    org = {"org_id": server.org_id}
    assert events == [
        (org, {"event_type_limited_write": 1}, 0),
        (org, {"event_type_limited_write": 1}, 1),
        (org, {"event_type_limited_cardinality": 1}, 300 * SECOND),
    ]


def test_a_log_entry_is_no_point_of_the_users() -> None:
    server = cloud()
    put(server, "bad")
    assert (server.world.count(), len(logged(server))) == (0, 1)


def test_other_editions_keep_no_log() -> None:
    server = Server("v2-oss", clock=START)
    headers = [("Authorization", "Token my-token")]
    front.answer(server.world, Request("POST", "/api/v2/write?org=my-org&bucket=my-bucket", headers, b"bad"))
    assert len(server.rejected()) == 1
    assert server.points(bucket="_monitoring") == []


@pytest.mark.parametrize(
    "reason",
    [
        MeasurementNotInSchema("m", "v"), SchemaTypeMismatch("m", "v", "string", "boolean"),
        TypeConflict("m", "v", "unsigned", "integer", "batch"),
    ],
)  # fmt: skip
def test_the_edition_has_a_word_for_each_type_and_reason(reason: Reason) -> None:
    rules = cloud().world.settings.record
    assert rules is not None
    log = Logged(rules)
    log.reject(reason)
    [row] = log.rows()
    assert row.tags["reason"]
    assert ("gotType" in row.tags) == ("got" in reason.fact_names())


def test_the_end_of_time_has_rows_too() -> None:
    end = dt.datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=dt.UTC)
    server = Server("v2-cloud", clock=end)
    server.clock.advance(8e-7)
    reply = front.answer(
        server.world,
        Request("POST", "/api/v2/write?bucket=my-bucket", [("Authorization", "Token my-token")], b"bad\n" * 9),
    )
    assert (reply.status, server.journal.errors()) == (400, [])
    assert len(server.points("rejected_points", bucket="_monitoring")) == 9


def test_many_rows_follow_each_other() -> None:
    """They are stored in pieces, each row a ns behind the one before, and more come behind them."""
    log = Logged()
    log.reject(*[Malformed(str(n)) for n in range(2_500)])
    log.reject(CONFLICT)
    assert log.times() == list(range(2_501))
    assert [row.fields["error"] for row in log.rows()[:2_500]] == [f"text {n}" for n in range(1, 2_501)]
