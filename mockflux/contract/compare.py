"""Whether an answer, and what is stored, are as a vector expects; if not, the first thing that differs."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mockflux.contract.answer import Answer
from mockflux.contract.message import Expected
from mockflux.contract.places import Places
from mockflux.contract.vector import StoredPoint

#: Headers that belong to one connection: only a socket shows what the server sends of them.
HOP_BY_HOP = frozenset(("connection", "transfer-encoding"))
#: How much of two long texts is shown around the place where they part.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs: where, what was expected there, what was got instead."""

    where: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.where}\n  expected: {self.expected}\n  got:      {self.got}"


def compare_answer(
    expected: Expected, answer: Answer, places: Places, *, socket: bool, unordered: frozenset[str] = frozenset()
) -> Difference | None:
    """Status, reason, headers (names, order, values) and body; places found in them are known from then on.

    Where the way is no ``socket``, headers of one connection are left out on both sides. The values of headers that
    are ``unordered`` are lists of which each may stand anywhere. A body that is compressed is compared as what comes
    out of it: how well it is compressed is nobody's promise.
    """
    places.know("length", str(len(answer.body)))
    if expected.status != answer.status or not places.match(expected.reason, answer.reason):
        return Difference(
            "status line", f"{expected.status} {places.known(expected.reason)}", f"{answer.status} {answer.reason}"
        )
    wanted, got = list(expected.headers), list(answer.headers)
    if not socket:
        wanted, got = _end_to_end(wanted), _end_to_end(got)
    wanted, got = _sorted(wanted, unordered), _sorted(got, unordered)
    body = _text(inflated(answer))
    return _compare_headers(wanted, got, places) or _compare_text("body", expected.body, body, places)


def compare_piece(expected: Expected, answer: Answer, places: Places) -> Difference | None:
    """What came of an answer that was broken off: all of it is as expected, and it is not the whole."""
    places.know("length", str(len(expected.body.encode("utf-8", "surrogateescape"))))
    if answer.status and (answer.status, answer.reason) != (expected.status, expected.reason):
        return Difference("status line", f"{expected.status} {expected.reason}", f"{answer.status} {answer.reason}")
    if len(answer.headers) > len(expected.headers):
        return Difference("headers", f"at most {len(expected.headers)}", str(answer.headers))
    differs = _compare_headers(list(expected.headers[: len(answer.headers)]), answer.headers, places)
    if differs:
        return differs
    body = _text(answer.body)
    if not expected.body.startswith(body) or (expected.body and body == expected.body):
        return Difference("body", f"a part of {_quoted(expected.body)}", _quoted(body))
    return None


def _sorted(headers: Sequence[tuple[str, str]], unordered: frozenset[str]) -> list[tuple[str, str]]:
    """The headers with the entries of lists in one order for all, where their own does not count."""
    return [
        (name, ", ".join(sorted(value.split(", "))) if name.lower() in unordered else value) for name, value in headers
    ]


def inflated(answer: Answer) -> bytes:
    """A body as it was before it was compressed; as it is if it was not, or cannot be read as such."""
    if ("content-encoding", "gzip") not in {(name.lower(), value) for name, value in answer.headers}:
        return answer.body
    try:
        return gzip.decompress(answer.body)
    except (OSError, EOFError, zlib.error):
        return answer.body


def _end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [header for header in headers if header[0].lower() not in HOP_BY_HOP]


def _compare_headers(
    wanted: Sequence[tuple[str, str]], got: Sequence[tuple[str, str]], places: Places
) -> Difference | None:
    for number, (want, have) in enumerate(zip(wanted, got, strict=False), 1):
        if want[0] != have[0] or not places.match(want[1], have[1]):
            return Difference(f"header {number}", f"{want[0]}: {places.known(want[1])}", f"{have[0]}: {have[1]}")
    if len(wanted) == len(got):
        return None
    number = min(len(wanted), len(got))
    pick = [f"{h[number][0]}: {h[number][1]}" if len(h) > number else "no more headers" for h in (wanted, got)]
    return Difference(f"header {number + 1}", places.known(pick[0]), pick[1])


def _compare_text(where: str, expected: str, actual: str, places: Places) -> Difference | None:
    if places.match(expected, actual):
        return None
    wanted = places.known(expected)
    pairs = enumerate(zip(wanted, actual, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(wanted), len(actual)))
    start = max(0, at - _SHOWN // 2)
    return Difference(f"{where}, at character {at}", _around(wanted, start), _around(actual, start))


def _around(text: str, start: int) -> str:
    piece = text[start : start + 2 * _SHOWN]
    return f"{'…' if start else ''}{_quoted(piece)}{'…' if start + 2 * _SHOWN < len(text) else ''}"


def _quoted(text: str) -> str:
    return repr(text)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def compare_stored(
    expected: Iterable[StoredPoint], stored: Iterable[StoredPoint], places: Places, run: tuple[int, int]
) -> Difference | None:
    """The points of all buckets, in any order. ``run``: the time (ns) of the run, from and to, in which the points
    without an expected time must lie."""
    left = [_filled_in(point, places) for point in expected]
    more = []
    for point in stored:
        match = next((want for want in left if _same(want, point, run)), None)
        if match is None:
            more.append(point)
        else:
            left.remove(match)
    if not left and not more:
        return None
    return Difference("stored", _points(left), _points(more))


def _filled_in(point: StoredPoint, places: Places) -> StoredPoint:
    """An expected point with the values of its places, which stand in its bucket and its tags."""
    tags = {key: places.fill(value) for key, value in point.tags.items()}
    return replace(point, bucket=places.fill(point.bucket), tags=tags)


def _same(want: StoredPoint, point: StoredPoint, run: tuple[int, int]) -> bool:
    if want.time is None:
        assert point.time is not None
        want = replace(want, time=point.time if run[0] <= point.time <= run[1] else -1)
    return want == point


def _points(points: Sequence[StoredPoint]) -> str:
    return "; ".join(show(point) for point in points) if points else "nothing (more)"


def show(point: StoredPoint) -> str:
    """A point in one line, its types told."""
    tags = "".join(f",{key}={value}" for key, value in sorted(point.tags.items()))
    fields = ",".join(f"{key}={value!r} ({kind})" for key, (kind, value) in sorted(point.fields.items()))
    hidden = " (hidden)" if point.hidden else ""
    return f"{point.bucket}: {point.measurement}{tags} {fields} {point.time or 'now'}{hidden}"
