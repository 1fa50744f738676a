"""Columns: the rows of one shape, as arrays of bare values.

A shape is a measurement with field keys and their types. A row with one float field takes 24 bytes; there is no
Python object per row, so storing costs the garbage collector nothing.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from types import MappingProxyType
from typing import Any

from mockflux.lineprotocol import FieldType, FieldValue, Line

#: A row as it is read back: commit order, series id, time (ns), values in the order of the block's keys.
Row = tuple[int, int, int, tuple[FieldValue, ...]]
_Column = MutableSequence[Any]

#: Each refuses what its type cannot hold: TypeError or OverflowError.
_COLUMN: dict[FieldType, Callable[[Iterable[Any]], _Column]] = {
    "float": lambda values: array("d", values),
    "integer": lambda values: array("q", values),
    "unsigned": lambda values: array("Q", values),
    "boolean": bytearray,
    "string": lambda values: list(map(sys.intern, values)),  # strings of a series repeat
}


class Block:
    """All rows of one shape, in the order in which they came.

    ``order`` numbers the rows of a bucket in the order of their commit, so that the last write can win across blocks.
    """

    __slots__ = ("_columns", "keys", "measurement", "order", "series", "times", "types")

    def __init__(self, measurement: str, types: Mapping[str, FieldType]) -> None:
        self.measurement = sys.intern(measurement)
        self.keys = tuple(map(sys.intern, types))
        #: Read-only, because scopes share it (:class:`~mockflux.storage.types.Types`).
        self.types = MappingProxyType(dict(zip(self.keys, types.values(), strict=True)))
        self.times = array("q")
        self.series = array("I")
        self.order = array("I")
        self._columns = self.columns(())

    def __len__(self) -> int:
        return len(self.times)

    @property
    def key(self) -> Hashable:
        """What tells the shape from all others."""
        return self.measurement, tuple(self.types.items())

    def columns(self, rows: Iterable[tuple[FieldValue, ...]]) -> list[_Column]:
        """New columns of those rows. Raises TypeError or OverflowError for a value that its field cannot hold."""
        by_field = list(zip(*rows, strict=True)) or [()] * len(self.keys)
        return [_COLUMN[type](values) for type, values in zip(self.types.values(), by_field, strict=True)]

    def extend(self, times: array[int], series: array[int], order: array[int], columns: list[_Column]) -> None:
        """Adds rows, given as columns. Interrupted in the middle it leaves ragged columns: see :meth:`truncate`."""
        self.series.extend(series)
        self.order.extend(order)
        for column, new in zip(self._columns, columns, strict=True):
            column.extend(new)
        self.times.extend(times)

    def truncate(self, length: int) -> None:
        """Takes back all rows from the ``length``-th on."""
        for column in (self.times, self.series, self.order, *self._columns):
            del column[length:]

    def only(self, rows: Sequence[int], types: Mapping[str, FieldType]) -> Block:
        """A new block with those rows, given by their places, and of their fields those with these types."""
        block = Block(self.measurement, types)
        for column, whole in (
            (block.times, self.times),
            (block.series, self.series),
            (block.order, self.order),
            *((column, self._column(key)) for key, column in zip(block.keys, block._columns, strict=True)),
        ):
            column.extend([whole[row] for row in rows])
        return block

    def merged(self, other: Block) -> Block:
        """A new block of the same shape with the rows of both, in the order of their commit."""
        both = self.only(range(len(self)), self.types)
        both.extend(other.times, other.series, other.order, [other._column(key) for key in both.keys])
        return both.only(sorted(range(len(both)), key=both.order.__getitem__), self.types)

    def _column(self, key: str) -> _Column:
        return self._columns[self.keys.index(key)]

    def rows(self) -> Iterator[Row]:
        """All rows, in the order of their commit."""
        columns = [
            map(bool, column) if type == "boolean" else column
            for type, column in zip(self.types.values(), self._columns, strict=True)
        ]
        return zip(self.order, self.series, self.times, zip(*columns, strict=True), strict=True)


class Shape:
    """How lines with these field keys and types, in this order, get into their block.

    A key may occur twice in a line; the last one counts.
    """

    __slots__ = ("_picks", "block")

    def __init__(self, block: Block, keys: tuple[str, ...]) -> None:
        self.block = block
        last = {key: position for position, key in enumerate(keys)}
        picks = tuple(last[key] for key in block.keys)
        self._picks = None if picks == tuple(range(len(keys))) else picks

    def row(self, line: Line) -> tuple[FieldValue, ...]:
        """The values of a line of this shape, in the order of the block's keys."""
        fields = line.fields
        if self._picks is None:
            return tuple([field[2] for field in fields])
        return tuple([fields[position].value for position in self._picks])


class Rows:
    """Rows of one block that are about to be stored, as columns: times (ns), series ids, and values in the order of
    the block's keys. ``offsets`` are their places in the batch, ascending."""

    __slots__ = ("block", "columns", "offsets", "series", "times")

    def __init__(
        self, block: Block, times: array[int], series: array[int], offsets: Sequence[int], columns: list[_Column]
    ) -> None:
        self.block = block
        self.times = times
        self.series = series
        self.offsets = offsets
        self.columns = columns

    def merged(self, other: Rows) -> Rows:
        """The rows of both, which are of the same block, in the order of their offsets."""
        offsets = [*self.offsets, *other.offsets]
        order = sorted(range(len(offsets)), key=offsets.__getitem__)
        both = Rows(self.block, array("q"), array("I"), [offsets[place] for place in order], self.block.columns(()))
        columns: list[tuple[_Column, _Column, _Column]] = [
            (both.times, self.times, other.times),
            (both.series, self.series, other.series),
        ]
        columns += zip(both.columns, self.columns, other.columns, strict=True)
        for column, own, others in columns:
            whole = [*own, *others]
            column.extend([whole[place] for place in order])
        return both


class Staged:
    """Lines of one block that are about to be stored: collected one by one, then turned into columns."""

    __slots__ = ("block", "columns", "lines", "offsets", "rows", "times")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.lines: list[Line] = []
        self.times = array("q")
        self.offsets: list[int] = []  # positions in the batch
        self.rows: list[tuple[FieldValue, ...]] = []
        self.columns: list[_Column] = []

    def convert(self) -> None:
        """Turns the rows into columns: the last thing that can fail because of a value."""
        self.columns = self.block.columns(self.rows)
