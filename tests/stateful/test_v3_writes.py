"""Any sequence of writes to the editions of InfluxDB 3: what is accepted reads back unchanged, every refused line is
named, and where a batch is refused whole nothing of it is stored.

Each line is made together with what is wrong with it by itself. What it meets in the table the model knows, which has
nothing in common with the code that it checks but the documents.
"""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.strategies import Batch, batches

SMALL = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
START = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
SECOND = 10**9
DAY = 86_400 * SECOND
#: How many refused lines a reply names, where it does not name all.
NAMED = 100
UNITS = {"": 1, "ns": 1, "us": 10**3, "ms": 10**6, "s": SECOND}
PATHS = {"v1": "/write?db=", "v2": "/api/v2/write?bucket=", "v3": "/api/v3/write_lp?db="}
#: The databases (or buckets) that are written to; the edition's own goes before them. How long each keeps, in seconds.
RETENTIONS = {"short": 2 * 86_400, "later": None}


# ---------------------------------------------------------------- lines

#: As written, with type and value.
VALUES: dict[str, tuple[str, Any]] = {
    "1": ("float", 1.0), "-0": ("float", -0.0), "2.50": ("float", 2.5), "1e3": ("float", 1000.0),
    "3i": ("integer", 3), "-4i": ("integer", -4), "5u": ("unsigned", 5), "t": ("boolean", True),
    "FALSE": ("boolean", False), '"six"': ("string", "six"), '"a, b=c # d"': ("string", "a, b=c # d"),
    '"two\nlines"': ("string", "two\nlines"), '"\n\n"': ("string", "\n\n"),
}  # fmt: skip
#: Lines that do not follow the grammar, with the complaint of the shared parser.
MALFORMED = {
    "bad": "Expected at least one space character, got end of input",
    "a value": "No fields were provided",
    "a v=": "No fields were provided",
    ",t=x v=1": "Invalid measurement was provided",
    "a,t v=1": "Tag set malformed: could not find equals sign in `t v=1`",
    "a,t= v=1": "Expected tag value, got ` v=1`",
    "a v=1 x": "Could not parse entire line. Found trailing content: ` x`",
    'a v="1\n2" 3 4': "Could not parse entire line. Found trailing content: `4`",
    "a v=9223372036854775808i": "Unable to parse integer value `9223372036854775808`",
    "a v=1 123461000000000000000000000000": "Unable to parse timestamp value `123461000000000000000000000000`",
}
#: A string that is not closed takes whatever comes behind it along.
OPEN = 'a v="open\nb v=1\n'
FILLERS = ("", "  ", "\t", "# a comment", '  # a comment with a "string"')
#: The greatest number that a line can have for a timestamp.
GREATEST = 2**63 - 1


class Drawn(NamedTuple):
    """A line that follows the grammar. ``offset``: seconds from now; None for a line without a timestamp, ``beyond``
    for the greatest one there is."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    offset: int | str | None


POINTS = st.builds(
    Drawn,
    st.sampled_from("ab"),
    # v is a field elsewhere; a key can stand twice; the last one is reserved.
    st.sampled_from([
        (), (), (("t", "x"),), (("t", "y"),), (("u", "z"), ("t", "x")), (("v", "x"),), (("t", "x"), ("t", "y")),
        (("time", "x"),),
    ]),
    st.lists(
        st.tuples(st.sampled_from(["v", "v", "w", "w", "x", "t", "time"]), st.sampled_from(sorted(VALUES))),
        min_size=1, max_size=3,
    ).map(tuple),
    # Today and the days around it, both sides of the edge of what "short" keeps.
    st.one_of(
        st.none(), st.integers(-3, 3), st.sampled_from([-86_400, 7_200, 86_400, -172_800, -172_801, -400_000, "beyond"])
    ),
)  # fmt: skip
LINES = st.one_of(POINTS, POINTS, POINTS, st.sampled_from(sorted(MALFORMED)), st.sampled_from(FILLERS))


class Sent(NamedTuple):
    """A line as it was sent, with its number, the complaint if it does not follow the grammar, and what it means:
    ``fields`` with types and values, the time in ns."""

    text: str
    number: int
    complaint: str = ""
    measurement: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str, Any], ...] = ()
    time: int = 0


def shown(value: Any) -> tuple[str, str]:
    """A value that equals another only if type and every bit are the same (-0.0 is not 0.0, True is not 1)."""
    return type(value).__name__, repr(value)


# ---------------------------------------------------------------- the model


class Ways(NamedTuple):
    """What editions and their switches differ in."""

    monolith: bool
    by_day: bool
    whole: bool
    late_whole: bool
    physical: bool
    style: str


class Table:
    """The columns of a table: keys of tags, and types of fields, all or by day."""

    def __init__(self) -> None:
        self.tags: set[str] = set()
        self.fields: dict[int | None, dict[str, str]] = {}

    def types(self, day: int | None) -> dict[str, str]:
        return self.fields.setdefault(day, {})

    @property
    def keys(self) -> set[str]:
        return {key for types in self.fields.values() for key in types}


class Refused(NamedTuple):
    """A refused line, and what is wrong with it; an edition may name any of that."""

    line: Sent
    reasons: frozenset[str]


class Model:
    """What a database has to hold, as simply as it can be said."""

    def __init__(self, ways: Ways, retention: int | None) -> None:
        self.ways = ways
        self.retention = retention
        self.tables: dict[str, Table] = {}
        self.stored: dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, Any]] = {}

    def write(self, lines: list[Sent], now: int, *, whole: bool) -> tuple[list[Refused], bool]:
        """Store the good lines; none if the batch is to be good as a whole and is not. What is refused, and whether
        nothing was stored because of it."""
        before, refused, good = copy.deepcopy(self.tables), [], []
        for line in lines:
            wrong = self._wrong(line, now)
            if wrong:
                refused.append(Refused(line, wrong))
                continue
            good.append(line)
            table = self.tables.setdefault(line.measurement, Table())
            table.tags.update(key for key, _ in line.tags)
            table.types(self._day(line)).update({key: type for key, type, _ in self._fields(line)})
        late = any(wrong == LATE for _, wrong in refused)
        if refused and (whole or (late and self.ways.late_whole)):
            self.tables = before
            return refused, True
        for line in good:
            point = self.stored.setdefault((line.measurement, tuple(sorted(line.tags)), line.time), {})
            point.update({key: shown(value) for key, _, value in self._fields(line)})
        return refused, False

    def _day(self, line: Sent) -> int | None:
        return line.time // DAY if self.ways.by_day else None

    def _fields(self, line: Sent) -> tuple[tuple[str, str, Any], ...]:
        """The fields that are stored: the distributed editions leave out one named time, if there are others."""
        kept = tuple(field for field in line.fields if field[0] != "time")
        return line.fields if self.ways.monolith else kept or line.fields

    def _wrong(self, line: Sent, now: int) -> frozenset[str]:
        if line.complaint:
            return frozenset({"malformed"})
        found: set[str] = set()
        table, fields = self.tables.get(line.measurement, Table()), self._fields(line)
        tags, keys = [key for key, _ in line.tags], [key for key, *_ in fields]
        types = {**table.types(self._day(line))}
        if len(set(tags)) < len(tags):
            found.add("duplicate_tag")
        if "time" in tags + keys:
            found |= {"reserved_name", "type_conflict"} if self.ways.monolith else {"reserved_name"}
        if len(set(keys)) < len(keys):
            if self.ways.monolith:
                found |= {"duplicate_field", "type_conflict"}
            elif len({(key, type) for key, type, _ in fields}) > len(set(keys)):
                found |= {"duplicate_field"}
        if any(types.get(key, type) != type for key, type, _ in fields):
            found.add("type_conflict")
        if set(tags) & (table.keys | set(keys)) or set(keys) & table.tags:
            found.add("type_conflict")
        if not -GREATEST - 1 <= line.time <= GREATEST:
            found.add("time_out_of_range")
        return frozenset(found) or (LATE if self._hidden(line.time, now) and not self.ways.monolith else frozenset())

    def _hidden(self, time: int, now: int) -> bool:
        """Whether a point is older than the database keeps."""
        return self.retention is not None and time < now - self.retention

    def points(self, now: int) -> set[Any]:
        """What can be read now."""
        return {
            (measurement, tags, time, frozenset(fields.items()))
            for (measurement, tags, time), fields in self.stored.items()
            if not self._hidden(time, now)
        }


LATE = frozenset({"outside_retention"})


def readable(server: Server, name: str) -> set[Any]:
    points = server.points(bucket=name)
    found = {
        (point.measurement, tuple(sorted(point.tags.items())), point.time,
         frozenset((key, shown(value)) for key, value in point.fields.items()))
        for point in points
    }  # fmt: skip
    assert len(found) == len(points), "no point comes twice"
    return found


# ---------------------------------------------------------------- the machines


class Writes(RuleBasedStateMachine):
    """A server whose time stands unless it is moved, and a model of each of its databases."""

    def begin(self, profile: str, switches: dict[str, Any]) -> None:
        self.server = Server(profile, clock=START, **switches)
        self.own: str = self.server.database or self.server.bucket or ""
        self.ways = Ways(
            monolith=profile in ("v3-core", "v3-enterprise"),
            by_day=switches.get("type_conflict_scope") == "partition",
            whole=not switches.get("partial_writes", True),
            late_whole=switches.get("retention_status") == 422,
            physical=switches.get("line_numbering") == "physical",
            style=switches.get("message_style", "guide"),
        )
        self.furnish()

    def furnish(self) -> None:
        self.models: dict[str, Model] = {}
        #: Databases of the v1 door that it has made a bucket for.
        self.mapped: dict[str, str] = {}
        self.refused = 0
        if not self.ways.monolith:
            self.models[self.own] = Model(self.ways, None)
        self.create("short")

    def create(self, name: str) -> None:
        retention = RETENTIONS[name]
        make = self.server.create_bucket if self.server.bucket else self.server.create_database
        make(name, retention=retention)
        self.models[name] = Model(self.ways, retention and retention * SECOND)

    @property
    def now(self) -> int:
        return self.server.clock.now()

    def post(self, target: str, body: str, *, token: str = "my-token", packed: bool = False) -> Reply:
        raw, headers = body.encode(), [("Authorization", f"Token {token}")]
        if packed:
            headers.append(("Content-Encoding", "gzip"))
        sent = gzip.compress(raw) if packed else raw
        reply = front.answer(self.server.world, Request("POST", target, headers, sent))
        note(f"{body!r} to {target} -> {reply.status} {reply.body!r}")
        return reply

    def model_of(self, name: str, door: str) -> tuple[str, Model | None]:
        """What a write to a name ends in: its name and model. None if there is no such; then nothing is stored. One
        that the write will make is not among the models yet."""
        if self.server.bucket and door == "v1":
            if name not in self.models and name not in self.mapped:
                self.mapped[name] = f"{name}/autogen"
                return self.mapped[name], Model(self.ways, 3 * DAY)
            name = self.mapped.get(name, name)
        model = self.models.get(name)
        return name, Model(self.ways, None) if model is None and self.ways.monolith else model

    def send(
        self, name: str, door: str, body: str, lines: list[Sent], *, params: str = "", keeps: bool = True, **how: Any
    ) -> None:
        """Write a body, whose lines are known, and look at the answer and at what is left of it."""
        where, model = self.model_of(name, door)
        reply = self.post(f"{PATHS[door]}{name}{params}", body, **how)
        if model is None:
            assert (reply.status, self.server.journal[-1].verdict) == (404, None)
            assert name.encode() in reply.body
            return
        refused, nothing = model.write(lines, self.now, whole=self.ways.whole or not keeps)
        if not (self.ways.monolith and nothing):
            self.models.setdefault(where, model)
        self.check_reply(reply, door, body, len(lines), refused, nothing=nothing, keeps=keeps)
        verdict = self.server.journal[-1].verdict
        assert verdict is not None
        assert verdict.accepted == (0 if nothing else len(lines) - len(refused))
        self.check_rejected(refused, where, as_sent=door != "v3")

    def check_rejected(self, refused: list[Refused], where: str, *, as_sent: bool) -> None:
        new = self.server.rejected()[self.refused :]
        self.refused += len(new)
        assert [rejection.number for rejection in new] == [line.number for line, _ in refused]
        assert {rejection.bucket for rejection in new} <= {where}
        for rejection, (line, reasons) in zip(new, refused, strict=True):
            assert rejection.reason.name in reasons
            if as_sent or line.complaint:
                assert rejection.line == line.text.lstrip()

    # ------------------------------------------------------------ what a reply has to be

    def check_reply(
        self, reply: Reply, door: str, body: str, count: int, refused: list[Refused], *, nothing: bool, keeps: bool
    ) -> None:
        if not refused:
            if self.ways.monolith and not count:
                assert (reply.status, b"incoming write was empty" in reply.body) == (400, True)
            else:
                assert (reply.status, reply.body) == (204, b"")
        elif nothing and all(reasons == LATE for _, reasons in refused):
            assert reply.status == 422
            told = reply.json()
            assert list(told) == ["code", "message"]
            assert told["message"].startswith(f"dml handler error: data in table {refused[0].line.measurement} is outs")
        elif door == "v3":
            assert reply.status == 400
            self.check_v3_reply(reply, body, refused, keeps=keeps)
        else:
            assert reply.status == 400
            self.check_message(reply, refused, partial=len(refused) < count and not nothing)

    def check_v3_reply(self, reply: Reply, body: str, refused: list[Refused], *, keeps: bool) -> None:
        """``/api/v3/write_lp`` names all; where the batch was to be good as a whole it stops at the first."""
        told = reply.json()
        assert told["error"] == ("partial write of line protocol occurred" if keeps else "line protocol parsing error")
        entries = told["data"] if keeps else [told["data"]]
        expected = refused if keeps else refused[:1]
        assert [entry["line_number"] for entry in entries] == [line.number for line, _ in expected]
        for entry, (line, _) in zip(entries, expected, strict=True):
            if line.complaint:
                assert entry["error_message"] == line.complaint
                # By its number among all lines of the body, though that is not how lines are numbered; 20 bytes of it.
                assert entry["original_line"] == body.split("\n")[line.number - 1][:20]

    def check_message(self, reply: Reply, refused: list[Refused], *, partial: bool) -> None:
        told = reply.json()
        assert told["code"] == "invalid"
        assert told["line"] == refused[0].line.number
        assert reply.body == json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
        heading = {
            "guide": "failed to parse line protocol:\n", "source": "failed to parse line protocol: ",
            "spec": "partial write has occurred, " if partial else "no data written, ",
        }[self.ways.style] + "errors encountered on line(s):\n"  # fmt: skip
        assert told["message"].startswith(heading)
        entries = told["message"].removeprefix(heading).split("\n")
        assert len(entries) == min(len(refused), NAMED)
        for entry, (line, reasons) in zip(entries, refused, strict=False):
            assert any(re.fullmatch(pattern, entry) for pattern in self.entries(line, reasons)), entry

    def entries(self, line: Sent, reasons: Iterable[str]) -> list[str]:
        """The patterns of what may be said of a refused line."""
        writing = rf"error writing line {line.number} \(1-based\): .+"
        if not line.complaint:
            return [writing, rf"timestamp overflows i64 on line {line.number} \(1-based\)"][: len([*reasons]) + 1]
        complaint = line.complaint.replace("`", "'") if self.ways.style == "guide" else line.complaint
        return [re.escape(f"error parsing line {line.number} (1-based): {complaint}")]

    # ------------------------------------------------------------ what happens

    def numbered(self, drawn: Iterable[Drawn | str], unit: int) -> tuple[str, list[Sent]]:
        """A body of these lines, with numbers as the edition gives them. ``unit`` of timestamps in ns, 0 for any."""
        sent: list[Sent] = []
        physical = 1
        texts = []
        for what in drawn:
            number = physical if self.ways.physical else len(sent) + 1
            if isinstance(what, Drawn):
                sent.append(self.meant(what, number, unit))
                texts.append(sent[-1].text)
            else:
                texts.append(what)
                complaint = "No fields were provided" if what == OPEN else MALFORMED.get(what, "")
                if complaint:
                    sent.append(Sent(what, number, complaint))
            physical += 1 + texts[-1].count("\n")
        return "\n".join(texts), sent

    def meant(self, line: Drawn, number: int, unit: int) -> Sent:
        head = "".join([line.measurement, *(f",{key}={value}" for key, value in line.tags)])
        text = f"{head} {','.join(f'{key}={numeral}' for key, numeral in line.fields)}"
        time = self.now
        if line.offset is not None:
            beyond = line.offset == "beyond"
            # Where each timestamp tells its unit by its size, one of now can be in any; the greatest is in ns.
            unit = unit or (1 if beyond else UNITS["us"])
            stamp = GREATEST if beyond else (self.now + int(line.offset) * SECOND) // unit
            text += f" {stamp}"
            time = stamp * unit
        fields = tuple([(key, *VALUES[numeral]) for key, numeral in line.fields])
        return Sent(text, number, "", line.measurement, line.tags, fields, time)

    @rule(
        name=st.sampled_from(["own", "own", "short", "later"]),
        door=st.sampled_from(sorted(PATHS)),
        drawn=st.lists(LINES, max_size=6),
        open_end=st.sampled_from([False, False, True]),
        precision=st.sampled_from(sorted(UNITS)),
        packed=st.booleans(),
        keeps=st.sampled_from([None, True, False]),
    )
    def write(
        self,
        name: str,
        door: str,
        drawn: list[Drawn | str],
        open_end: bool,
        precision: str,
        packed: bool,
        keeps: bool | None,
    ) -> None:
        """Lines of every kind, to few series."""
        door = door if self.ways.monolith or door != "v3" else "v2"
        unit = 0 if door == "v3" and not precision else UNITS[precision]
        body, lines = self.numbered([*drawn, OPEN] if open_end else drawn, unit)
        params = f"&precision={precision}" if precision else ""
        if door == "v3" and keeps is not None:
            params += f"&accept_partial={str(keeps).lower()}"
        self.send(
            self.own if name == "own" else name, door, body, lines,
            params=params, keeps=door != "v3" or keeps is not False, packed=packed,
        )  # fmt: skip

    @rule(
        door=st.sampled_from(sorted(PATHS)),
        bad=st.sampled_from(sorted(MALFORMED)),
        count=st.integers(NAMED - 2, NAMED + 20),
        among=st.lists(LINES, max_size=3),
        first=st.booleans(),
    )
    def write_many_bad_lines(self, door: str, bad: str, count: int, among: list[Any], first: bool) -> None:
        door = door if self.ways.monolith or door != "v3" else "v2"
        many = [bad] * count
        body, lines = self.numbered([*many, *among] if first else [*among, *many], 1)
        self.send(self.own, door, body, lines, params="&precision=ns")

    @rule(door=st.sampled_from(sorted(PATHS)), batch=batches(max_size=4))
    def write_anything(self, door: str, batch: Batch) -> None:
        """Names, values and times of every kind."""
        door = door if self.ways.monolith or door != "v3" else "v2"
        lines: list[Sent] = []
        at = 0
        for text, point in batch.lines:
            at = batch.body.index(text, at)
            number = 1 + batch.body.count(b"\n", 0, at) if self.ways.physical else len(lines) + 1
            at += len(text)
            time = self.now if point.time is None else point.time
            fields = tuple([tuple(field) for field in point.fields])
            lines.append(Sent(text.decode(), number, "", point.measurement, point.tags, fields, time))  # type: ignore[arg-type]
        self.send(self.own, door, batch.body.decode(), lines, params="&precision=ns")

    @rule(
        door=st.sampled_from(["v1", "v2"]),
        wrong=st.sampled_from([("nobody", "", 401), ("my-token", "&precision=days", 400)]),
    )
    def write_that_the_gate_stops(self, door: str, wrong: tuple[str, str, int]) -> None:
        token, params, status = wrong
        assert self.post(f"{PATHS[door]}{self.own}{params}", "never v=1", token=token).status == status

    @rule()
    def write_that_a_fault_befalls(self) -> None:
        self.server.fail(500)
        assert self.post(f"{PATHS['v2']}{self.own}", "never v=1").status == 500

    @precondition(lambda self: "later" not in self.models)
    @rule()
    def create_another(self) -> None:
        self.create("later")

    @rule(seconds=st.sampled_from([1, 3600, 86_400]))
    def time_goes_on(self, seconds: int) -> None:
        self.server.clock.advance(seconds)

    @precondition(lambda self: self.server.journal.total > 5)
    @rule()
    def reset(self) -> None:
        self.server.reset()
        self.furnish()

    # ------------------------------------------------------------ what always holds

    @invariant()
    def reads_back_what_was_accepted(self) -> None:
        if not hasattr(self, "models"):
            return
        world, total = self.server.world, 0
        assert {bucket.name for bucket in world.catalog.buckets() if bucket.type == "user"} == set(self.models)
        for name, model in self.models.items():
            expected = model.points(self.now)
            assert readable(self.server, name) == expected
            total += len(expected)
        assert world.count() == total
        assert self.server.journal.errors() == []


_SWITCHES = {
    "line_numbering": st.sampled_from(["parser", "physical"]),
    "message_style": st.sampled_from(["guide", "source", "spec"]),
    "retention_status": st.sampled_from([400, 422]),
    "type_conflict_scope": st.sampled_from(["partition", "table"]),
}


class ServerlessWrites(Writes):
    """Buckets; the v1 door makes those that are missing."""

    @initialize(switches=st.fixed_dictionaries(_SWITCHES))
    def start(self, switches: dict[str, Any]) -> None:
        self.begin("v3-serverless", switches)


class SingleTenantWrites(Writes):
    """Databases that have to be there, and batches that may be refused whole."""

    @initialize(
        profile=st.sampled_from(["v3-dedicated", "v3-clustered"]),
        switches=st.fixed_dictionaries({**_SWITCHES, "partial_writes": st.booleans()}),
    )
    def start(self, profile: str, switches: dict[str, Any]) -> None:
        self.begin(profile, switches)


class MonolithWrites(Writes):
    """Databases that writes make, three doors, late points that are stored and not shown."""

    @initialize(profile=st.sampled_from(["v3-core", "v3-enterprise"]))
    def start(self, profile: str) -> None:
        self.begin(profile, {})


TestServerlessWrites = ServerlessWrites.TestCase
TestSingleTenantWrites = SingleTenantWrites.TestCase
TestMonolithWrites = MonolithWrites.TestCase
TestServerlessWrites.settings = TestSingleTenantWrites.settings = TestMonolithWrites.settings = SMALL
