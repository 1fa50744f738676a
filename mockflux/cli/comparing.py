"""The same write at every edition: what each answers, and which lines it keeps.

Each edition gets a world of its own, in which time stands, with a bucket or database for the write; the request is the
one that a client of that edition would send to the door it usually writes to.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from mockflux.cli.explaining import write_paths
from mockflux.cli.serving import switched
from mockflux.cli.showing import body_text, printable
from mockflux.http import front
from mockflux.lineprotocol import Line
from mockflux.profile import Evidence, concrete, load_profile
from mockflux.profile.settings import ParamRules
from mockflux.public import Server
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.writing import commit

#: The bucket or database that is written to.
TARGET = "compared"
#: The precisions that can be asked for, in ns. An edition may have another name for them.
PRECISIONS = {
    "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
}  # fmt: skip
#: Refused lines that a row of the table explains, and spans of lines that it lists; there may be many more.
MOST_EXPLAINED, MOST_SPANS = 20, 6

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(?:[0-9]+[wdhms])+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")


# ------------------------------------------------------------------------------------------ what was asked for


@dataclass(frozen=True, slots=True)
class Write:
    """What every edition is sent: line protocol, the name of its precision, how long the target keeps its points (None:
    for ever), and the time that it is."""

    body: bytes
    precision: str
    retention: timedelta | None
    now: datetime


def asked(body: bytes, precision: str, retention: str | None, now: str | None) -> Write:
    """The write as the command line asks for it. Raises ValueError for what cannot be understood."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}: expected one of {', '.join(PRECISIONS)}")
    moment = datetime.now(UTC) if now is None else _moment(now)
    return Write(body, precision, None if retention is None else duration(retention), moment)


def duration(text: str) -> timedelta:
    """A duration as InfluxDB's own command lines take it: ``30d``, ``12h``, ``1w``, ``1h30m``.

    Raises ValueError for anything else, and for none at all.
    """
    span = timedelta()
    if _DURATION.fullmatch(text):
        try:
            span = sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in re.findall("([0-9]+)(.)", text)), span)
        except OverflowError:
            raise ValueError(f"retention {text!r}: too long; leave it out to keep points for ever") from None
    if not span:
        raise ValueError(f"retention {text!r}: expected a duration like 30d, 12h, 45m, 90s or 1w")
    return span


def _moment(text: str) -> datetime:
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:  # the 31st of June
        pass
    raise ValueError(f"now {text!r}: expected a time as in RFC 3339, 2026-01-31T12:00:00Z")


def switches_of(names: Sequence[str], settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The switches to set at each edition: of the texts ``NAME=VALUE`` those whose switch it has.

    Raises ValueError for an unknown or faulty profile, for a switch that no edition has, and for a value that an
    edition which has the switch does not take.
    """
    profiles = {name: load_profile(name) for name in names}
    for setting in settings:
        switch, equals, _ = setting.partition("=")
        if not equals:
            raise ValueError(f"switch {setting!r}: expected NAME=VALUE")
        if not any(switch in profile.switch_info for profile in profiles.values()):
            there = sorted({switch for profile in profiles.values() for switch in profile.switch_info})
            raise ValueError(
                f"none of the editions has a switch {switch!r}; their switches are: {', '.join(there) or 'none'}"
            )
    return {
        name: switched(name, [text for text in settings if text.partition("=")[0] in profile.switch_info])[1]
        for name, profile in profiles.items()
    }


# ------------------------------------------------------------------------------------------ one edition


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused line, or a field of it where each field is a point: where the line begins in the file, the name of the
    reason, and the edition's words for it. ``after_reply``: the client had its answer already."""

    line: int
    reason: str
    text: str
    after_reply: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What one edition makes of the write: its reply, the lines of which points are stored, and the lines of which
    points are not; lines by where they begin in the file, from 1. Where each field is a point, a line can be both.
    ``evidence`` is for the reply's clause."""

    edition: str
    reply: Reply
    kept: tuple[int, ...]
    refused: tuple[Refused, ...]
    evidence: Evidence | None

    @property
    def alike(self) -> tuple[object, ...]:
        """Two editions whose values here are equal share a row."""
        return self.reply.status, self.reply.reason, self.reply.body, self.kept, self.refused


def result(name: str, write: Write, switches: Mapping[str, Any]) -> Result:
    """Play the write against a fresh world of one edition (an id, or the path of a profile).

    Raises as :class:`mockflux.Server`; ValueError for an edition that takes no writes; RuntimeError, with the
    traceback, for an exception inside mockflux.
    """
    server = Server(name, clock=write.now, **switches)
    profile, world = server.profile, server.world
    world.rejections.kept_bytes = sys.maxsize  # every line counts here
    create = server.create_bucket if server.database is None else server.create_database
    create(TARGET, retention=write.retention)
    door, request = _request(server, write)
    reply = front.answer(world, request)
    if error := server.journal[-1].error:
        raise RuntimeError(f"an exception in mockflux, with {profile.id}; please report it:\n{error}")
    before = len(world.rejections)
    server.settle()  # what is refused only after the reply is refused all the same
    points, place = _lines(server, door, write)
    refused = tuple(
        Refused(place[rejection.number], rejection.reason.name, rejection.text, after_reply=number >= before)
        for number, rejection in sorted(enumerate(server.rejected()), key=lambda entry: entry[1].number)
    )
    verdict = server.journal[-1].verdict
    # Nothing is kept of a batch that was refused whole, or not looked at.
    some = verdict is not None and verdict.accepted
    lost = Counter(entry.line for entry in refused)
    kept = tuple(line for line, count in points.items() if some and lost[line] < count)
    return Result(profile.id, reply, kept, refused, profile.evidence.get(reply.clause))


def _request(server: Server, write: Write) -> tuple[str, Request]:
    """The door that clients of the edition write to, and the request that they send."""
    profile, paths = server.profile, write_paths(server.profile)
    if not paths:
        raise ValueError(f"{profile.id} takes no writes over HTTP; leave it out")
    door = "v2-write" if "v2-write" in paths else next(iter(paths))
    rules, auth = profile.settings.params[door], profile.settings.auth[door]
    query = {"org": server.org} if "org" in rules.org and server.org else {}
    query |= {rules.target: TARGET, "precision": own_precision(rules, write.precision)}
    headers = [("Host", "localhost")]
    headers += [("Authorization", f"{auth.schemes[0]} {server.token}")] if server.token and auth.schemes else []
    headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(write.body)))]
    return door, Request("POST", f"{paths[door]}?{urlencode(query, quote_via=quote)}", headers, write.body)


def own_precision(rules: ParamRules, precision: str) -> str:
    """An edition's own name for a precision; where it has none, the name that was asked for, to be refused."""
    unit = PRECISIONS[precision]
    if rules.precisions.get(precision) == unit:
        return precision
    return next((name for name, ns in rules.precisions.items() if ns == unit), precision)


def _lines(server: Server, door: str, write: Write) -> tuple[dict[int, int], dict[int, int]]:
    """How many points each line has, by where it begins in the file; and where each line begins, points or complaint,
    by the number that the edition gives it."""
    settings = server.profile.settings
    params, rules = settings.params[door], settings.write[door]
    unit = params.precisions.get(own_precision(params, write.precision), 1)
    lines = commit.parse(write.body, rules.grammar, unit)
    counted = range(1, len(lines) + 1) if rules.line_numbering == "parser" else [line.number for line in lines]
    places = dict(zip(counted, (line.number for line in lines), strict=True))
    good = [line for line in lines if isinstance(line, Line)]
    return {line.number: len(line.fields) if rules.unit == "field" else 1 for line in good}, places


# ------------------------------------------------------------------------------------------ all of them


def compare(names: Sequence[str], write: Write, settings: Sequence[str] = ()) -> list[list[Result]]:
    """What the editions (all that come with mockflux, where none is named) make of a write: those that answer alike
    together, in the order in which they were named. ``settings`` are switches, as :func:`switches_of` takes them.

    Raises as :func:`switches_of` and :func:`result`.
    """
    chosen = list(dict.fromkeys(names)) or concrete()
    switches = switches_of(chosen, settings)
    rows: dict[tuple[object, ...], list[Result]] = {}
    for name in chosen:
        found = result(name, write, switches[name])
        rows.setdefault(found.alike, []).append(found)
    return list(rows.values())


def as_data(rows: Sequence[Sequence[Result]]) -> list[dict[str, Any]]:
    """The rows for programs. What editions that answer alike need not have in common is told for each: its headers
    (without the Date), the clause that says its reply, and where that comes from."""
    return [
        {
            "editions": [found.edition for found in row],
            "status": row[0].reply.status,
            "reason": row[0].reply.reason,
            "body": row[0].reply.body.decode("utf-8", "replace"),
            "kept": list(row[0].kept),
            "refused": [_refused(entry) for entry in row[0].refused],
            "headers": {found.edition: _headers(found.reply) for found in row},
            "clause": {found.edition: found.reply.clause for found in row},
            "evidence": {found.edition: _pair(found.evidence) for found in row},
        }
        for row in rows
    ]


def _refused(entry: Refused) -> dict[str, Any]:
    told = {"line": entry.line, "reason": entry.reason, "text": _unicode(entry.text)}
    return {**told, "after_reply": True} if entry.after_reply else told


def as_text(rows: Sequence[Sequence[Result]], width: int | None = None) -> str:
    """The rows as a table: editions on the left, one below the other; beside them status line, lines kept and lines
    refused; below these the body as it was sent, and each refused line with the edition's reason.

    Long texts are wrapped at ``width`` columns, or not at all.
    """
    heads = [(_status(row[0].reply), spans(row[0].kept), spans(r.line for r in row[0].refused)) for row in rows]
    cells = [("STATUS", "LINES KEPT", "LINES REFUSED"), *heads]
    status, kept = (max(len(cell[n]) for cell in cells) for n in range(2))
    left = max(len("EDITION"), *(len(found.edition) for row in rows for found in row))
    lines = [_beside("EDITION", left, _columns(cells[0], status, kept))]
    for row, head in zip(rows, heads, strict=True):
        right = [_columns(head, status, kept), *_details(row[0], width and max(20, width - left - 2))]
        names = [found.edition for found in row]
        height = max(len(names), len(right))
        names += [""] * (height - len(names))
        right += [""] * (height - len(right))
        lines += [_beside(name, left, text) for name, text in zip(names, right, strict=True)]
        lines.append("")
    return "".join(f"{line}\n" for line in lines[:-1])


def spans(lines: Iterable[int]) -> str:
    """Numbers of lines, neighbours joined: ``1-3, 7``; the first few, if there are many."""
    found: list[list[int]] = []
    for line in sorted(set(lines)):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    words = [str(first) if first == last else f"{first}-{last}" for first, last in found]
    if len(words) > MOST_SPANS:
        total = sum(last - first + 1 for first, last in found)
        words[MOST_SPANS - 1 :] = [f"… ({total:,} lines)"]
    return ", ".join(words) or "none"


def _columns(cell: Sequence[str], status: int, kept: int) -> str:
    return f"{cell[0]:{status}}  {cell[1]:{kept}}  {cell[2]}"


def _beside(left: str, width: int, right: str) -> str:
    return f"{left:{width}}  {right}".rstrip()


def _status(reply: Reply) -> str:
    return f"{reply.status} {reply.reason}"


def _details(found: Result, width: int | None) -> list[str]:
    """The body, and why lines were refused."""
    text = body_text(found.reply.body).removesuffix("\n") or "(no body)"
    lines = [piece for line in text.split("\n") for piece in _wrapped(line.expandtabs(4), width, "")]
    for entry in found.refused[:MOST_EXPLAINED]:
        words = " ".join(printable(entry.text).expandtabs(1).split("\n"))
        when = ", after the reply" if entry.after_reply else ""
        lines += _wrapped(f"line {entry.line}{when}: {words}", width, "  ")
    more = len(found.refused) - MOST_EXPLAINED
    return [*lines, *([f"… and {more:,} more"] if more > 0 else [])]


def _wrapped(text: str, width: int | None, indent: str) -> list[str]:
    """A line as several of ``width`` columns; no character of it is lost but the blanks where it is broken."""
    if width is None or len(text) <= width:
        return [text]
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_on_hyphens=False, replace_whitespace=False
    )  # fmt: skip


def _headers(reply: Reply) -> dict[str, str]:
    """The headers by name, in the order of the wire; several of one name joined, as HTTP allows."""
    headers: dict[str, str] = {}
    for name, value in reply.headers:
        if name.lower() != "date":
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _pair(evidence: Evidence | None) -> dict[str, str] | None:
    return {"status": evidence.status, "body": evidence.body} if evidence else None


def _unicode(text: str) -> str:
    """A text in which bytes that are not UTF-8 are the replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
