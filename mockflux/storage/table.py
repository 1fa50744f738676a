"""What one bucket holds: points in columns, the series they belong to, the types of their fields."""

from __future__ import annotations

import math
import sys
import threading
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any, cast

from mockflux.lineprotocol import ColumnType, FieldType, FieldValue, Line, Tags
from mockflux.storage.block import Block, Row, Rows, Shape, Staged
from mockflux.storage.removal import EARLIEST, LATEST, Meant, OfMeasurement, remove
from mockflux.storage.rules import WEEK, StorageRules, scope_of
from mockflux.storage.schemas import Schemas
from mockflux.storage.types import Types

#: Measurement and tags.
Series = tuple[str, Tags]
#: A line with its time (ns) and block, for what it may bring: types, columns.
News = tuple[Line, int, Block]
_NO_COLUMNS: Mapping[str, ColumnType] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Point:
    """One stored point: all fields of a series at one time.

    Tags and fields are sorted by key. A value is a float, an int (integer and unsigned fields), a str or a bool;
    ``time`` is in ns since 1970-01-01 UTC. Bytes of names and strings that are not UTF-8 are surrogate escapes.
    """

    measurement: str
    tags: dict[str, str]
    fields: dict[str, FieldValue]
    time: int


class BucketData:
    """The data of one bucket.

    Threads: ``lock`` guards everything; whoever judges lines by what is stored holds it until they are committed
    (``with data.lock:``). Every method takes it itself too, so a reader never sees half a batch.
    """

    def __init__(self, rules: StorageRules, *, shard_duration: int = WEEK) -> None:
        """``shard_duration``: the length of the bucket's shard groups in ns, for ``type_scope="shard"``."""
        self.rules = rules
        self.lock = threading.RLock()
        #: Grows with each change of what is stored.
        self.version = 0
        #: How many lines are stored, those included that later ones overwrote; so never less than count(), but free.
        self.rows = 0
        #: What writing has learned of the lines that come, by whatever key it likes; emptied by all that could make it
        #: untrue: points, series, types are taken away, or new lines are judged by something else.
        self.learned: dict[Hashable, Any] = {}
        self._schemas: Schemas | None = None
        self._scope = scope_of(rules, shard_duration)
        self._types = Types()
        self._columns: dict[str, dict[str, ColumnType]] = {}
        self._series_ids: dict[Series, int] = {}
        self._series: list[Series] = []
        self._free_ids: list[int] = []  # of series that a delete has left without a point
        self._bare: set[Series] = set()  # that came to be by points which are not stored
        self._opened: set[int] = set()  # shards, by their start
        self._shapes: dict[Hashable, Shape] = {}
        self._blocks: dict[Hashable, Block] = {}
        self._next_order = 0
        self._oldest: float = math.inf  # no row is older than this
        # What count() found out; None after a change.
        self._count: int | None = None
        self._sorted_times: array[int] | None = None
        self._field_series: frozenset[tuple[str, Tags, str]] | None = None

    @property
    def schemas(self) -> Schemas | None:
        """What an explicit bucket takes; None: anything. Replaced whole, under the lock."""
        return self._schemas

    @schemas.setter
    def schemas(self, schemas: Schemas | None) -> None:
        self._schemas = schemas
        self.learned = {}

    @property
    def scope(self) -> Callable[[Line, int], Hashable]:
        """Within what the fields of a line keep their types, given the line and its time in ns."""
        return self._scope

    @scope.setter
    def scope(self, scope: Callable[[Line, int], Hashable]) -> None:
        self._scope = scope
        self.learned = {}

    # ---------------------------------------------------------------- types

    def types(self, line: Line, time: int) -> Mapping[str, FieldType]:
        """The types that fields have already in the scope of this line and time (ns), by key. One look-up for all
        fields of a line; read it under the lock and do not keep it."""
        return self._types.of(self.scope(line, time))

    def field_type(self, line: Line, time: int, key: str) -> FieldType | None:
        """The type that this field has already in the scope of this line and time (ns); None if it is new there."""
        return self.types(line, time).get(key)

    def columns(self, measurement: str) -> Mapping[str, ColumnType]:
        """The columns of a table with the type that each had first; empty for an unknown table, and where tags are no
        columns. Read it under the lock and do not keep it."""
        return self._columns.get(measurement, _NO_COLUMNS)

    @property
    def table_count(self) -> int:
        """How many tables there are (where tags are columns)."""
        return len(self._columns)

    def shard_types(self) -> dict[str, dict[int, Mapping[str, FieldType]]]:
        """By measurement, and by the start (ns) of each shard group, the types of its fields, with or without points.
        Only for ``type_scope="shard"``."""
        with self.lock:
            found: dict[str, dict[int, Mapping[str, FieldType]]] = {}
            for scope in self._types.scopes():
                measurement, start = cast(tuple[str, int], scope)
                found.setdefault(measurement, {})[start] = MappingProxyType(dict(self._types.of(scope)))
            return found

    def register_types(self, line: Line, time: int, keys: Iterable[str]) -> None:
        """Notes the types of those fields of a line that is not stored (``leaves="types"``), where they are new."""
        with self.lock:
            types: dict[str, FieldType] = {}
            for field in line.fields:
                types.setdefault(field.key, field.type)
            self._types.add(self._canonical(self.scope(line, time)), {key: types[key] for key in keys})

    def register_series(self, series: Series) -> None:
        """Notes a series of which no point is stored (``leaves="series"``)."""
        with self.lock:
            self._bare.add(series)
            self._changed()

    def bare_series(self) -> frozenset[Series]:
        """The series that came to be by points which were not stored."""
        with self.lock:
            return frozenset(self._bare)

    def open_shards(self, starts: Iterable[int]) -> None:
        """Notes shards, by their start (ns), as there, with or without points."""
        if starts:
            with self.lock:
                self._opened.update(starts)

    def has_shard(self, start: int) -> bool:
        """Whether anything was ever written to the shard with this start (ns). Only for ``type_scope="shard"``."""
        with self.lock:
            return start in self._opened or any(cast(tuple[str, int], own)[1] == start for own in self._types.scopes())

    @property
    def has_shards(self) -> bool:
        """Whether anything was ever written. Only for ``type_scope="shard"``."""
        with self.lock:
            return bool(self._opened or self._types.scopes())

    # ---------------------------------------------------------------- writing

    def commit(self, lines: Sequence[tuple[Line, int]]) -> None:
        """Stores lines with their times (ns), later ones over earlier ones of the same series, time and field.

        They have been judged: types are not checked here. All or nothing: a value that its field cannot hold raises
        TypeError or OverflowError and leaves everything as it was.
        """
        if not lines:
            return
        with self.lock:
            staged = self.stage(lines, range(len(lines)))
            self.store(list(map(self.numbered, staged)), len(lines), chain.from_iterable(map(self.news, staged)))

    def stage(self, lines: Sequence[tuple[Line, int]], offsets: Sequence[int]) -> list[Staged]:
        """The rows of lines, which have these places in their batch, by block, as columns. Nothing is stored yet.

        Raises TypeError or OverflowError for a value that its field cannot hold.
        """
        by_block: dict[Block, Staged] = {}
        for (line, time), offset in zip(lines, offsets, strict=True):
            shape = self._shape(line)
            staged = by_block.get(shape.block)
            if staged is None:
                staged = by_block[shape.block] = Staged(shape.block)
            staged.lines.append(line)
            staged.times.append(time)
            staged.offsets.append(offset)
            staged.rows.append(shape.row(line))
        for staged in by_block.values():
            staged.convert()
        return list(by_block.values())

    def numbered(self, staged: Staged) -> Rows:
        """The same rows with the ids of their series, which get one if they have none: what follows cannot fail."""
        ids = array("I", [self.series_id((line.measurement, line.tags)) for line in staged.lines])
        return Rows(staged.block, staged.times, ids, staged.offsets, staged.columns)

    def store(self, batch: Sequence[Rows], count: int, news: Iterable[News]) -> None:
        """Stores the rows of a batch of ``count`` lines, each block once, in one step. ``news`` are lines that may
        bring types and columns, one of each kind at least. The caller holds the lock."""
        before = [(rows.block, len(rows.block)) for rows in batch]
        try:
            for line, time, block in news:
                self._types.add(self._canonical(self.scope(line, time)), block.types)
                if self.rules.tags_are_columns:
                    self._add_columns(line, block)
            for rows in batch:
                order = array("I", [self._next_order + offset for offset in rows.offsets])
                rows.block.extend(rows.times, rows.series, order, rows.columns)
        except BaseException:  # memory, or Ctrl-C in the middle
            for block, length in before:
                block.truncate(length)
            raise
        self._next_order += count
        self.rows += count
        self._oldest = min(self._oldest, min(min(rows.times) for rows in batch))
        self._changed()

    def _add_columns(self, line: Line, block: Block) -> None:
        columns = self._columns.setdefault(line.measurement, {})
        for key, _ in line.tags:
            columns.setdefault(key, "tag")
        for key, type in block.types.items():
            columns.setdefault(key, type)
        if self.rules.time_column:
            columns.setdefault("time", "timestamp")

    def news(self, staged: Staged) -> Iterable[News]:
        """One line for each series in each scope: all that matters to types and columns."""
        lines, times, block = staged.lines, staged.times, staged.block
        if len(lines) == 1:
            return [(lines[0], times[0], block)]
        several = {
            (self.scope(line, time), line.tags): (line, time, block) for line, time in zip(lines, times, strict=True)
        }
        return several.values()

    def block_of(self, line: Line) -> Block:
        """The block for lines with these field keys and types."""
        return self._shape(line).block

    def _shape(self, line: Line) -> Shape:
        fields = tuple([field[:2] for field in line.fields])
        shape = self._shapes.get((line.measurement, fields))
        if shape is None:
            types = dict(fields)  # a key that occurs twice is one field
            block = self._blocks.setdefault((line.measurement, tuple(types.items())), Block(line.measurement, types))
            shape = self._shapes[block.measurement, fields] = Shape(block, tuple([key for key, _ in fields]))
        return shape

    def series_id(self, series: Series) -> int:
        """The id of a series, which gets one if it has none."""
        id = self._series_ids.get(series)
        if id is None:
            series = _interned(series)
            if self._free_ids:
                id = self._free_ids.pop()
                self._series[id] = series
            else:
                id = len(self._series)
                self._series.append(series)
            self._series_ids[series] = id
        return id

    def _canonical(self, scope: Hashable) -> Hashable:
        """The same scope; where it is a series, the object that the registry of series holds anyway."""
        id = self._series_ids.get(scope)  # type: ignore[call-overload]  # other scopes are not in there
        return scope if id is None else self._series[id]

    def _changed(self) -> None:
        self.version += 1
        self._count = self._sorted_times = self._field_series = None

    # ---------------------------------------------------------------- deleting

    def delete(self, start: int, stop: int, predicate: Meant) -> int:
        """Removes what the predicate means of the points from ``start`` to ``stop`` (ns, both included); of how many.

        What is left without a point is forgotten: series, tables with their columns, types (``types_last="points"``).
        A type is forgotten where its field has no point left in the series (``type_scope="series"``), elsewhere with
        the last point of its scope, so that another type can be written then (influxdb, tsdb/store.go: with the last
        series of a shard).
        """
        with self.lock:
            if start <= EARLIEST and stop >= LATEST:
                self._bare = {series for series in self._bare if not predicate.matches(*series)}
            meant = {id for series, id in self._series_ids.items() if predicate.matches(*series)}
            blocks, points = remove(self._blocks.values(), meant, start, stop, predicate.takes)
            if not points:
                return 0
            left = set(chain.from_iterable(block.series for block in blocks.values()))
            if self.rules.types_last == "points":
                self._forget_types(blocks.values(), points)
            self._blocks, self._shapes, self.learned = blocks, {}, {}  # made anew as they are needed
            self.rows = sum(map(len, blocks.values()))
            self._oldest = min((min(block.times) for block in blocks.values()), default=math.inf)
            self._forget_series({id for id, _ in points} - left)
            self._changed()
            return len(points)

    def drop(self, measurement: str) -> None:
        """Removes all points of a measurement, and forgets the types of its fields (``type_scope="shard"``)."""
        with self.lock:
            self.delete(EARLIEST, LATEST, OfMeasurement(measurement))
            for start in self.shard_types().get(measurement, ()):
                self._types.retain((measurement, start), ())
            self.learned = {}
            self._changed()

    def _forget_types(self, blocks: Iterable[Block], points: set[tuple[int, int]]) -> None:
        """Forgets the types that nothing holds any more once ``blocks`` are all that is left."""
        lines = {id: _bare_line(self._series[id]) for id, _ in points}
        touched = {self.scope(lines[id], time) for id, time in points}
        measurements = {line.measurement for line in lines.values()}
        held: dict[Hashable, set[str]] = {scope: set() for scope in touched}
        for block in blocks:
            if block.measurement in measurements:
                for id, time in set(zip(block.series, block.times, strict=True)):
                    scope = self.scope(_bare_line(self._series[id]), time)
                    if scope in held:
                        held[scope].update(block.keys)
        for scope, keys in held.items():
            if not keys or self.rules.type_scope == "series":
                self._types.retain(scope, keys)

    def _forget_series(self, ids: set[int]) -> None:
        """Forgets series that have no point, and tables that have no series."""
        for id in ids:
            del self._series_ids[self._series[id]]
            self._free_ids.append(id)
        tables = {block.measurement for block in self._blocks.values()}
        self._columns = {table: columns for table, columns in self._columns.items() if table in tables}

    def clear(self) -> None:
        """Forgets points, series and types."""
        with self.lock:
            self._types.clear()
            self._columns.clear()
            self._series_ids.clear()
            self._series.clear()
            self._free_ids.clear()
            self._bare.clear()
            self._opened.clear()
            self._shapes.clear()
            self._blocks.clear()
            self.learned = {}
            self._next_order = self.rows = 0
            self._oldest = math.inf
            self._changed()

    # ---------------------------------------------------------------- reading

    def points(self, measurement: str | None = None, *, since: int | None = None) -> list[Point]:
        """All points, or those of one measurement, sorted by measurement, time, tags.

        ``since`` (ns) hides those before it, as a retention period does.
        """
        with self.lock:
            merged: dict[tuple[int, int], dict[str, FieldValue]] = defaultdict(dict)
            for name, blocks in self._by_measurement().items():
                if measurement is None or name == measurement:
                    _merge(blocks, since, merged)
            keyed = [(*self._series[id], time, fields) for (id, time), fields in merged.items()]
        keyed.sort(key=lambda entry: (entry[0], entry[2], entry[1]))
        return [
            Point(measurement, dict(tags), dict(sorted(fields.items())), time)
            for measurement, tags, time, fields in keyed
        ]

    def count(self, since: int | None = None) -> int:
        """How many points() there are. Worked out once per change of the data, so that asking again is cheap."""
        with self.lock:
            if since is None or since <= self._oldest:
                if self._count is None:
                    self._count = sum(len(_distinct_times(blocks)) for blocks in self._by_measurement().values())
                return self._count
            if self._sorted_times is None:
                times = chain.from_iterable(map(_distinct_times, self._by_measurement().values()))
                self._sorted_times = array("q", sorted(times))
            return len(self._sorted_times) - bisect_left(self._sorted_times, since)

    def measurements(self) -> list[str]:
        """The names of the measurements that have points, sorted."""
        with self.lock:
            return sorted(self._by_measurement())

    @property
    def series_count(self) -> int:
        """How many series (measurement and tags) have points."""
        return len(self._series_ids)

    def field_series(self) -> frozenset[tuple[str, Tags, str]]:
        """The series with their fields that have points: measurement, tags, key of the field. Worked out once per
        change of the data."""
        with self.lock:
            if self._field_series is None:
                self._field_series = frozenset(
                    (*self._series[id], key)
                    for block in self._blocks.values()
                    for id in set(block.series)
                    for key in block.keys
                )
            return self._field_series

    def _by_measurement(self) -> dict[str, list[Block]]:
        found: dict[str, list[Block]] = defaultdict(list)
        for block in self._blocks.values():
            if block:
                found[block.measurement].append(block)
        return found


def _interned(series: Series) -> Series:
    """The same series made of shared strings: names and values of tags repeat."""
    measurement, tags = series
    return sys.intern(measurement), tuple([(sys.intern(key), sys.intern(value)) for key, value in tags])


def _bare_line(series: Series) -> Line:
    """A line of a series, to ask for its scope."""
    measurement, tags = series
    return Line(0, b"", measurement, tags, (), None)


def _merge(blocks: list[Block], since: int | None, into: dict[tuple[int, int], dict[str, FieldValue]]) -> None:
    """Fields by series id and time; what was committed later wins."""
    for (_, id, time, values), keys in merge(*map(_with_keys, blocks)):  # no two rows have the same order
        if since is None or time >= since:
            into[id, time].update(zip(keys, values, strict=True))


def _with_keys(block: Block) -> Iterator[tuple[Row, tuple[str, ...]]]:
    return zip(block.rows(), repeat(block.keys))  # repeat() has no end


def _distinct_times(blocks: list[Block]) -> Sequence[int]:
    """The times of the points of one measurement: a time counts once for each series that has a row there."""
    if len(blocks) == 1 and _ascending(blocks[0]):
        return blocks[0].times
    return [time for _, time in {row for block in blocks for row in zip(block.series, block.times, strict=True)}]


def _ascending(block: Block) -> bool:
    """Whether in every series each row is later than the one before, so that no two are the same point."""
    last: dict[int, int] = {}
    for id, time in zip(block.series, block.times, strict=True):
        if last.get(id, time - 1) >= time:
            return False
        last[id] = time
    return True
