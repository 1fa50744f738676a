"""Any sequence of writes, good and bad: what is accepted reads back unchanged, what is refused leaves nothing."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockflux import Server
from mockflux.http import front
from mockflux.lineprotocol import Field, Tags
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.strategies import Batch, Point, batches, points

SMALL = settings(
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
START = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
SECOND = 10**9
#: How long the bucket "day" keeps its points, in ns.
DAY = 86_400 * SECOND

Series = tuple[str, Tags]


def shown(value: Any) -> tuple[str, str]:
    """A value that equals another only if type and every bit are the same (-0.0 is not 0.0, True is not 1)."""
    return type(value).__name__, repr(value)


class Model:
    """What a bucket has to hold, as simply as it can be said."""

    def __init__(self, retention: int | None) -> None:
        self.retention = retention
        self.types: dict[Series, dict[str, str]] = {}
        self.stored: dict[tuple[Series, int], dict[str, Any]] = {}

    def write(self, lines: list[tuple[Point, int]], now: int) -> bool:
        """Store points with their times in ns, all or, if one of them does not fit, none; whether they were stored."""
        types = {series: dict(known) for series, known in self.types.items()}
        for point, time in lines:
            if self.retention is not None and time < now - self.retention:
                return False
            known = types.setdefault((point.measurement, point.tags), {})
            for field in point.fields:
                if known.setdefault(field.key, field.type) != field.type:
                    return False
        self.types = types
        for point, time in lines:
            fields = self.stored.setdefault(((point.measurement, point.tags), time), {})
            fields.update((field.key, field.value) for field in point.fields)
        return True

    def points(self, now: int) -> set[Any]:
        """What can be read now."""
        return {
            (measurement, tags, time, frozenset((key, shown(value)) for key, value in fields.items()))
            for ((measurement, tags), time), fields in self.stored.items()
            if self.retention is None or time >= now - self.retention
        }


def readable(server: Server, bucket: str) -> set[Any]:
    found = [
        (
            point.measurement,
            tuple(point.tags.items()),
            point.time,
            frozenset((k, shown(v)) for k, v in point.fields.items()),
        )
        for point in server.points(bucket=bucket)
    ]
    assert len(set(found)) == len(found), "no point comes twice"
    return set(found)


OPEN = b'a v="open'
#: Few series, fields and values, so that points meet; every type, so that they clash.
NUMERALS = st.sampled_from(["1", "-0", "2.5", "3i", "-4i", "5u", "t", "FALSE", '"six"', '"a, b=c"'])
SMALL_LINES = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(["", ",t=x", ",t=y"]),
    st.dictionaries(st.sampled_from("vw"), NUMERALS, min_size=1),
    # Seconds from now, None for a line without a time: mostly inside the retention, sometimes on its edge or beyond.
    st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([-86_400, -86_401, -86_399])),
)
TYPES = {"i": "integer", "u": "unsigned", '"': "string", "t": "boolean", "E": "boolean"}


def meaning(numeral: str) -> tuple[str, Any]:
    kind = TYPES.get(numeral[-1], "float")
    value: Any = {
        "integer": lambda: int(numeral[:-1]),
        "unsigned": lambda: int(numeral[:-1]),
        "string": lambda: numeral[1:-1],
        "boolean": lambda: numeral == "t",
        "float": lambda: float(numeral),
    }[kind]()
    return kind, value


class Writes(RuleBasedStateMachine):
    """A server whose time stands unless it is moved, and models of its two buckets."""

    @initialize()
    def start(self) -> None:
        self.server = Server("v2-oss", clock=START)
        self.server.create_bucket("day", retention=86_400)
        self.models = {"my-bucket": Model(None), "day": Model(DAY)}
        self.accepted = 0
        self.refusals = 0

    @property
    def now(self) -> int:
        return self.server.clock.now()

    def post(
        self, bucket: str, body: bytes, *, token: str = "my-token", query: str = "", packed: bool = False
    ) -> Reply:
        headers = [("Authorization", f"Token {token}")]
        if packed:
            headers.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body)
        target = f"/api/v2/write?org=my-org&bucket={bucket}{query}"
        reply = front.answer(self.server.world, Request("POST", target, headers, body))
        note(f"{body!r} to {bucket} -> {reply!r}")
        return reply

    def expect(self, reply: Reply, stored: bool) -> None:
        assert reply.status == (204 if stored else 400), reply.body
        assert len(self.server.rejected()) >= self.refusals + (not stored)
        self.refusals = len(self.server.rejected())

    # ------------------------------------------------------------ what happens

    @rule(
        bucket=st.sampled_from(["my-bucket", "day"]),
        lines=st.lists(SMALL_LINES, max_size=5),
        packed=st.booleans(),
        precision=st.sampled_from(["", "ns", "us", "ms", "s"]),
    )
    def write(self, bucket: str, lines: list[Any], packed: bool, precision: str) -> None:
        """Points that meet in few series, at times around now."""
        unit = {"": 1, "ns": 1, "us": 10**3, "ms": 10**6, "s": SECOND}[precision]
        body, model = [], []
        for name, tag, fields, offset in lines:
            time = None if offset is None else (self.now + offset * SECOND) // unit
            body.append(
                f"{name}{tag} {','.join(f'{k}={v}' for k, v in fields.items())}{'' if time is None else f' {time}'}"
            )
            tags = tuple([("t", tag[-1])] if tag else [])
            point = Point(name, tags, tuple(_field(key, numeral) for key, numeral in fields.items()), time)
            model.append((point, self.now - self.now % unit if time is None else time * unit))
        query = f"&precision={precision}" if precision else ""
        reply = self.post(bucket, "\n".join(body).encode(), packed=packed, query=query)
        self.expect(reply, self.models[bucket].write(model, self.now))

    @rule(batch=batches(max_size=4))
    def write_anything(self, batch: Batch) -> None:
        """Names, values and times of every kind, into the bucket that keeps all."""
        timed = [(line.point, self.now if line.point.time is None else line.point.time) for line in batch.lines]
        self.expect(self.post("my-bucket", batch.body), self.models["my-bucket"].write(timed, self.now))

    @rule(
        batch=batches(max_size=3),
        bad=st.sampled_from([b"bad", b"a v=", b"a v=1 x", b",t=x v=1", b"a,t v=1", b"a v=1 1 1", OPEN]),
        first=st.booleans(),
    )
    def write_a_malformed_line(self, batch: Batch, bad: bytes, first: bool) -> None:
        # An open string would take the lines behind it along.
        parts = [bad, batch.body] if first and bad != OPEN else [batch.body.removesuffix(b"\n"), bad]
        self.expect(self.post("my-bucket", b"\n".join(parts)), stored=False)

    @rule(
        batch=batches(min_size=1, max_size=3),
        wrong=st.sampled_from([
            ("my-bucket", "nobody", "", 401), ("my-bucket", "my-read-token", "", 401), ("plant", "my-token", "", 404),
            ("my-bucket", "my-token", "&precision=h", 400), ("day", "my-token", "&orgID=0123456789abcdef", 404),
        ]),
    )  # fmt: skip
    def write_that_the_gate_stops(self, batch: Batch, wrong: tuple[str, str, str, int]) -> None:
        bucket, token, query, status = wrong
        assert self.post(bucket, batch.body, token=token, query=query).status == status

    @rule(batch=batches(min_size=1, max_size=3), cut=st.integers(1, 8))
    def write_a_truncated_body(self, batch: Batch, cut: int) -> None:
        body = gzip.compress(batch.body)[:-cut]
        headers = [("Authorization", "Token my-token"), ("Content-Encoding", "gzip")]
        request = Request("POST", "/api/v2/write?org=my-org&bucket=my-bucket", headers, body)
        assert front.answer(self.server.world, request).status == 413

    @rule(status=st.sampled_from([400, 401, 404, 413, 500, 503]))
    def write_that_a_fault_befalls(self, status: int) -> None:
        self.server.fail(status)
        assert self.post("my-bucket", b"never v=1").status == status

    @rule(seconds=st.sampled_from([0, 1, 3600, 86_400]))
    def time_goes_on(self, seconds: int) -> None:
        self.server.clock.advance(seconds)

    @precondition(lambda self: self.server.journal.total > 5)
    @rule()
    def reset(self) -> None:
        self.server.reset()
        self.server.create_bucket("day", retention=86_400)
        self.models = {"my-bucket": Model(None), "day": Model(DAY)}
        self.refusals = 0

    # ------------------------------------------------------------ what always holds

    @invariant()
    def reads_back_what_was_accepted(self) -> None:
        if not hasattr(self, "models"):
            return
        total = 0
        for bucket, model in self.models.items():
            expected = model.points(self.now)
            assert readable(self.server, bucket) == expected
            total += len(expected)
        assert self.server.world.count() == total
        assert self.server.journal.errors() == []


def _field(key: str, numeral: str) -> Field:
    kind, value = meaning(numeral)
    return Field(key, kind, value)  # type: ignore[arg-type]


TestWrites = Writes.TestCase
TestWrites.settings = SMALL


@SMALL
@given(st.lists(points(), max_size=8), st.randoms(use_true_random=False))
def test_the_model_itself_merges_and_overwrites(drawn: list[Point], random: Any) -> None:
    """A check of the checker: of what it stored, the last word for each series, time and field is kept."""
    model = Model(None)
    taken = [(point, random.choice([1, 2])) for point in drawn]
    stored = [entry for entry in taken if model.write([entry], 0)]
    last = {
        (point.measurement, point.tags, time, field.key): shown(field.value)
        for point, time in stored
        for field in point.fields
    }
    found = {(m, tags, time, key): value for m, tags, time, fields in model.points(0) for key, value in fields}
    assert found == last
