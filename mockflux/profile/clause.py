"""Clauses: how a profile says an outcome. Compiled once per profile, then filled with facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mockflux.messagepack import pack
from mockflux.outcomes import Outcome, PointsRejected
from mockflux.profile.errors import ProfileError, one_of, shown
from mockflux.profile.facts import COMMON, REJECTION, Facts, example_facts, outcome_facts
from mockflux.profile.forms import DOORS
from mockflux.profile.load import Merged
from mockflux.profile.schema import dotted
from mockflux.profile.template import Encode, Template, compiled
from mockflux.reasons import Reason, Rejection
from mockflux.reply import JSON_STYLES, Header, Reply

_KEPT = ("atomic", "partial", "all")
#: What a reply may tell of a world: the UUID of its cluster, ids under which this reply is traced (16 and 32
#: hexadecimal digits), and what the request is called.
NOTHING_OWN: Mapping[str, str] = {"cluster_uuid": "", "trace_id": "", "trace": "", "request_uuid": ""}
#: Statuses that never carry a body, nor a length (RFC 9110).
_BODILESS = (204, 304)
#: Facts that are the same each time a clause is said at a door, where no Origin comes with the request.
_CONSTANT = frozenset(("code", "status", "version", "origin", "message"))
#: How MessagePack is declared.
_PACKED = "application/x-msgpack"
#: Headers that the server writes itself.
_SERVERS_OWN = ("date", "transfer-encoding")


@dataclass(frozen=True)
class Key:
    """A clause's key, taken apart: ``outcome:kind@door``; kind and door may be empty."""

    outcome: str
    kind: str
    door: str

    @classmethod
    def parse(cls, text: str) -> Key:
        """Take a key apart; nothing is checked here."""
        rest, _, door = text.partition("@")
        outcome, _, kind = rest.partition(":")
        return cls(outcome, kind, door)


def check_key(file: str, text: str, place: str | None = None) -> Key:
    """Raise ProfileError unless outcome, kind and door of a clause's key exist; ``place`` is where the key stands."""
    key, place = Key.parse(text), place or f'clause."{text}"'
    if text.endswith("@") or text.partition("@")[0].endswith(":"):
        raise ProfileError(file, place, f"nothing behind : or @; expected outcome:kind@door, got {shown(text)}")
    known = Outcome.CATALOGUE.get(key.outcome)
    if known is None:
        raise ProfileError(file, place, f"unknown outcome; {one_of(sorted(Outcome.CATALOGUE))}")
    if key.kind and key.kind not in _kinds(known):
        raise ProfileError(file, place, f"unknown kind; {one_of(_kinds(known))}")
    if key.door and key.door not in DOORS:
        raise ProfileError(file, place, f"unknown door; {one_of(DOORS)}")
    return key


def _kinds(outcome: type[Outcome]) -> tuple[str, ...]:
    if outcome is PointsRejected:
        return (*outcome.KINDS, *(f"{reason}.{kept}" for reason in Reason.CATALOGUE for kept in _KEPT))
    return outcome.KINDS


def kind_forms(kind: str) -> tuple[str, ...]:
    """The kinds under which a clause may stand, most particular first: ``reason.kept``, ``reason``, ``kept``."""
    reason, dot, kept = kind.partition(".")
    return (kind, reason, kept) if dot else (kind,)


class Clause:
    """One rule of a profile: compiled templates and the headers in the order of the wire."""

    def __init__(self, merged: Merged, text: str, entry: Mapping[str, Any], door: str = "") -> None:
        """``door``: as the clause is said at that door, whose own form of the envelope counts if there is one."""
        file = merged.file_of("clause", text)
        place = f'clause."{text}"'
        data, key = merged.data, check_key(file, text)
        self.key = text
        self.code: str | None = entry.get("code")
        self.status = self._status(entry, data["codes"], file, place)
        self.phrase: str = entry.get("phrase") or data["phrases"].get(str(self.status), "")
        if not self.phrase:
            raise ProfileError(file, place, f"no phrase for status {self.status}; expected one in [phrases]")
        name = entry.get("envelope", data["defaults"]["envelope"])
        if name not in data["envelope"]:
            raise ProfileError(file, f"{place}.envelope", f"unknown envelope {name!r}; {one_of(data['envelope'])}")
        envelope = data["envelope"].get(f"{name}@{door}") or data["envelope"][name]
        #: The same clause in the envelopes that single doors have, by door.
        self.at_door = {
            other: Clause(merged, text, entry, other)
            for other in (() if door else DOORS)
            if f"{name}@{other}" in data["envelope"]
            and (key.door == other or (not key.door and f"{text}@{other}" not in data["clause"]))
        }
        self.by: str = entry.get("by", data["defaults"]["by"])
        self.example: dict[str, Any] = dict(entry.get("example", {}))
        self.plain: bool = envelope.get("plain", False)
        #: It comes in chunks whatever its length; the connection ends with it.
        self.chunked: bool = entry.get("chunked", False)
        self.close: bool = entry.get("close", False)
        # Facts are encoded only where the envelope names a style of JSON; elsewhere the body is bare text.
        self._encode: Encode = _encoder(envelope.get("json"))
        self._join: str = entry.get("join", "")

        known = {**outcome_facts(key.outcome), **COMMON}
        in_body: Facts = {**known, "message": str}
        # In the message, which is text, rejections are listed as they are; in the body each is encoded.
        self._message = compiled(entry.get("message", ""), file, f"{place}.message", known)
        self._each = compiled(entry["each"], file, f"{place}.each", REJECTION) if "each" in entry else None
        self._body = compiled(entry.get("body", envelope.get("body", "")), file, f"{place}.body", in_body)
        #: The body for those who ask for one that is easy to read; None where it makes no difference.
        self._pretty: Template | None = None
        if "pretty" in envelope and "body" not in entry:
            self._pretty = compiled(envelope["pretty"], file, f"{place}.pretty", in_body)
        #: The key that holds the message where MessagePack is asked for; empty where there is no such form.
        self._packed: str = "" if "body" in entry else envelope.get("packed", "")
        headers = {**envelope.get("headers", {}), **entry.get("headers", {})}
        if "type" in envelope and self.status not in _BODILESS:
            headers = {"Content-Type": envelope["type"], **headers}
        self._headers = {
            name: compiled(value, file, f"{place}.headers.{name}", in_body) for name, value in headers.items()
        }
        if self.status in _BODILESS and self._body.source:
            problem = f'a reply with status {self.status} has no body; expected envelope = "empty" or body = ""'
            raise ProfileError(file, f"{place}.status", problem)
        self._check_headers(file, place)
        self._check_rejections(entry, known, file, place)
        if self.code is None and "code" in self._body.names:
            raise ProfileError(file, place, f"missing key; the envelope {name!r} tells a code: expected one of [codes]")
        _check_example(self.example, key.outcome, file, f"{place}.example")

    def _check_headers(self, file: str, place: str) -> None:
        """What the server writes itself, a clause does not; a length only where it cannot be wrong."""
        for name in () if self.plain else self._headers:
            if name.lower() in _SERVERS_OWN:
                raise ProfileError(file, f"{place}.headers.{name}", "the server writes this header itself")
            if name.lower() == "content-length" and (self._headers[name].source != "0" or self._body.source):
                problem = 'the server counts the body itself; expected "0", and no body'
                raise ProfileError(file, f"{place}.headers.{name}", problem)

    def _check_rejections(self, entry: Mapping[str, Any], known: Facts, file: str, place: str) -> None:
        """How each rejection is worded goes with outcomes that have some, and is there where they are used."""
        if "rejections" not in known:
            for key in ("each", "join"):
                if key in entry:
                    raise ProfileError(file, f"{place}.{key}", "this outcome has no rejections to word")
        elif self._each is None and "join" in entry:
            raise ProfileError(file, f"{place}.join", "goes with each, which is missing")
        elif self._each is not None and "rejections" not in self.fact_names:
            raise ProfileError(file, f"{place}.each", "nothing uses it; expected $rejections in the message or body")
        elif self._each is None and "rejections" in self.fact_names:
            raise ProfileError(file, f"{place}.each", "missing key; expected the wording of one of the $rejections")

    @staticmethod
    def _status(entry: Mapping[str, Any], codes: Mapping[str, int], file: str, place: str) -> int:
        if "status" in entry:
            return int(entry["status"])
        if "code" not in entry:
            raise ProfileError(file, place, "missing key; expected status or code")
        if entry["code"] not in codes:
            raise ProfileError(file, f"{place}.code", f"unknown code {entry['code']!r}; {one_of(codes)}")
        return int(codes[entry["code"]])

    @cached_property
    def fact_names(self) -> frozenset[str]:
        """The facts that the clause's templates use."""
        return self._in_text | self._body.names

    @cached_property
    def _in_text(self) -> frozenset[str]:
        """The facts that message and headers use, where rejections are listed as they are."""
        return self._message.names.union(*(template.names for template in self._headers.values()))

    @property
    def wording(self) -> str:
        """The body as a template, for people: code and message are in place, facts stand as ``$name``."""
        texts = {"code": self._encode(self.code), "message": self._encode(self._message.source)}
        if self._each is not None:
            texts["rejections"] = f"{self._each.source}{self._join}…"
        return self._body.put_in(texts)

    def headers(self, always: Mapping[str, Template]) -> dict[str, Template]:
        """The clause's own headers, then those that its door always sends and it has none of; an empty one takes a
        header away."""
        own = self._headers
        merged = own if self.plain else {**own, **always, **own}  # the second time for the values, not for the order
        return {name: template for name, template in merged.items() if template.source}

    def _listed(self, rejections: Iterable[Rejection], encode: Encode) -> str:
        """The rejections, each by the clause's ``each``, joined."""
        assert self._each is not None
        return self._join.join([self._each.fill(_rejection_facts(rejection), encode) for rejection in rejections])

    def forms(self, form: str) -> bool:
        """Whether the clause has a body of that form of its own: ``pretty`` or ``packed``."""
        return (form == "pretty" and self._pretty is not None) or (form == "packed" and bool(self._packed))

    def body(self, outcome: Outcome, facts: dict[str, Any], form: str = "") -> bytes:
        """The body in bytes. ``facts`` gets ``message`` added, for headers."""
        template = self._pretty if form == "pretty" and self._pretty is not None else self._body
        rejections = facts.get("rejections", ())
        if self._each is not None and "rejections" in self._in_text:
            facts["rejections"] = self._listed(rejections, str)
        facts["message"] = self._message.fill(facts)
        if self._each is not None and "rejections" in self._body.names:
            facts["rejections"] = _Ready(self._listed(rejections, self._encode))
        if form == "packed" and self._packed:
            return pack({self._packed: facts["message"]})
        return template.fill(facts, self._encode).encode("utf-8", "surrogateescape")


def _rejection_facts(rejection: Rejection) -> dict[str, Any]:
    return {
        "reason": rejection.text,
        "entry": rejection.entry,
        "line": rejection.number,
        "line_text": rejection.line_shown,
    }


def _check_example(example: Mapping[str, Any], outcome: str, file: str, place: str) -> None:
    known = example_facts(outcome)
    for name, value in example.items():
        if name not in known:
            raise ProfileError(file, place, f"unknown fact {name!r}; {one_of(sorted(known))}")
        if known[name] is not object and type(value) is not known[name]:
            expected = "a whole number" if known[name] is int else "a string"
            raise ProfileError(file, f"{place}.{name}", f"expected {expected}, got {shown(value)}")


class _Ready(str):
    """Text that is encoded already."""

    __slots__ = ()


def _encoder(style: str | None) -> Encode:
    if style is None:
        return str
    write = JSON_STYLES[style]
    return lambda value: value if isinstance(value, _Ready) else write(value)


class Speaker:
    """All clauses of one profile, compiled, and the look-up among them."""

    def __init__(
        self,
        merged: Merged,
        always: Mapping[str, Mapping[str, str]],
        chunk_above: Mapping[str, int],
        order: Mapping[str, str],
        with_origin: Mapping[str, Mapping[str, str]],
    ) -> None:
        """``always``, ``chunk_above``, ``order`` and ``with_origin`` are settings by door. Raises ProfileError for
        what a clause has wrong."""
        self._order = order
        self.absent = frozenset(merged.data["edition"]["absent"])
        self._version = merged.data["edition"]["version"]
        self._chunk_above = chunk_above
        self._always = {door: _always(merged, door, headers, "always") for door, headers in always.items()}
        self._with_origin = {
            door: {**self._always[door], **_always(merged, door, headers, "with_origin")}
            for door, headers in with_origin.items()
        }
        for name in merged.data["envelope"]:
            general, at, door = name.partition("@")
            if at and door not in DOORS:
                problem = f"unknown door; {one_of(DOORS)}"
                raise ProfileError(merged.file_of("envelope", name), f'envelope."{name}"', problem)
            if at and general not in merged.data["envelope"]:
                problem = f"there is no envelope {general!r} of which this is a form; expected one"
                raise ProfileError(merged.file_of("envelope", name), f'envelope."{name}"', problem)
        for text in sorted(self.absent):
            check_key(merged.file_of("edition", "absent"), text, "edition.absent")
        entries = _likened(merged)
        self.clauses = {text: Clause(merged, text, entry) for text, entry in entries.items()}
        _refuse_competitors(merged, self.clauses)
        self._found: dict[tuple[str, str, str], Clause | None] = {}
        self._steady: dict[tuple[str, str], _Steady] = {}

    def find(self, outcome: str, kind: str, door: str) -> Clause | None:
        """The clause that says this outcome at this door; None where the profile has none."""
        key = (outcome, kind, door)
        try:
            return self._found[key]
        except KeyError:
            clause = self._found[key] = self._look_up(outcome, kind, door)
            return clause

    def _look_up(self, outcome: str, kind: str, door: str) -> Clause | None:
        for text in candidates(outcome, kind, door):
            if text in self.absent:
                return None
            if text in self.clauses:
                clause = self.clauses[text]
                return clause.at_door.get(door, clause)
        return None

    def say(
        self,
        outcome: Outcome,
        door: str,
        date: str,
        origin: str | None = None,
        clause: Clause | None = None,
        own: Callable[[], Mapping[str, str]] | None = None,
        *,
        form: str = "",
    ) -> Reply:
        """The reply for an outcome at a door. ``date`` is the Date header, ``origin`` the request's Origin. ``own``
        gives facts of the world's own; it is asked only if they are told. ``form``: that of the body that the client
        asks for, ``pretty`` (easy to read) or ``packed`` (MessagePack), where the edition has it.

        Raises LookupError if the profile has no words for it: a mistake of the profile, found by the suite.
        """
        clause = clause or self.find(outcome.name, outcome.kind, door)
        if clause is None:
            raise LookupError(f"the profile has no clause for {outcome.name}:{outcome.kind}@{door}")
        form = form if clause.forms(form) else ""
        usual = origin is None and not form
        if usual and (steady := self._steady.get((clause.key, door))) is not None and steady.clause is clause:
            return steady.reply(date)
        facts = outcome.facts()
        always = self._with_origin[door] if origin else self._always[door]
        used = clause.fact_names.union(*(template.names for template in always.values()))
        facts.update(own() if own and used & NOTHING_OWN.keys() else NOTHING_OWN)
        facts.update(code=clause.code, status=clause.status, version=self._version, origin=origin)
        body = clause.body(outcome, facts, form)
        headers = list(_filled(clause.headers(always), facts))
        if form == "packed":
            headers = [(name, _PACKED if name.lower() == "content-type" else value) for name, value in headers]
        if clause.plain:
            return Reply(clause.status, clause.phrase, headers, body, clause=clause.key, close=True)
        length: list[Header] = []
        # A handler that names the length itself has it among its headers, not behind the date.
        if clause.status not in _BODILESS and not any(name.lower() == "content-length" for name, _ in headers):
            chunked = clause.chunked or len(body) > self._chunk_above.get(door, 0) > 0
            length = [("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))]
        headers = ORDERS[self._order[door]](headers, ("Date", date), length)
        if usual and used <= _CONSTANT:
            self._steady[clause.key, door] = _Steady(clause, headers, body)
        return Reply(clause.status, clause.phrase, headers, body, clause=clause.key, close=clause.close)


class _Steady:
    """A reply that is the same each time, but for the date."""

    __slots__ = ("_behind", "_body", "_name", "_to_date", "clause")

    def __init__(self, clause: Clause, headers: list[Header], body: bytes) -> None:
        self.clause = clause
        at = next(place for place, (name, _) in enumerate(headers) if name.lower() == "date")
        self._to_date, self._name, self._behind = headers[:at], headers[at][0], headers[at + 1 :]
        self._body = body

    def reply(self, date: str) -> Reply:
        """The reply at that date."""
        headers = [*self._to_date, (self._name, date), *self._behind]
        said = self.clause
        reply = Reply(said.status, said.phrase, headers, self._body, clause=said.key, close=said.close)
        reply.shared = True
        return reply


def _always(merged: Merged, door: str, headers: Mapping[str, str], when: str) -> dict[str, Template]:
    """The headers that a door sends whatever it says, ``always`` or ``with_origin``, compiled. Raises ProfileError for
    what none of its clauses can fill."""
    own = merged.data["headers"].get("at", {}).get(door, {}).get(when, {})
    result = {}
    for name, source in headers.items():
        path = ("headers", "at", door, when, name) if name in own else ("headers", when, name)
        if name.lower() in (*_SERVERS_OWN, "content-length"):
            raise ProfileError(merged.file_of(*path), dotted(path), "the server writes this header itself")
        result[name] = compiled(source, merged.file_of(*path), dotted(path), COMMON)
    return result


def _go_order(headers: list[Header], date: Header, length: list[Header]) -> list[Header]:
    return [*sorted(headers), date, *length]


def _nginx_order(headers: list[Header], date: Header, length: list[Header]) -> list[Header]:
    rank = {"Server": 0, "Date": 1, "Content-Type": 2, "Content-Length": 3, "Transfer-Encoding": 3, "Connection": 4}
    return sorted([*headers, date, *length], key=lambda header: rank.get(header[0], 5))


def _hyper_order(headers: list[Header], date: Header, length: list[Header]) -> list[Header]:
    return [(name.lower(), value) for name, value in (*headers, *length, date)]


#: In which order headers go out: Go's net/http sorts them and adds date and length, nginx has an order of its own;
#: Rust's hyper keeps the order in which a handler and then the layers around it set them, adds length and date, and
#: knows names in lower case only.
ORDERS = {"go": _go_order, "hyper": _hyper_order, "nginx": _nginx_order}


def candidates(outcome: str, kind: str, door: str) -> Iterator[str]:
    """The keys under which a clause may stand, in the order in which they are tried."""
    for form in kind_forms(kind) if kind else ():
        yield f"{outcome}:{form}@{door}"
        yield f"{outcome}:{form}"
    yield f"{outcome}@{door}"
    yield outcome


def _filled(headers: Mapping[str, Template], facts: Mapping[str, Any]) -> Iterator[Header]:
    """Headers with their facts; one whose placeholder has no value is left out."""
    for name, template in headers.items():
        if all(facts[fact] not in (None, "") for fact in template.names):
            yield name, template.fill(facts)


def _likened(merged: Merged) -> dict[str, dict[str, Any]]:
    """The clauses with ``like`` resolved: the other's keys, over them one's own."""
    clauses = merged.data["clause"]

    def resolve(text: str, seen: tuple[str, ...] = ()) -> dict[str, Any]:
        entry: dict[str, Any] = clauses[text]
        if "like" not in entry:
            return entry
        other, place = entry["like"], f'clause."{text}".like'
        if other not in clauses:
            raise ProfileError(merged.file_of("clause", text), place, f"no clause {other!r}")
        if other in seen or other == text:
            raise ProfileError(merged.file_of("clause", text), place, f"a cycle: {' -> '.join((*seen, text, other))}")
        return {**resolve(other, (*seen, text)), **{k: v for k, v in entry.items() if k != "like"}}

    return {text: resolve(text) for text in clauses}


def _refuse_competitors(merged: Merged, clauses: Mapping[str, Clause]) -> None:
    """Two clauses of equal rank (one by kind, one by door) for the same case are a mistake of the profile."""
    keys = {text: Key.parse(text) for text in clauses}
    by_kind = [key for key in keys.values() if key.kind and not key.door]
    by_door = {text: key for text, key in keys.items() if key.door and not key.kind}
    for text, door in by_door.items():
        for kind in by_kind:
            decider = f"{kind.outcome}:{kind.kind}@{door.door}"
            if kind.outcome == door.outcome and decider not in clauses:
                problem = f"competes with {kind.outcome}:{kind.kind}; expected a clause {decider} that decides"
                raise ProfileError(merged.file_of("clause", text), f'clause."{text}"', problem)
