"""SELECT over stored points (influxdb query/select.go, query/cursor.go).

Simulated are points as they are stored, and the basic functions over all points of a group.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import NamedTuple

from mockflux.influxql.aggregates import SELECTORS, aggregate, argument, check_type
from mockflux.influxql.checks import Checked, check
from mockflux.influxql.columnnames import column_names
from mockflux.influxql.columntypes import check_types
from mockflux.influxql.computing import compute
from mockflux.influxql.data import Data, Value, in_bytes
from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.expanding import Expanded, expand
from mockflux.influxql.functions import MATH
from mockflux.influxql.merging import drain_order, merge
from mockflux.influxql.nodes import Binary, Call, Expr, Paren, Select, VarRef
from mockflux.influxql.reading import Group, Row, groups, rows, sorted_columns
from mockflux.influxql.results import Series
from mockflux.influxql.sources import Origin, Table, look_up, origins

#: More rows than anybody has.
_FAR = 2**62


def evaluate(select: Select, data: Data, *, database: str, now: int) -> list[Series]:
    """The answer to a SELECT. ``database`` is the one that is meant where a source tells none; ``now`` in ns.

    Raises StatementError with the words of a server, NotSimulated for what is not.
    """
    try:
        return _evaluated(select, data, database, now)
    except RecursionError:
        raise NotSimulated("expressions nested as deep as this") from None


def _evaluated(select: Select, data: Data, database: str, now: int) -> list[Series]:
    look_up(select, data, database)
    checked = check(select, now=now)
    if select.target:
        raise NotSimulated("SELECT INTO")
    if checked.interval:
        raise NotSimulated("GROUP BY time()")
    sources = origins(select, data, database, checked.range)
    return _Evaluation(checked, expand(checked.select, checked.condition, sources), sources).series()


class _Answer(NamedTuple):
    """A row of the answer: its series, its time, and what its columns are computed from."""

    name: str
    tags: tuple[str, ...]
    time: int
    values: Mapping[Expr, Value]


class _Found(NamedTuple):
    """A point on its way through the merging of sources."""

    name: str
    tags: tuple[str, ...]
    row: Row


class _Evaluation:
    def __init__(self, checked: Checked, expanded: Expanded, sources: list[Origin]) -> None:
        self._select, self._range, self._time_name = checked.select, checked.range, checked.time_name
        self._ascending = checked.select.ascending
        self._expanded, self._sources = expanded, sources
        fill = checked.select.fill
        self._fill_value: float | None = fill.value if fill.option == "number" else None
        self._keys = sorted(set(expanded.dimensions), key=in_bytes)
        self._named_twice = len(self._keys) < len(expanded.dimensions)
        operands = {operand for field in expanded.fields for operand in _operands(field.expr)}
        self._calls = sorted([operand for operand in operands if isinstance(operand, Call)], key=str)
        self._columns = sorted_columns({operand for operand in operands if isinstance(operand, VarRef)})

    def series(self) -> list[Series]:
        """The answer."""
        if not self._expanded.fields:
            return []
        answers = self._of_functions() if self._calls else self._of_points()
        columns, zone = (self._time_name, *column_names(self._expanded.fields)), self._select.zone
        return [
            Series(columns, rows, name, dict(zip(self._keys, tags, strict=True)), timed=True, zone=zone)
            for (name, tags), some in groupby(answers, key=lambda answer: (answer.name, answer.tags))
            if (rows := list(self._rows(some)))
        ]

    def _rows(self, answers: Iterator[_Answer]) -> Iterator[list[Value]]:
        """The rows of one series of the answer: those that are asked for, and then filled."""
        paging = self._select.paging
        stop = min(paging.offset + paging.limit, _FAR) if paging.limit else None
        operands: list[VarRef | Call] = [*self._calls, *self._columns]
        before: Mapping[Expr, Value] = {operand: self._fill_for(operand) for operand in operands}
        for answer in islice(answers, min(paging.offset, _FAR), stop):
            values = {part: before[part] if value is None else value for part, value in answer.values.items()}
            if self._select.fill.option == "previous":
                before = values
            computed = [compute(field.expr, values.__getitem__) for field in self._expanded.fields]
            yield [answer.time, *(None if _is_nan(value) else value for value in computed)]

    # ---------------------------------------------------------------- points as they are stored

    def _of_points(self) -> Iterator[_Answer]:
        if all(column.type is None for column in self._columns):
            return
        found = self._merged([self._merged(map(self._shard, origin.shards)) for origin in self._sources])
        for name, tags, row in found:
            yield _Answer(name, tags, row.time, dict(zip(self._columns, row.columns, strict=True)))

    def _merged(self, streams: Iterable[Iterator[_Found]]) -> Iterator[_Found]:
        def less(one: _Found, other: _Found) -> bool:
            a, b = _series_order(one.name, one.tags), _series_order(other.name, other.tags)
            if a != b:
                return a < b if self._ascending else a > b
            return _less(one.row, other.row, self._ascending)

        return merge(streams, less)

    def _shard(self, shard: list[Table]) -> Iterator[_Found]:
        for table in shard if self._ascending else reversed(shard):
            for group in self._groups(table):
                for row in self._rows_of(group):
                    yield _Found(table.name, group.tags, row)

    def _rows_of(self, group: Group) -> Iterator[Row]:
        """The rows of a group that reach the answer's own limit. A server limits groups, too, to spare reading, and by
        that lets one row pass behind an OFFSET without LIMIT; where a tag is named twice in GROUP BY it limits each
        series instead, and then counts OFFSET twice."""
        paging = self._select.paging
        stop = min(paging.offset + paging.limit, _FAR)
        enough = stop + 1 if stop else None
        if not self._named_twice:
            return islice(self._sorted_rows(group, None, self._ascending), enough)
        found = self._sorted_rows(group, None, self._ascending, enough)
        return islice(found, min(paging.offset, _FAR), stop if paging.limit else None)

    def _groups(self, table: Table) -> list[Group]:
        """The groups of a measurement that are wanted, in the order of the answer."""
        found = groups(table, self._keys, self._expanded.condition)
        paging = self._select.paging
        if paging.slimit or paging.soffset:  # SOFFSET without SLIMIT leaves none
            found = found[paging.soffset : paging.soffset + paging.slimit]
        found.sort(key=lambda group: _series_order("", group.tags), reverse=not self._ascending)
        return found

    def _member_rows(self, group: Group, value: VarRef | None, ascending: bool) -> list[Iterator[Row]]:
        members = group.members if ascending else reversed(group.members)
        return [rows(group.table, member, value, self._columns, self._range, ascending) for member in members]

    def _sorted_rows(
        self, group: Group, value: VarRef | None, ascending: bool, of_each: int | None = None
    ) -> Iterator[Row]:
        """The rows of a group by time; ``of_each``: no more of each series."""
        members = [islice(member, of_each) for member in self._member_rows(group, value, ascending)]
        return merge(members, lambda one, other: _less(one, other, ascending))

    # ---------------------------------------------------------------- functions

    def _of_functions(self) -> Iterator[_Answer]:
        found: dict[tuple[str, tuple[str, ...]], dict[Call, list[list[list[Row]]]]] = {}
        for call in self._calls:
            for table, group in self._all_groups():
                if rows := self._rows_for(call, group):
                    found.setdefault((table.name, group.tags), {}).setdefault(call, []).append(rows)
        selected = self._calls[0] if len(self._calls) == 1 and self._calls[0].name in SELECTORS else None
        start = 0 if self._range.first is None else self._range.first
        for name, tags in sorted(found, key=lambda key: _series_order(*key), reverse=not self._ascending):
            by_call = {call: aggregate(call, self._met(call, shards)) for call, shards in found[name, tags].items()}
            for at in range(max(map(len, by_call.values()))):
                values: dict[Expr, Value] = dict.fromkeys([*self._calls, *self._columns])
                row = Row(start, None, ())
                for made_by, made in by_call.items():
                    row = made[at]
                    values[made_by] = row.value
                if selected:
                    values |= zip(self._columns, row.columns, strict=True)
                yield _Answer(name, tags, row.time if selected else start, values)

    def _all_groups(self) -> Iterator[tuple[Table, Group]]:
        names = [name for origin in self._sources for name in {table.name for table in origin.tables}]
        if len(set(names)) < len(names):
            raise NotSimulated("functions of a measurement that is named twice")
        for origin in self._sources:
            for table in origin.tables:
                for group in self._groups(table):
                    yield table, group

    def _met(self, call: Call, shards: list[list[list[Row]]]) -> list[list[list[Row]]]:
        """The shards in the order in which a function meets them."""
        return shards if self._ascending or call.name != "distinct" else shards[::-1]

    def _rows_for(self, call: Call, group: Group) -> list[list[Row]]:
        """The rows of a group of one shard, by series, in the order in which a function meets them; or as one, where
        it meets them in the order of time."""
        value = argument(call)
        if value.type in (None, "tag") or value.name not in group.table.types:
            return []
        check_type(call, value.type)
        found: list[list[Row]]
        if call.name in ("first", "last"):
            # A server reads two points only, and takes the better of them; or one where a tag is named twice.
            sorted_rows = self._sorted_rows(group, value, call.name == "first")
            found = [list(islice(sorted_rows, 1 if self._named_twice else 2))]
        elif call.name == "distinct" or isinstance(call.args[0], Call):
            found = [list(self._sorted_rows(group, value, self._ascending))]
        else:
            found = [list(member) for member in self._member_rows(group, value, self._ascending)]
        found = [rows for rows in found if rows]
        return [found[at] for at in drain_order(len(found))]

    def _fill_for(self, operand: VarRef | Call) -> Value:
        """What fill() puts where there is no value: a whole number where there are integers."""
        number = self._fill_value
        type = check_types(operand)
        if number is None or (isinstance(operand, Call) and type is None):
            return None
        return int(number) if type == "integer" else number


def _operands(expr: Expr) -> Iterator[VarRef | Call]:
    """The columns and calls that an expression is computed from."""
    match expr:
        case Call(name) if name in MATH:
            raise NotSimulated(f"{name}()")
        case VarRef() | Call():
            yield expr
        case Binary(_, left, right):
            yield from _operands(left)
            yield from _operands(right)
        case Paren(inner):
            yield from _operands(inner)


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _series_order(name: str, tags: tuple[str, ...]) -> tuple[bytes, ...]:
    return (in_bytes(name), *map(in_bytes, tags))


def _less(one: Row, other: Row, ascending: bool) -> bool:
    """Which row comes first. Of those of one time the texts decide, up to the first column that has none."""
    if one.time != other.time:
        return (one.time < other.time) is ascending
    for a, b in zip(one.columns, other.columns, strict=True):
        if not isinstance(a, str) or not isinstance(b, str):
            return False
        if a != b:
            return (in_bytes(a) < in_bytes(b)) is ascending
    return False
