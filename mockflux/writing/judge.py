"""Judging a batch: which points may be stored, and why the others may not.

Nothing is stored here. The caller holds the lock of the bucket's data from before judging until after the commit,
so that what was judged is still true when it is stored.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mockflux.lineprotocol import BadLine, Field, Line
from mockflux.reasons import Malformed, OutsideRetention, Reason, Rejection, Verdict
from mockflux.rejections import Rejections, reasons_of
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing.objections import Bench, series_key
from mockflux.writing.quoting import Show, as_sent
from mockflux.writing.rules import ENDLESS, Room, WriteRules
from mockflux.writing.timing import Timing

__all__ = ["Judgement", "Timing", "deciding", "judge", "kept", "malformed", "points_in", "reported", "series_key"]

#: So many of a batch's complaints are at hand, for lines that have the same.
_AT_HAND = 64


@dataclass(slots=True)
class Judgement:
    """What may be stored (lines with their times in ns), what was refused, and what is dropped without a word to the
    client; each in the order of the body.

    ``left`` is what refused points leave behind where the edition has ``leaves = "types"``: the line, its time, and
    the keys of those of its fields that were looked at before the refused one. ``opened`` are the starts of the shards
    (ns) that came to be if they were not there. ``says``: see :class:`mockflux.reasons.Verdict`.
    """

    fit: list[tuple[Line, int]] = field(default_factory=list)
    rejections: Rejections = field(default_factory=Rejections)
    dropped: Rejections = field(default_factory=Rejections)
    left: list[tuple[Line, int, tuple[str, ...]]] = field(default_factory=list)
    opened: tuple[int, ...] = ()
    says: tuple[int, int] | None = None


def judge(
    lines: Sequence[Line | BadLine],
    timing: Timing,
    data: BucketData,
    write: WriteRules,
    storage: StorageRules,
    room: Room = ENDLESS,
    show: Show = as_sent,
) -> Judgement:
    """Judge every line of a batch by the rules, against each other and against what is stored.

    ``room`` is how much the database may hold; ``show`` gives the text by which the reply shows a refused line.
    """
    by_place = write.line_numbering == "parser"
    complaints: dict[str, Malformed] = {}
    if write.order == "phase" and write.malformed == "reject_batch":
        refused = Rejections()
        for place, line in enumerate(lines):
            if isinstance(line, BadLine):
                number = place + 1 if by_place else line.number
                refused.add(number, line.text, malformed(line.complaint, complaints), shown=show(line, place))
        if refused:
            return Judgement([], refused)
    bench = Bench(lines, timing, data, write, storage, room)
    result = Judgement(left=bench.left)
    for place, line in enumerate(lines):
        number = place + 1 if by_place else line.number
        if isinstance(line, BadLine):
            result.rejections.add(number, line.text, malformed(line.complaint, complaints), shown=show(line, place))
            continue
        point, time = bench.trimmed(line), timing.of(line)
        reason = bench.objection(point, time)
        if reason is None:
            result.fit.append((point, time))
            continue
        fit, reasons = ([], [reason]) if write.unit == "line" else _by_field(bench, point, time)
        if fit:
            result.fit.append((point._replace(fields=tuple(fit)), time))
        shown = show(line, place)  # once: a line can have thousands of fields
        for reason in reasons:
            silent = isinstance(reason, OutsideRetention) and storage.late_points == "drop"
            refused = result.dropped if silent else result.rejections
            refused.add(number, line.text, reason, time, shown)
    if any(_spoils_all(reason, write) for reason in result.rejections.reasons):
        result.fit.clear()
    return result


def _by_field(bench: Bench, line: Line, time: int) -> tuple[list[Field], list[Reason]]:
    """The fields of a line that may be stored, and why the others may not: each is a point of its own."""
    fit, reasons = [], []
    for own in line.fields:
        reason = bench.objection(line._replace(fields=(own,)), time)
        if reason is None:
            fit.append(own)
        else:
            reasons.append(reason)
    return fit, reasons


def points_in(lines: Iterable[tuple[Line, int]], rules: WriteRules) -> int:
    """How many points these lines are, as the edition counts them."""
    return sum(1 if rules.unit == "line" else len(line.fields) for line, _ in lines)


def deciding(rejections: Sequence[Rejection], rules: WriteRules) -> Rejection:
    """The rejection that decides the reply: the first of the most important reason that occurs, else the first that is
    for none of the least important ones."""
    first: dict[str, int] = {}
    for place, reason in enumerate(reasons_of(rejections)):
        first.setdefault(reason.name, place)
    others = [name for name in first if name not in rules.decided_last]
    by_rank = [name for name in (*rules.decided_by, *others, *rules.decided_last) if name in first]
    return rejections[first[by_rank[0]]]


def alike(rejections: Sequence[Rejection], decided: Rejection, rules: WriteRules) -> int:
    """How many rejections count with the one that decides: those for its reason, where that decides last, else all but
    those that would."""
    name = decided.reason.name
    if name in rules.decided_last:
        return sum(reason.name == name for reason in reasons_of(rejections))
    return sum(reason.name not in rules.decided_last for reason in reasons_of(rejections))


def kept(verdict: Verdict, rules: WriteRules) -> str:
    """What became of the points of a batch with rejections: ``partial``, ``all`` refused singly, or ``atomic``: the
    batch was refused whole."""
    if verdict.accepted:
        return "partial"
    return "atomic" if any(_spoils_all(reason, rules) for reason in reasons_of(verdict.rejections)) else "all"


def reported(rejections: Sequence[Rejection], rules: WriteRules) -> Sequence[Rejection]:
    """The rejections that the reply may name, by the rules' ``report``; the same object if those are all."""
    room = {which: _room(amount) for which, amount in {"together": "all", **rules.report}.items()}
    told = array("q")
    for place, reason in enumerate(reasons_of(rejections)):
        which = "malformed" if isinstance(reason, Malformed) else "unfit"
        if room[which] > 0 and room["together"] > 0:
            room[which] -= 1
            room["together"] -= 1
            told.append(place)
    return rejections if len(told) == len(rejections) else tuple([rejections[place] for place in told])


def _room(amount: str | int) -> float:
    return {"first": 1, "all": float("inf")}[amount] if isinstance(amount, str) else amount


def _spoils_all(reason: Reason, rules: WriteRules) -> bool:
    rule = rules.malformed if isinstance(reason, Malformed) else rules.unfit
    return rule == "reject_batch" or reason.name in rules.spoils


def malformed(complaint: str, at_hand: dict[str, Malformed]) -> Malformed:
    """The reason with that complaint: one for all the lines that have it, unless the batch has very many kinds."""
    reason = at_hand.get(complaint)
    if reason is None:
        reason = Malformed(complaint)
        if len(at_hand) < _AT_HAND:
            at_hand[complaint] = reason
    return reason
