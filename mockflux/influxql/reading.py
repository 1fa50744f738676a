"""The points of series as the columns that a query refers to (influxdb tsdb/engine/tsm1/engine.go, iterator.gen.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mockflux.influxql.columntypes import ORDER
from mockflux.influxql.computing import holds
from mockflux.influxql.conditions import Range
from mockflux.influxql.data import Value, in_bytes
from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.nodes import Call, DataType, Expr, VarRef, walk
from mockflux.influxql.numbers import SMALLEST
from mockflux.influxql.seriesfilter import left_of
from mockflux.influxql.sources import NAME, StoredSeries, Table
from mockflux.lineprotocol import FieldValue

Fields = Mapping[str, FieldValue]
#: Gives the value of a column at a point.
Getter = Callable[[Fields], Value]


@dataclass(frozen=True, slots=True)
class Row:
    """A point: its time, the value that a function is about (None where there is no function), and other columns in
    the order of ``sorted_columns``."""

    time: int
    value: Value
    columns: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The series of a measurement that have the same tags by which points are grouped; ``tags`` in the order of their
    keys."""

    table: Table
    tags: tuple[str, ...]
    order: bytes
    members: list[tuple[StoredSeries, Expr | None]]


def sorted_columns(columns: set[VarRef]) -> list[VarRef]:
    """In the order in which a server reads them."""
    return sorted(columns, key=lambda column: (in_bytes(column.name), ORDER[column.type]))


def groups(table: Table, keys: list[str], condition: Expr | None) -> list[Group]:
    """The groups of a measurement, by these tag keys, which are sorted, and whose tags the condition allows, in the
    order in which SLIMIT counts them."""
    found: dict[tuple[str, ...], Group] = {}
    for series in table.series:
        left = left_of(condition, series.tags, table.types.__contains__)
        if left is False:
            continue
        tags = tuple(series.tags.get(key, "") for key in keys)
        if tags not in found:
            present = [key for key in keys if series.tags.get(key)]
            order = "|".join([*present, *(series.tags[key] for key in present)])
            found[tags] = Group(table, tags, in_bytes(order), [])
        found[tags].members.append((series, None if left is True else left))
    return sorted(found.values(), key=lambda group: group.order)


def rows(
    table: Table,
    member: tuple[StoredSeries, Expr | None],
    value: VarRef | None,
    columns: list[VarRef],
    range: Range,
    ascending: bool,
) -> Iterator[Row]:
    """The points of a series that fit: those that have the value, or, where no value is asked for, one of the columns
    as a field."""
    series, condition = member
    getters = [_getter(column, table, series)[0] for column in columns]
    deciding = [_getter(value, table, series)] if value else [_getter(column, table, series) for column in columns]
    fields = [getter for getter, from_field in deciding if from_field]
    value_of = fields[0] if value and fields else None
    if not fields:
        return
    asked = {} if condition is None else _condition_getters(condition, table, series)
    for time, point in series.points if ascending else reversed(series.points):
        early, late = range.first is not None and time < range.first, range.last is not None and time > range.last
        if (early or late) and NAME not in point:
            continue
        if all(getter(point) is None for getter in fields):
            continue
        if condition is not None and not holds(condition, _lookup(point, asked)):
            continue
        yield Row(time, value_of(point) if value_of else None, tuple([getter(point) for getter in getters]))


def _condition_getters(condition: Expr, table: Table, series: StoredSeries) -> dict[str, Getter]:
    """What gives the columns of a condition, by key: a server keeps one value for each key, so that of several types
    that a column is asked for in, one counts for all."""
    columns = sorted_columns({part for part in walk(condition) if isinstance(part, VarRef)})
    return {column.name: _getter(column, table, series)[0] for column in columns}


def _lookup(point: Fields, getters: dict[str, Getter]) -> Callable[[VarRef | Call], Value]:
    def value(ref: VarRef | Call) -> Value:
        if isinstance(ref, Call):
            raise NotSimulated(f"{ref.name}()")
        return getters[ref.name](point)

    return value


def _getter(column: VarRef, table: Table, series: StoredSeries) -> tuple[Getter, bool]:
    """What gives a column of a series, and whether it comes from a field."""
    name, wanted = column.name, column.type
    stored = table.types.get(name) if wanted != "tag" else None
    if stored:
        getter = _cast(name, stored, wanted)
        if getter:
            return getter, True
    if wanted not in (None, "tag"):
        return _nothing, False
    tag = series.tags.get(name) or None
    return (lambda point: tag), False


def _nothing(point: Fields) -> Value:
    return None


def _cast(name: str, stored: DataType, wanted: DataType | None) -> Getter | None:
    if wanted in (None, "field", stored):
        return lambda point: point.get(name)
    if "unsigned" in (stored, wanted):
        raise NotSimulated("fields of unsigned integers")
    if wanted == "float" and stored == "integer":
        return lambda point: float(point[name]) if name in point else None
    if wanted == "integer" and stored == "float":
        return lambda point: _truncated(point[name]) if name in point else None
    return None


def _truncated(value: FieldValue) -> int:
    number = int(float(value))
    return number if SMALLEST <= number <= -SMALLEST - 1 else SMALLEST
