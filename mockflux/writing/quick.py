"""The quick way for a batch whose lines are like those that came before, each of which can be stored.

Most lines bring nothing new: a series that is known, with fields that it had before, of the same types. What a point
is asked (:mod:`mockflux.writing.objections`) depends on nothing else but its time and the length of its strings. So
the answer is remembered with the pair of series and fields, such lines are read by pattern
(:mod:`mockflux.lineprotocol.scan`) into columns, and times and lengths are compared a column at a time. Any other line
goes to the grammar and is asked. As soon as one is refused, nothing of this holds: the whole batch has to be judged.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import chain
from types import ModuleType
from typing import Any, cast

from mockflux.clock import EARLIEST, LATEST
from mockflux.lineprotocol import BadLine, Field, FieldType, Line
from mockflux.lineprotocol.scan import (
    Fields,
    Match,
    behind_nothing,
    converted,
    head_end,
    nothing,
    pattern,
    plain_fields,
    plain_head,
    whole,
)
from mockflux.storage.block import Block, Rows
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData, News, Series
from mockflux.writing.objections import Bench
from mockflux.writing.rules import Room, WriteRules
from mockflux.writing.timing import Timing, by_size

#: A pattern costs as much as reading some lines: it is made for fields that come so often.
_OFTEN = 3
#: How many series and sets of fields are remembered, and how many sets with one series.
_MOST_SERIES, _MOST_SHAPES, _MOST_TOGETHER = 200_000, 512, 16
#: From how many bytes on it pays to read a body at once.
_WORTH_A_LOOK = 400
#: The longest string, in bytes, that no grammar minds.
_LONGEST_STRING = 1 << 20


def store(
    body: bytes,
    timing: Timing,
    data: BucketData,
    rules: WriteRules,
    storage: StorageRules,
    room: Callable[[], Room],
    grammar: ModuleType,
) -> int | None:
    """Store the batch if there is nothing against any of its points; how many they are. None if a line has to be
    judged: then nothing is stored. The caller holds the lock of the data."""
    learned: Learned | None = data.learned.get(rules.judging)
    if learned is None:
        learned = data.learned[rules.judging] = Learned(rules)
    batch = _Batch(learned, timing, data, storage, room, grammar)
    try:
        batch.read(body)
        return batch.commit()
    except (_Unusual, OverflowError):
        batch.unlearn()
        return None
    except BaseException:  # memory, or Ctrl-C in the middle
        batch.unlearn()
        raise


class _Unusual(Exception):
    """The batch has something that has to be judged."""


# ------------------------------------------------------------------------------------------- what is remembered


class _Shape:
    """Fields that have come before: their block and their pattern."""

    __slots__ = ("block", "fields", "match", "sample", "scopes", "seen", "types")

    def __init__(self, measurement: str, own: Fields) -> None:
        self.fields = own
        self.block: Block  # from when such a line is stored
        self.types: tuple[FieldType, ...] = tuple([type for _, type in own])
        self.match: Match = nothing
        self.seen = 0
        #: A line that has nothing but them, to ask for another time. Their values are of no account.
        fields = tuple([Field(key, type, 0) for key, type in own])
        self.sample = Line(0, b"", measurement, (), fields, None)
        #: Where time tells scopes apart: those in which such lines are stored already.
        self.scopes: set[Hashable] = set()

    def see(self, fields: Fields) -> None:
        """Such a line has come once more."""
        self.seen += 1
        if self.seen == _OFTEN:
            self.match = pattern(fields)


class _Series:
    """A series that has come before: its id, the fields with which it is stored, and those that it had last."""

    __slots__ = ("id", "last", "name", "shapes")

    def __init__(self, name: Series, shape: _Shape) -> None:
        self.id = -1  # until it is stored
        self.name = name
        self.last = shape
        self.shapes: tuple[_Shape, ...] = ()

    def match(self, body: bytes, position: int) -> re.Match[bytes] | None:
        """The rest of the line, if it has fields that the series had before; they are its last ones then."""
        for shape in self.shapes:
            if (found := shape.match(body, position)) is not None:
                self.last = shape
                return found
        return None


class Learned:
    """What is known of the lines that a bucket has stored by these rules."""

    def __init__(self, rules: WriteRules) -> None:
        self.rules = rules
        self.series: dict[bytes, _Series] = {}
        self.shapes: dict[tuple[str, Fields], _Shape] = {}
        #: The only one that the last batch had, if that was so: the next may be like it.
        self.alone: _Shape | None = None

    def make_room(self) -> None:
        """Forget all when it has become too much: what comes often will be learned anew."""
        if len(self.series) >= _MOST_SERIES or len(self.shapes) >= _MOST_SHAPES:
            self.series.clear()
            self.shapes.clear()


# --------------------------------------------------------------------------------------------------- one batch


class _Found:
    """The lines of a batch that one pattern has found: values and time as they stand there, series, places."""

    __slots__ = ("columns", "offsets", "rows", "series")

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.series: list[_Series] = []
        self.offsets: list[int] = []
        #: The rows by column, where they were read so.
        self.columns: Sequence[tuple[Any, ...]] = ()

    def by_column(self) -> Iterable[tuple[Any, ...]]:
        """The values of each field, and the times (None, or nothing, where there is none)."""
        return self.columns or zip(*self.rows, strict=True)


class _Batch:
    """One batch: read, then compared and stored."""

    def __init__(
        self,
        learned: Learned,
        timing: Timing,
        data: BucketData,
        storage: StorageRules,
        room: Callable[[], Room],
        grammar: ModuleType,
    ) -> None:
        self._learned, self._timing, self._data, self._storage = learned, timing, data, storage
        self._room, self._grammar = room, grammar
        self._found: dict[_Shape, _Found] = {}
        self._count = 0
        #: What is new, if anything is.
        self._novel: _Novel | None = None

    def read(self, body: bytes) -> None:
        """Read all lines, by pattern or by the grammar. Raises _Unusual."""
        learned = self._learned
        if len(body) < _WORTH_A_LOOK or learned.alone is None or not self._read_whole(learned.alone, body):
            self._read_each(body)
        learned.alone = next(iter(self._found)) if len(self._found) == 1 and self._novel is None else None

    def _read_whole(self, shape: _Shape, body: bytes) -> bool:
        """Read a body that has nothing but lines with these fields, of series that had them before. False: it has."""
        columns = whole(shape.fields).columns(body)
        if columns is None:
            return False
        heads, *columns = columns
        series = list(map(self._learned.series.get, heads))
        if not all(own is not None and shape in own.shapes for own in set(series)):
            return False
        found = self._found[shape] = _Found()
        found.columns, found.series, found.offsets = columns, cast("list[_Series]", series), list(range(len(heads)))
        self._count = len(heads)
        return True

    def _read_each(self, body: bytes) -> None:
        """Read one line after the other. Raises _Unusual."""
        position, count, size = 0, 0, len(body)
        series_of, found_by = self._learned.series.get, self._found
        while position < size:
            end = head_end(body, position)
            series = series_of(body[position:end]) if end > 0 else None
            if series is not None:
                match = series.last.match(body, end) or series.match(body, end)
                if match is not None:
                    found = found_by.get(series.last)
                    if found is None:
                        found = found_by[series.last] = _Found()
                    found.rows.append(match.groups())
                    found.series.append(series)
                    found.offsets.append(count)
                    position = match.end()
                    count += 1
                    continue
            if (behind := behind_nothing(body, position)) > position:
                position = behind
                continue
            position = self._new().take(body, position, count)
            if position < 0:
                break
            count += 1
        self._count = count

    def commit(self) -> int:
        """Compare times and lengths with what is asked of every point, and store; how many points there are. Raises
        _Unusual, OverflowError."""
        data = self._data
        columns = [self._columns(shape, found) for shape, found in self._found.items()]
        scopes = self._new_scopes([times for times, _ in columns]) if self._storage.scoped_by_time else []
        staged = self._novel.staged() if self._novel else []
        # From here on nothing can fail for what the lines say.
        if self._novel:
            self._novel.number()
        rows: dict[Block, Rows] = {}
        for (shape, found), (times, values) in zip(self._found.items(), columns, strict=True):
            ids = array("I", [series.id for series in found.series])
            rows[shape.block] = Rows(shape.block, times, ids, found.offsets, values)
        for others in map(data.numbered, staged):
            own = rows.get(others.block)
            rows[others.block] = others if own is None else own.merged(others)
        if rows:
            # What the grammar read comes first: a column has the type, and the place, that its first line gives it.
            later: list[News] = [(shape.sample, time, shape.block) for shape, _, time in scopes]
            data.store(list(rows.values()), self._count, chain(*map(data.news, staged), later))
        for shape, scope, _ in scopes:
            shape.scopes.add(scope)
        return self._count if self._learned.rules.unit == "line" else self._fields()

    def unlearn(self) -> None:
        """Nothing has been stored: forget what the batch taught."""
        if self._novel:
            self._novel.unlearn()

    def _new(self) -> _Novel:
        if self._novel is None:
            rules = self._learned.rules
            bench = Bench((), self._timing, self._data, rules, self._storage, self._room())
            self._novel = _Novel(self._learned, self._timing, self._data, bench, self._grammar)
        return self._novel

    def _columns(self, shape: _Shape, found: _Found) -> tuple[array[int], list[Any]]:
        """Times and values of the lines that have these fields."""
        *values, stamps = found.by_column()
        timing, times = self._timing, _times(stamps, self._timing)
        first = min(times)
        if first < EARLIEST or max(times) > LATEST:
            raise _Unusual
        if first < timing.bound and timing.retention and self._storage.late_points != "store":
            raise _Unusual
        longest = self._learned.rules.string_limit or _LONGEST_STRING
        for type, column in zip(shape.types, values, strict=True):
            if type == "string" and max(map(len, column)) > longest:  # escapes counted, too: it may be just as long
                raise _Unusual
        return times, list(map(converted, shape.types, values))

    def _new_scopes(self, times: Sequence[array[int]]) -> list[tuple[_Shape, Hashable, int]]:
        """Scopes, each with one of its times, in which lines with these fields are stored for the first time."""
        new: list[tuple[_Shape, Hashable, int]] = []
        for shape, own in zip(self._found, times, strict=True):
            for scope, time in _scopes(shape.sample, own, self._data.scope).items():
                if scope not in shape.scopes:
                    self._new().ask(shape.sample, time)
                    new.append((shape, scope, time))
        return new

    def _fields(self) -> int:
        """How many fields there are, where each is a point."""
        count = sum(len(found.series) * len(shape.types) for shape, found in self._found.items())
        return count + (sum(len(line.fields) for line, _ in self._novel.lines) if self._novel else 0)


def _times(stamps: Sequence[bytes | None], timing: Timing) -> array[int]:
    """The times in ns. Raises OverflowError for one beyond 64 bits."""
    scale = timing.multiplier
    if scale == 1 and None not in stamps and b"" not in stamps:
        return array("q", map(int, stamps))  # type: ignore[arg-type]
    return array(
        "q",
        [timing.default if not raw else (time := int(raw)) * (scale or by_size(time)) for raw in stamps],
    )


def _scopes(line: Line, times: array[int], scope_of: Callable[[Line, int], Hashable]) -> dict[Hashable, int]:
    """The scopes of these times, each with one of them. A scope is a span of time: where the first and the last time
    are in the same, all are."""
    first, last = min(times), max(times)
    scope = scope_of(line, first)
    if first == last or scope_of(line, last) == scope:
        return {scope: first}
    return {scope_of(line, time): time for time in times}


class _Novel:
    """What a batch has that is new: the lines that the grammar read."""

    def __init__(self, learned: Learned, timing: Timing, data: BucketData, bench: Bench, grammar: ModuleType) -> None:
        self._learned, self._timing, self._data, self._bench, self._grammar = learned, timing, data, bench, grammar
        self._taught: list[tuple[bytes, _Series, _Shape]] = []
        self._made: dict[tuple[str, Fields], _Shape] = {}
        self._offsets: list[int] = []
        self.lines: list[tuple[Line, int]] = []

    def take(self, body: bytes, position: int, offset: int) -> int:
        """Read the line there, the one of that offset in the batch, and ask whether it can be stored; where the next
        one begins, or -1 if no line is left. Raises _Unusual."""
        line, after = self._grammar.parse_next(body, position, self._timing.multiplier)
        if line is None:
            return -1
        if isinstance(line, BadLine):
            raise _Unusual
        own, time = self._bench.trimmed(line), self._timing.of(line)
        self.ask(own, time)
        self.lines.append((own, time))
        self._offsets.append(offset)
        if own is line:
            self._teach(line)
        return int(after)

    def ask(self, line: Line, time: int) -> None:
        """Raises _Unusual if the line cannot be stored."""
        if self._bench.objection(line, time) is not None:
            raise _Unusual

    def _teach(self, line: Line) -> None:
        head, fields = plain_head(line), plain_fields(line)
        if head is None or fields is None:
            return
        learned, key = self._learned, (line.measurement, fields)
        learned.make_room()
        shape = learned.shapes.get(key)
        if shape is None:
            shape = learned.shapes[key] = self._made[key] = _Shape(line.measurement, fields)
        shape.see(fields)
        series = learned.series.get(head)
        if series is None:
            series = learned.series[head] = _Series((line.measurement, line.tags), shape)
        if shape not in series.shapes and len(series.shapes) < _MOST_TOGETHER:
            series.shapes += (shape,)
            self._taught.append((head, series, shape))

    def staged(self) -> list[Any]:
        """The lines as columns."""
        return self._data.stage(self.lines, self._offsets)

    def number(self) -> None:
        """The lines are about to be stored: give their series ids, and what is new of fields a block."""
        for _, _, shape in self._taught:
            shape.block = self._data.block_of(shape.sample)
        for _, series, _ in self._taught:
            series.id = self._data.series_id(series.name)

    def unlearn(self) -> None:
        """The lines are not stored: forget what they taught."""
        for head, series, shape in self._taught:
            series.shapes = tuple([own for own in series.shapes if own is not shape])
            if series.shapes:
                series.last = series.shapes[0]
            else:
                self._learned.series.pop(head, None)
        for key in self._made:
            self._learned.shapes.pop(key, None)
