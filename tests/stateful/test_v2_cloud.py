"""Any sequence of writes, deletes, changes of schemas and time on InfluxDB Cloud, with and without quotas: each field
value that was sent has one fate, and everything is told as the documents say.

A value is what Cloud counts as a point. Each one sent has a number of its own, by which it is found again; the model
follows it from the request on and has nothing in common with the code that it checks but the documents.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from typing import Any, NamedTuple

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

SMALL = settings(
    max_examples=100,
    stateful_step_count=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
#: 200 seconds into a window of quotas.
START = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
SECOND = 10**9
START_NS = int(START.timestamp()) * SECOND
#: How long a write is in the queue, how long a window is, how long _monitoring keeps its points: in ns.
DELAY, WINDOW, WEEK = SECOND, 300 * SECOND, 7 * 86_400 * SECOND

Tags = tuple[tuple[str, str], ...]
#: Fields by key with their types, and the keys of tags: what an explicit bucket takes of one measurement.
Schema = tuple[dict[str, str], set[str]]


# ---------------------------------------------------------------- what is sent

#: How a type is written, given a number, and its name in rows of _monitoring.
KINDS = {
    "float": ("{}", float, "Float"),
    "integer": ("{}i", int, "Integer"),
    "unsigned": ("{}u", int, "UnsignedInteger"),
    "string": ('"{}"', str, "String"),
}
MALFORMED = {
    "bad": "missing fields",
    "a v=": "missing field value",
    ",t=x v=1": "missing measurement",
    "a v=1 x": "bad timestamp",
    "a,t v=1": "missing tag value",
}
#: The series that there are; few, so that values meet.
MEASUREMENTS, TAGS = ("a", "b"), ((), (("t", "x"),), (("t", "y"),), (("u", "x"),))


class Drawn(NamedTuple):
    """A line: its fields by key and type. ``at``: seconds from the start, or (``late``) behind the edge of what the
    bucket "day" keeps now; None for a line without a timestamp."""

    measurement: str
    tags: Tags
    fields: tuple[tuple[str, str], ...]
    at: int | None
    late: bool


LINES = st.one_of(
    st.builds(
        Drawn,
        st.sampled_from(MEASUREMENTS),
        st.sampled_from(TAGS),
        st.lists(
            st.tuples(st.sampled_from("vvw"), st.sampled_from(["float", "float", *KINDS])), min_size=1, max_size=3
        ).map(tuple),
        st.one_of(st.none(), st.integers(0, 2)),
        # The edge moves on while a write is in the queue: a second inside of it is one, or none, then.
        st.sampled_from([False, False, True]),
    ),
    st.sampled_from(sorted(MALFORMED)),
)
BUCKETS = st.sampled_from(["my-bucket", "day", "day", "plan"])
BATCHES = st.lists(LINES, min_size=1, max_size=5)
#: Batches of which most are well-formed: one malformed line refuses all others.
GOOD = BATCHES.map(lambda lines: [line for line in lines if not isinstance(line, str)]).filter(bool)


class Value(NamedTuple):
    """One field value: ``number`` is its own, ``line`` the line that it stands in."""

    number: int
    line: str
    measurement: str
    tags: Tags
    key: str
    kind: str
    time: int


class Row(NamedTuple):
    """What is to be found in _monitoring, logged at a time in ns."""

    logged: int
    measurement: str
    tags: frozenset[tuple[str, str]]
    field: str
    value: Any


class Refusal(NamedTuple):
    """Why one value, or one malformed line, was refused: its name in ``rejected()``, and the columns of its row."""

    line: str
    name: str
    columns: dict[str, str]
    error: str | None = None


# ---------------------------------------------------------------- the model


class BucketModel:
    """What a bucket has to hold, as simply as it can be said."""

    def __init__(self, id: str, retention: int, schemas: dict[str, Schema] | None) -> None:
        self.id, self.retention, self.schemas = id, retention, schemas
        self.stored: dict[tuple[str, Tags, int, str], Value] = {}

    def is_late(self, value: Value, now: int) -> bool:
        """Whether the value is older than the bucket keeps."""
        return bool(self.retention) and value.time < now - self.retention

    def kind_of(self, value: Value) -> str | None:
        """The type that the value's field has in its series; None without a value there."""
        same = [own.kind for own in self.stored.values() if own[2:5] == value[2:5]]
        return same[0] if same else None

    def against_schema(self, value: Value) -> Refusal | None:
        """Why an explicit schema does not allow the value."""
        if self.schemas is None:
            return None
        columns = {"measurement": value.measurement, "field": value.key}
        if value.measurement not in self.schemas:
            return self.refusal(value, "measurement_not_in_schema", "measurement not allowed by schema", columns)
        fields, tags = self.schemas[value.measurement]
        if any(key not in tags for key, _ in value.tags) or value.key not in fields:
            return self.refusal(value, "column_not_in_schema", "column not allowed by schema", columns)
        if fields[value.key] != value.kind:
            columns |= {"gotType": KINDS[value.kind][2], "wantType": KINDS[fields[value.key]][2]}
            return self.refusal(value, "schema_type_mismatch", "field type mismatch with schema", columns)
        return None

    def refusal(self, value: Value, name: str, reason: str, columns: dict[str, str]) -> Refusal:
        return Refusal(value.line, name, {**columns, "bucket": self.id, "reason": reason})

    def series(self) -> set[tuple[str, ...]]:
        """The series that it has, as the quota counts them."""
        return {(self.id, *map(str, own[2:5])) for own in self.stored.values()}

    def readable(self, now: int) -> dict[tuple[str, Tags, int, str], int]:
        """The numbers of the values that can be read now."""
        return {
            place: value.number
            for place, value in self.stored.items()
            if not self.retention or value.time >= now - self.retention
        }


class Write(NamedTuple):
    """A batch in the queue."""

    at: int
    bucket: BucketModel
    values: list[Value]


class Delete(NamedTuple):
    """A delete in the queue: of the values of that measurement and tag, where they are given, between two times."""

    at: int
    bucket: BucketModel
    measurement: str | None
    tag: str | None
    start: int
    stop: int

    def means(self, value: Value) -> bool:
        return (
            self.start <= value.time <= self.stop
            and self.measurement in (None, value.measurement)
            and (self.tag is None or ("t", self.tag) in value.tags)
        )


class Model:
    """Buckets, the queue, the log, and what became of each value."""

    def __init__(self) -> None:
        self.buckets: dict[str, BucketModel] = {}
        self.queue: list[Write | Delete] = []
        self.rows: list[Row] = []
        self.refusals: list[tuple[str, str]] = []
        self.fates: dict[int, str] = {}

    def series(self) -> set[tuple[str, ...]]:
        """The series that the quota counts: what is stored, and what is in the queue."""
        stored = [bucket.series() for bucket in self.buckets.values()]
        writes = [own for own in self.queue if isinstance(own, Write)]
        coming = [(own.bucket, value) for own in writes for value in own.values
                  if not own.bucket.is_late(value, own.at - DELAY)]  # fmt: skip
        return set().union(*stored, self.series_of(coming))

    @staticmethod
    def series_of(values: Any) -> set[tuple[str, ...]]:
        return {(bucket.id, *map(str, value[2:5])) for bucket, value in values}

    def settle(self, value: Value, fate: str) -> None:
        """What became of a value: one thing, and what is stored can go again."""
        before = self.fates.get(value.number, "sent")
        allowed = {"sent": {"refused", "queued", "rejected"}, "queued": {"stored", "rejected", "late", "lost bucket"},
                   "stored": {"overwritten", "deleted", "lost bucket"}}  # fmt: skip
        assert fate in allowed.get(before, set()), f"{value} was {before}, and is {fate}"
        self.fates[value.number] = fate

    def refuse(self, refusal: Refusal, now: int) -> None:
        """Note a refusal, with its row."""
        self.refusals.append((refusal.line, refusal.name))
        field, value = ("count", 1) if refusal.error is None else ("error", refusal.error)
        self.rows.append(Row(now, "rejected_points", frozenset(refusal.columns.items()), field, value))

    def work_off(self, now: int) -> None:
        """What is due happens, each at its time."""
        while self.queue and self.queue[0].at <= now:
            self.do_next(self.queue[0].at)

    def settle_all(self, now: int) -> None:
        """Everything in the queue happens now."""
        while self.queue:
            self.do_next(min(self.queue[0].at, now))

    def do_next(self, now: int) -> None:
        due = self.queue.pop(0)
        gone = due.bucket not in self.buckets.values()
        if isinstance(due, Delete):
            for place, value in list(due.bucket.stored.items()):
                if not gone and due.means(value):
                    del due.bucket.stored[place]
                    self.settle(value, "deleted")
            return
        in_batch: dict[tuple[str, Tags, str], str] = {}
        fit = []
        late = []
        for value in due.values:
            if gone:
                self.settle(value, "lost bucket")
                continue
            if due.bucket.is_late(value, now):
                self.settle(value, "late")
                late.append((value.line, "outside_retention"))
                continue
            field = (value.measurement, value.tags, value.key)
            reason, want = "type conflict in batch write", in_batch.get(field)
            if want is None:
                reason, want = "type conflict with existing data", due.bucket.kind_of(value)
            if want not in (None, value.kind):
                columns = {"measurement": value.measurement, "field": value.key, "gotType": KINDS[value.kind][2],
                           "wantType": KINDS[want][2]}  # fmt: skip
                self.refuse(due.bucket.refusal(value, "type_conflict", reason, columns), now)
                self.settle(value, "rejected")
                continue
            in_batch[field] = value.kind
            fit.append(value)
        self.refusals += late  # what nobody is told of comes behind
        for value in fit:
            place = (value.measurement, value.tags, value.time, value.key)
            if place in due.bucket.stored:
                self.settle(due.bucket.stored[place], "overwritten")
            due.bucket.stored[place] = value
            self.settle(value, "stored")

    def remove(self, name: str) -> None:
        """A bucket goes, with what it holds; what is in the queue for it will come to nothing."""
        for value in self.buckets.pop(name).stored.values():
            self.settle(value, "lost bucket")


# ---------------------------------------------------------------- the machine


class Cloud(RuleBasedStateMachine):
    """A server whose time stands unless it is moved, and the model of it."""

    @initialize(
        requests=st.sampled_from([0, 0, 3]),
        size=st.sampled_from([0, 0, 120]),
        series=st.sampled_from([0, 0, 2, 5]),
        deletes=st.sampled_from([300, 2]),
        malformed=st.sampled_from(["refuse", "keep_good"]),
    )
    def start(self, requests: int, size: int, series: int, deletes: int, malformed: str) -> None:
        self.limits = (requests, size, series)
        self.most_deletes = deletes
        self.keeps_good = malformed == "keep_good"
        switches: dict[str, Any] = {
            "max_requests": requests,
            "max_bytes": size,
            "max_series": series,
            "max_deletes": deletes,
        }
        self.server = Server("v2-cloud", clock=START, malformed=malformed, **switches)
        self.model = Model()
        assert self.server.bucket_id is not None
        self.model.buckets["my-bucket"] = BucketModel(self.server.bucket_id, 0, None)
        self.create("day", 86_400, None)
        self.create("plan", None, {"a": ({"v": "float"}, {"t"})})
        self.numbers = 0
        self.sent_at: dict[int, int] = {}  # when, by the number of a value
        self.settled: int = START_NS  # what was sent until then can be read
        self.admitted: list[tuple[int, int]] = []  # writes that the quota let through: time, bytes
        self.deletes: list[int] = []  # those that it let through: when
        self.told = 0  # values accepted, by the replies
        self.told_refused = 0  # values and malformed lines refused, by the replies

    @property
    def now(self) -> int:
        return self.server.clock.now()

    def create(self, name: str, retention: int | None, schemas: dict[str, Schema] | None) -> None:
        schema = None
        if schemas is not None:
            schema = {name: {**fields, **dict.fromkeys(tags, "tag")} for name, (fields, tags) in schemas.items()}
        bucket = self.server.create_bucket(name, retention=retention, schema=schema)
        self.model.buckets[name] = BucketModel(bucket.id, (retention or 0) * SECOND, schemas)

    def ask(self, method: str, target: str, body: bytes = b"") -> Reply:
        headers = [("Authorization", "Token my-token")]
        reply = front.answer(self.server.world, Request(method, target, headers, body))
        note(f"{method} {target} {body!r} -> {reply.status} {reply.body!r}")
        return reply

    # ------------------------------------------------------------ writes

    def spelt(self, lines: list[Drawn | str]) -> tuple[str, list[list[Value] | str]]:
        """The body, and the values of each line, or a malformed line as it is."""
        found: list[list[Value] | str] = []
        texts = []
        for line in lines:
            if isinstance(line, str):
                found.append(line)
                texts.append(line)
                continue
            time = None if line.at is None else START_NS + line.at * SECOND
            if line.late:
                time = self.now - 86_400 * SECOND + (line.at or 0) * SECOND
            fields = []
            for key, kind in line.fields:
                self.numbers += 1
                fields.append((key, kind, self.numbers))
            tags = "".join(f",{key}={value}" for key, value in line.tags)
            pairs = ",".join(f"{key}={KINDS[kind][0].format(number)}" for key, kind, number in fields)
            text = f"{line.measurement}{tags} {pairs}{'' if time is None else f' {time}'}"
            at = self.now if time is None else time
            found.append([
                Value(number, text, line.measurement, line.tags, key, kind, at) for key, kind, number in fields
            ])  # fmt: skip
            texts.append(text)
        return "\n".join(texts), found

    @rule(name=BUCKETS, lines=GOOD, v1=st.booleans())
    def write(self, name: str, lines: list[Drawn | str], v1: bool) -> None:
        """Points that meet in few series, with types that clash."""
        self.send(name, lines, v1)

    @rule(name=BUCKETS, lines=BATCHES)
    def write_with_malformed_lines(self, name: str, lines: list[Drawn | str]) -> None:
        self.send(name, lines, v1=False)

    def send(self, name: str, lines: list[Drawn | str], v1: bool) -> None:
        bucket = self.model.buckets.get(name)
        body, found = self.spelt(lines)
        values = [value for own in found if not isinstance(own, str) for value in own]
        self.sent_at.update((value.number, self.now) for value in values)
        if bucket is None:
            assert self.ask("POST", f"/api/v2/write?bucket={name}", body.encode()).status == 404
            self.refuse_whole(values)
            return
        reply = self.ask("POST", f"/write?db={name}" if v1 else f"/api/v2/write?bucket={name}", body.encode())
        if not self.passes_quota(reply, len(body)):
            self.refuse_whole(values)
            return
        bad = [own for own in found if isinstance(own, str)]
        if bad and not self.keeps_good:
            message = message_of(reply, 400)
            assert message == f"unable to parse '{bad[0]}': {MALFORMED[bad[0]]}"
            for line in bad:
                self.model.refuse(self.malformed(bucket, line), self.now)
            self.refuse_whole(values)
            self.told_refused += len(bad)
            return
        self.judged(bucket, found, reply)

    def judged(self, bucket: BucketModel, found: list[list[Value] | str], reply: Reply) -> None:
        """What is found before the reply, in the order of the body, and then the quota of series."""
        refused: list[tuple[Refusal, Value | None]] = []
        queued = []
        for line in found:
            if isinstance(line, str):
                refused.append((self.malformed(bucket, line), None))
                continue
            for value in line:
                refusal = bucket.against_schema(value)
                if refusal is None:
                    queued.append(value)
                else:
                    refused.append((refusal, value))
        values = [value for line in found if not isinstance(line, str) for value in line]
        coming = [value for value in queued if not bucket.is_late(value, self.now)]  # what is late brings no series
        if not self.passes_cardinality(reply, {(bucket.id, *map(str, value[2:5])) for value in coming}):
            self.refuse_whole(values)
            return
        for refusal, whose in refused:
            self.model.refuse(refusal, self.now)
            if whose is not None:
                self.model.settle(whose, "rejected")
        for value in queued:
            self.model.settle(value, "queued")
        if queued:
            self.model.queue.append(Write(self.now + DELAY, bucket, queued))
        total = sum(1 if isinstance(line, str) else len(line) for line in found)
        accepted, rejected = counts(reply, total)
        assert (accepted, rejected) == (len(queued), len(refused))
        self.told += accepted
        self.told_refused += rejected

    @staticmethod
    def malformed(bucket: BucketModel, line: str) -> Refusal:
        error = f"unable to parse '{line}': {MALFORMED[line]}"
        return Refusal(line, "malformed", {"bucket": bucket.id, "reason": "line protocol parse error"}, error)

    def refuse_whole(self, values: list[Value]) -> None:
        for value in values:
            self.model.settle(value, "refused")

    def limited(self, limit: str) -> None:
        org = frozenset({("org_id", self.server.org_id or "")})
        self.model.rows.append(Row(self.now, "events", org, f"event_type_{limit}", 1))

    def passes_quota(self, reply: Reply, size: int) -> bool:
        """Whether the write had room in its window; the reply says so too."""
        requests, limit, _ = self.limits
        taken = [own for time, own in self.admitted if time >= self.window]
        if (requests and len(taken) + 1 > requests) or (limit and sum(taken) + size > limit):
            self.has_to_wait(reply, "limited_write")
            return False
        assert reply.status != 429
        self.admitted.append((self.now, size))
        return True

    @property
    def window(self) -> int:
        """When the present window began."""
        return self.now - self.now % WINDOW

    def has_to_wait(self, reply: Reply, limit: str) -> None:
        """Until the window ends."""
        assert message_of(reply, 429) == f"org {self.server.org_id} has exceeded {limit} plan limit"
        wait = -(-(self.window + WINDOW - self.now) // SECOND)
        assert [value for key, value in reply.headers if key.lower() == "retry-after"] == [str(wait)]
        self.limited(limit)

    def passes_cardinality(self, reply: Reply, wanted: set[tuple[str, ...]]) -> bool:
        """Whether there was room for the series of a write; the reply says so too."""
        limit, known = self.limits[2], self.model.series()
        if limit and not wanted <= known and len(wanted | known) > limit:
            assert message_of(reply, 503) == "Series cardinality exceeds your plan's service quota"
            self.limited("limited_cardinality")
            return False
        assert reply.status != 503
        return True

    # ------------------------------------------------------------ deletes

    @rule(
        name=BUCKETS,
        measurement=st.sampled_from([None, *MEASUREMENTS]),
        tag=st.sampled_from([None, None, "x", "y"]),
        span=st.sampled_from([(0, 2), (0, 0), (1, 1), (-86_400, 86_400)]),
    )
    def delete(self, name: str, measurement: str | None, tag: str | None, span: tuple[int, int]) -> None:
        """Values of some series, at some of the times that writes use."""
        bucket = self.model.buckets.get(name)
        begin, end = (START_NS + seconds * SECOND for seconds in span)
        asked = [f'_measurement="{measurement}"'] * bool(measurement) + [f't="{tag}"'] * bool(tag)
        body = {
            "start": (START + dt.timedelta(seconds=span[0])).isoformat(),
            "stop": (START + dt.timedelta(seconds=span[1])).isoformat(),
            "predicate": " AND ".join(asked),
        }
        reply = self.ask("POST", f"/api/v2/delete?bucket={name}", json.dumps(body).encode())
        if sum(time >= self.window for time in self.deletes) == self.most_deletes:
            self.has_to_wait(reply, "limited_delete_rate")
            return
        self.deletes.append(self.now)
        assert reply.status == (404 if bucket is None else 204)
        if bucket is not None:
            self.model.queue.append(Delete(self.now + DELAY, bucket, measurement, tag, begin, end))

    # ------------------------------------------------------------ buckets and schemas

    @precondition(lambda self: "plan" in self.model.buckets)
    @rule(
        measurement=st.sampled_from(MEASUREMENTS),
        column=st.sampled_from([("w", "integer"), ("w", "string"), ("v", "integer"), ("t", "tag"), ("u", "tag")]),
    )
    def change_schema(self, measurement: str, column: tuple[str, str]) -> None:
        """A schema of a measurement that has none yet, or one more column; never another type."""
        bucket = self.model.buckets["plan"]
        assert bucket.schemas is not None
        fields, tags = bucket.schemas.get(measurement, ({}, set()))
        key, kind = column
        new_fields, new_tags = (fields, tags | {key}) if kind == "tag" else ({**fields, key: kind}, tags)
        columns = [{"name": "time", "type": "timestamp"}, *({"name": key, "type": "tag"} for key in sorted(new_tags))]
        columns += [{"name": key, "type": "field", "dataType": kind} for key, kind in new_fields.items()]
        path = f"/api/v2/buckets/{bucket.id}/schema/measurements"
        if measurement in bucket.schemas:
            listed = json.loads(self.ask("GET", f"{path}?name={measurement}").body)["measurementSchemas"]
            reply = self.ask("PATCH", f"{path}/{listed[0]['id']}", json.dumps({"columns": columns}).encode())
            expected = 200 if fields.get(key, kind) == kind else 400
        else:
            reply = self.ask("POST", path, json.dumps({"name": measurement, "columns": columns}).encode())
            expected = 201 if new_fields else 400
        assert reply.status == expected
        if expected != 400:
            bucket.schemas[measurement] = (new_fields, new_tags)

    @rule(name=st.sampled_from(["day", "plan"]), allowed=st.sampled_from(["", "a", "ab"]), again=st.booleans())
    def remove_or_create_a_bucket(self, name: str, allowed: str, again: bool) -> None:
        """A bucket goes while writes are in the queue for it, and one of its name has nothing of it."""
        if name in self.model.buckets:
            assert self.ask("DELETE", f"/api/v2/buckets/{self.model.buckets[name].id}").status == 204
            self.model.remove(name)
            if not again:
                return
        if name == "day":
            self.create(name, 86_400, None)
        else:
            self.create(name, None, {measurement: ({"v": "integer"}, {"t"}) for measurement in allowed})

    # ------------------------------------------------------------ time

    @rule(seconds=st.sampled_from([0, 0.25, 0.999999999, 1, 1, 100, 300, 86_400, 604_800]))
    def time_goes_on(self, seconds: float) -> None:
        self.server.clock.advance(seconds)
        self.model.work_off(self.now)

    @rule()
    def settle(self) -> None:
        self.server.settle()
        self.settled = self.now
        self.model.settle_all(self.now)
        assert set(self.model.fates.values()).isdisjoint({"sent", "queued"})

    # ------------------------------------------------------------ what always holds

    @invariant()
    def reads_back_what_was_stored(self) -> None:
        """Neither before its time nor after, and of each place the last word."""
        for name, bucket in self.model.buckets.items():
            assert readable(self.server, name) == bucket.readable(self.now)

    @invariant()
    def nothing_is_readable_before_it_is_due(self) -> None:
        for name in self.model.buckets:
            for number in readable(self.server, name).values():
                sent = self.sent_at[number]
                assert sent + DELAY <= self.now or sent <= self.settled

    @invariant()
    def each_rejection_has_its_row(self) -> None:
        """In the order in which they were logged, each with a time of its own, for seven days."""
        found = [
            (point.time, point.measurement, frozenset(point.tags.items()), *next(iter(point.fields.items())))
            for point in self.server.points(bucket="_monitoring")
        ]
        found.sort(key=lambda row: row[0])
        times = [row[0] for row in found]
        assert len(set(times)) == len(times)
        # A row that is logged at the very edge lies some ns inside of it.
        kept = [row for row in self.model.rows if row.logged > self.now - WEEK - 1000]
        edge = sum(row.logged <= self.now - WEEK for row in kept)
        assert len(kept) - edge <= len(found) <= len(kept)
        kept = kept[len(kept) - len(found) :]
        assert [row[1:] for row in found] == [row[1:] for row in kept]
        assert all(0 <= time - row.logged < 1000 for time, row in zip(times, kept, strict=True))

    @invariant()
    def no_value_is_stored_and_rejected(self) -> None:
        rejections = self.server.rejected()
        assert [(own.line, own.reason.name) for own in rejections] == self.model.refusals
        stored: Counter[str] = Counter()
        for bucket in self.model.buckets.values():
            stored.update(value.line for value in bucket.stored.values())
        refused = Counter(own.line for own in rejections if own.reason.name != "malformed")
        # Values that were overwritten or deleted, or have another fate, fill the rest of a line.
        assert all(stored[line] + count <= values_in(line) for line, count in refused.items())

    @invariant()
    def no_value_is_lost(self) -> None:
        """What the replies accepted is in the queue, was stored (and is there yet, or not), or was refused later."""
        fates = Counter(self.model.fates.values())
        names = Counter(own.reason.name for own in self.server.rejected())
        afterwards = names["type_conflict"] + names["outside_retention"]
        assert sum(names.values()) - afterwards == self.told_refused
        stored = fates["stored"] + fates["overwritten"] + fates["deleted"] + fates["lost bucket"]
        assert self.told == fates["queued"] + stored + afterwards
        there = sum(len(bucket.stored) for bucket in self.model.buckets.values())
        assert there == fates["stored"]
        assert sum(fates.values()) == self.numbers

    @invariant()
    def quotas_hold(self) -> None:
        """By the journal: what was not told to wait fits in its window."""
        requests, size, series = self.limits
        for window in self.windows("v1-write", "v2-write").values():
            assert not requests or len(window) <= requests
            assert not size or sum(window) <= size
        assert all(len(window) <= self.most_deletes for window in self.windows("v2-delete").values())
        buckets = (self.server.world.target(name) for name in self.model.buckets)
        there = sum(len(bucket.data.field_series()) for bucket in buckets if bucket is not None)
        assert not series or there <= series

    def windows(self, *doors: str) -> dict[int, list[int]]:
        """The bytes of requests that were done, by window."""
        found: dict[int, list[int]] = {}
        for exchange in self.server.journal:
            if exchange.door in doors and exchange.status not in (404, 429):
                found.setdefault(exchange.time // WINDOW, []).append(exchange.request.length)
        return found

    @invariant()
    def nothing_went_wrong(self) -> None:
        assert self.server.journal.errors() == []


def message_of(reply: Reply, status: int) -> str:
    """The message of a reply that has that status."""
    assert reply.status == status
    message = json.loads(reply.body)["message"]
    assert isinstance(message, str)
    return message


def counts(reply: Reply, total: int) -> tuple[int, int]:
    """How many of ``total`` points a reply says were accepted and rejected; they add up."""
    if reply.status == 204:
        return total, 0
    message = message_of(reply, 400)
    told = re.fullmatch(
        r"(?:partial write error \((\d+) accepted\): )?(\d+) out of (\d+) points rejected "
        r"\(check rejected_points in your _monitoring bucket for further information\)",
        message,
    )
    assert told is not None, message
    accepted, rejected = int(told[1] or 0), int(told[2])
    assert accepted + rejected == int(told[3]) == total
    return accepted, rejected


def values_in(line: str) -> int:
    """How many field values a line has; none of them has a comma or a space."""
    return len(line.split(" ")[1].split(","))


def readable(server: Server, bucket: str) -> dict[tuple[str, Tags, int, str], int]:
    """The numbers of the values that can be read, by their places; each has the type that it was sent with."""
    found = {}
    for point in server.points(bucket=bucket):
        for key, value in point.fields.items():
            found[point.measurement, tuple(point.tags.items()), point.time, key] = int(value)
    return found


TestCloud = Cloud.TestCase
TestCloud.settings = SMALL
