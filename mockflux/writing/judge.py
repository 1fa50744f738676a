"""Judging a batch: which points may be stored, and why the others may not.

Nothing is stored here. The caller holds the lock of the bucket's data from before judging until after the commit,
so that what was judged is still true when it is stored.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from mockflux.lineprotocol import BadLine, FieldType, Line, to_bytes, to_text
from mockflux.reasons import (
    Malformed,
    OutsideRetention,
    Reason,
    Rejection,
    ReservedName,
    StringTooLong,
    TypeConflict,
    Verdict,
)
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing.rules import WriteRules


@dataclass(frozen=True, slots=True)
class Timing:
    """What times mean in one batch: ``multiplier`` ns per unit of a line's own timestamp, ``default`` ns for a line
    without one, and (ns) the oldest time that the bucket keeps, with its ``retention``; 0 for keeping all."""

    multiplier: int
    default: int
    bound: int = 0
    retention: int = 0

    def of(self, line: Line) -> int:
        """The time of a line in ns."""
        return self.default if line.time is None else line.time * self.multiplier


@dataclass(slots=True)
class Judgement:
    """What may be stored (lines with their times in ns), what was refused, and what is dropped without a word to the
    client; each in the order of the body.

    ``left`` is what refused points leave behind where the edition has ``leaves = "types"``: the line, its time, and
    the keys of those of its fields that were looked at before the refused one.
    """

    fit: list[tuple[Line, int]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    dropped: list[Rejection] = field(default_factory=list)
    left: list[tuple[Line, int, tuple[str, ...]]] = field(default_factory=list)


def judge(
    lines: Sequence[Line | BadLine], timing: Timing, data: BucketData, write: WriteRules, storage: StorageRules
) -> Judgement:
    """Judge every line of a batch by the rules, against each other and against what is stored."""
    if write.order == "phase" and write.malformed == "reject_batch":
        malformed = [_malformed(line) for line in lines if isinstance(line, BadLine)]
        if malformed:
            return Judgement([], malformed)
    bench = _Bench(timing, data, write, storage)
    result = Judgement(left=bench.left)
    for line in lines:
        if isinstance(line, BadLine):
            result.rejections.append(_malformed(line))
            continue
        time = timing.of(line)
        reason = bench.objection(line, time)
        if reason is None:
            result.fit.append((line, time))
            continue
        silent = isinstance(reason, OutsideRetention) and storage.late_points == "drop"
        refused = result.dropped if silent else result.rejections
        refused.append(Rejection(line.number, to_text(line.text), reason, time=time))
    if any(_spoils_all(rejection, write) for rejection in result.rejections):
        result.fit.clear()
    return result


def deciding(rejections: Sequence[Rejection], rules: WriteRules) -> Rejection:
    """The rejection that decides the reply: the first of the most important reason that occurs, else the first."""
    for name in rules.decided_by:
        for rejection in rejections:
            if rejection.reason.name == name:
                return rejection
    return rejections[0]


def kept(verdict: Verdict, rules: WriteRules) -> str:
    """What became of the points of a batch with rejections: ``partial``, ``all`` refused singly, or ``atomic``: the
    batch was refused whole."""
    if verdict.accepted:
        return "partial"
    return "atomic" if any(_spoils_all(rejection, rules) for rejection in verdict.rejections) else "all"


def reported(rejections: Iterable[Rejection], rules: WriteRules) -> tuple[Rejection, ...]:
    """The rejections that the reply may name, by the rules' ``report``."""
    room = {which: _room(amount) for which, amount in rules.report.items()}
    kept = []
    for rejection in rejections:
        which = "malformed" if isinstance(rejection.reason, Malformed) else "unfit"
        if room[which] > 0:
            room[which] -= 1
            kept.append(rejection)
    return tuple(kept)


def _room(amount: str | int) -> float:
    return {"first": 1, "all": float("inf")}[amount] if isinstance(amount, str) else amount


def _spoils_all(rejection: Rejection, rules: WriteRules) -> bool:
    rule = rules.malformed if isinstance(rejection.reason, Malformed) else rules.unfit
    return rule == "reject_batch"


def _malformed(line: BadLine) -> Rejection:
    return Rejection(line.number, to_text(line.text), Malformed(line.complaint))


class _Bench:
    """Judges the points of one batch in turn, remembering the types that its fit points have set."""

    def __init__(self, timing: Timing, data: BucketData, write: WriteRules, storage: StorageRules) -> None:
        self._timing, self._data, self._write, self._storage = timing, data, write, storage
        self._types: dict[tuple[Hashable, str], FieldType] = {}
        self.left: list[tuple[Line, int, tuple[str, ...]]] = []

    def objection(self, line: Line, time: int) -> Reason | None:
        """Why the point cannot be stored; None if it can, and then its types count for the points after it."""
        return self._retention(line, time) or self._names(line) or self._lengths(line) or self._conflict(line, time)

    def _retention(self, line: Line, time: int) -> Reason | None:
        timing = self._timing
        if time >= timing.bound or self._storage.late_points == "store":
            return None
        return OutsideRetention(line.measurement, series_key(line), time, timing.bound, timing.retention)

    def _names(self, line: Line) -> Reason | None:
        for key, _, _ in line.fields:
            if key in self._write.reserved_fields:
                return ReservedName(line.measurement, key)
        return None

    def _lengths(self, line: Line) -> Reason | None:
        limit = self._write.string_limit
        # A value cannot be longer than its line: spares the usual line the look at each field.
        if not limit or len(line.text) <= limit:
            return None
        for key, _, value in line.fields:
            if isinstance(value, str) and (length := len(to_bytes(value))) > limit:
                return StringTooLong(line.measurement, key, length, limit)
        return None

    def _conflict(self, line: Line, time: int) -> Reason | None:
        scope = self._data.scope(line, time)
        stored = self._data.types(line, time)
        own: dict[tuple[Hashable, str], FieldType] = {}
        for key, got, _ in line.fields:
            place = (scope, key)
            in_batch = own.get(place) or self._types.get(place)
            want = in_batch or stored.get(key)
            if want is not None and want != got:
                if self._storage.leaves == "types":
                    self._types.update(own)
                    self.left.append((line, time, tuple(key for _, key in own)))
                return TypeConflict(line.measurement, key, got, want, "batch" if in_batch else "stored")
            own[place] = got
        self._types.update(own)
        return None


_KEY_ESCAPES = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})
_NAME_ESCAPES = str.maketrans({",": "\\,", " ": "\\ "})


def series_key(line: Line) -> str:
    """Measurement and tags as line protocol writes them: ``home,room=Living\\ Room``."""
    tags = "".join(f",{key.translate(_KEY_ESCAPES)}={value.translate(_KEY_ESCAPES)}" for key, value in line.tags)
    return line.measurement.translate(_NAME_ESCAPES) + tags
