"""Judging a batch as InfluxDB 1 does: shard by shard, in several looks at the points of each.

Each shard is written by itself (influxdb 1.6, coordinator/points_writer.go, tsdb/shard.go). Points with a reserved tag
are dropped first. What is left gets its series, whatever becomes of it. Then fields are compared with the types that
the shard knew before the batch. Only then are new fields made, in the order in which
they came; where one of them comes with two types, nothing is written, and what was made before it stays.

A shard that was there before the batch is then written once more, with the points as the first time left them in their
list: what was kept has moved up in it, the rest of the list is as it was. So a point may be looked at twice, and one
that was dropped may be gone; the reply tells of this second time only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, cast

from mockflux.lineprotocol import BadLine, FieldType, Line
from mockflux.reasons import Malformed, Reason, ReservedName, TypeConflict, TypeContradiction
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing.judge import Judgement, malformed
from mockflux.writing.objections import Bench
from mockflux.writing.quoting import Show
from mockflux.writing.rules import Room, WriteRules
from mockflux.writing.timing import Timing


class _Point(NamedTuple):
    """A point that goes to a shard, with its place in the batch."""

    place: int
    line: Line
    time: int


_Refused = tuple[_Point, Reason]


def judge(
    lines: Sequence[Line | BadLine],
    timing: Timing,
    data: BucketData,
    write: WriteRules,
    storage: StorageRules,
    room: Room,
    show: Show,
) -> Judgement:
    """Judge every line of a batch, each shard by itself. The first shard in the body that has something to say says
    it for all: a real server has them written at once, and the first that is ready says it."""
    result = Judgement()
    refused: defaultdict[int, list[Reason]] = defaultdict(list)  # by place; a line that is none is not in there
    shards: dict[int, list[_Point]] = {}
    early = tuple(name for name in write.objections if name not in ("reserved_names", "types"))
    bench = Bench(lines, timing, data, replace(write, objections=early), storage, room)
    for place, line in enumerate(lines):
        if isinstance(line, BadLine):
            continue
        trimmed, time = bench.trimmed(line), timing.of(line)
        reason = bench.objection(trimmed, time)
        if reason is not None:
            refused[place].append(reason)
        else:
            start = cast(tuple[str, int], data.scope(trimmed, time))[1]
            shards.setdefault(start, []).append(_Point(place, trimmed, time))
    said: tuple[_Refused, int] | None = None
    for start, points in shards.items():
        shard = _Shard(data, write)
        says = shard.write(points, start)
        said = said or says
        result.fit += [(point.line, point.time) for point in shard.fit.values()]
        result.left += [(point.line, point.time, tuple(keys)) for point, keys in shard.left()]
        for point, why in shard.refused:
            refused[point.place].append(why)
    result.opened = tuple(shards)
    _tell(result, lines, refused, said, timing, write, show)
    return result


def _tell(
    result: Judgement,
    lines: Sequence[Line | BadLine],
    refused: Mapping[int, Sequence[Reason]],
    said: tuple[_Refused, int] | None,
    timing: Timing,
    write: WriteRules,
    show: Show,
) -> None:
    """Add the rejections in the order of the body, and which of them decides."""
    complaints: dict[str, Malformed] = {}
    for place, line in enumerate(lines):
        number = place + 1 if write.line_numbering == "parser" else line.number
        if isinstance(line, BadLine):
            result.rejections.add(number, line.text, malformed(line.complaint, complaints), shown=show(line, place))
            continue
        for reason in refused.get(place, ()):
            if said and place == said[0][0].place and reason is said[0][1] and result.says is None:
                result.says = (len(result.rejections), said[1])
            result.rejections.add(number, line.text, reason, timing.of(line), show(line, place))


@dataclass
class _Shard:
    """The part of a batch that goes to one shard, and what comes of it. ``fit`` are the points to store, by their
    places; ``refused`` the others, once for each time that they were counted."""

    data: BucketData
    rules: WriteRules
    fit: dict[int, _Point] = field(default_factory=dict)
    refused: list[_Refused] = field(default_factory=list)
    _made: dict[tuple[str, str], FieldType] = field(default_factory=dict)  # the fields that came to be
    _by: dict[int, list[str]] = field(default_factory=dict)  # which of them each point brought
    _indexed: dict[int, _Point] = field(default_factory=dict)  # those that got their series

    def write(self, points: Iterable[_Point], start: int) -> tuple[_Refused, int] | None:
        """Write the points to the shard with this start, twice where that is done, and sort out what became of each.

        What is to be told: the refused point that decides, and how many count with it; None if there is none.
        """
        all_points = list(points)
        slots = list(all_points)
        kept, refused, contradiction = self._attempt(slots)
        if contradiction is not None and self.data.has_shard(start):
            before = refused
            kept, refused, contradiction = self._attempt(slots)
            there = {point.place for point in slots}
            gone = [(point, reason) for point, reason in before if point.place not in there]
        else:
            gone = []
        if contradiction is not None:
            own = {point.place for point, _ in (*gone, *refused)}
            others = [point for point in all_points if point.place not in own] or all_points[:1]
            self.refused = [*gone, *refused, *((point, contradiction) for point in others)]
            return (others[0], contradiction), len(others)
        self.fit = {point.place: point for point in kept}
        self.refused = gone + refused
        return (refused[0], len(refused)) if refused else None

    def _attempt(self, slots: list[_Point]) -> tuple[list[_Point], list[_Refused], TypeContradiction | None]:
        """Look through the points once, moving up those that are kept: these, the refused ones in the order in which
        they are found, and the contradiction among new fields, for which nothing is written."""
        refused: list[_Refused] = []
        tagged = 0
        for point in list(slots):
            reason = self._reserved_tag(point.line)
            if reason is not None:
                refused.append((point, reason))
                continue
            slots[tagged] = point
            tagged += 1
            self._indexed[point.place] = point
        new: list[tuple[_Point, str, FieldType]] = []
        kept = 0
        known = dict(self._made)
        for point in slots[:tagged]:
            objection, own = self._objection(point, known)
            if objection is not None:
                refused.append((point, objection))
                continue
            new += own
            slots[kept] = point
            kept += 1
        return slots[:kept], refused, self._make(new)

    def _reserved_tag(self, line: Line) -> Reason | None:
        for key, _ in line.tags:
            if key in self.rules.reserved_tags:
                return ReservedName(line.measurement, key, "tag")
        return None

    def _objection(
        self, point: _Point, made: Mapping[tuple[str, str], FieldType]
    ) -> tuple[Reason | None, list[tuple[_Point, str, FieldType]]]:
        """What is wrong with the first field of a point that is wrong; if none is, which are new."""
        line, new = point.line, []
        if all(own.key in self.rules.reserved_fields for own in line.fields):
            return ReservedName(line.measurement, line.fields[0].key), []
        stored = self.data.types(line, point.time)
        for key, got, _ in line.fields:
            want = stored.get(key) or made.get((line.measurement, key))
            if want is None:
                new.append((point, key, got))
            elif want != got:
                return TypeConflict(line.measurement, key, got, want, "stored"), []
        return None, new

    def _make(self, new: Iterable[tuple[_Point, str, FieldType]]) -> TypeContradiction | None:
        """Make new fields, up to the first that comes with another type than before."""
        for point, key, got in new:
            own = (point.line.measurement, key)
            want = self._made.setdefault(own, got)
            if want != got:
                return TypeContradiction(point.line.measurement, key, got, want)
            self._by.setdefault(point.place, []).append(key)
        return None

    def left(self) -> list[tuple[_Point, list[str]]]:
        """The points that are not stored and leave a series, with the keys of the fields that they brought."""
        return [(point, self._by.get(place, [])) for place, point in self._indexed.items() if place not in self.fit]
