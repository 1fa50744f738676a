"""Functions that make one value of many (influxdb query/functions.go, call_iterator.go)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from mockflux.influxql.data import Value, in_bytes
from mockflux.influxql.errors import NotSimulated, StatementError
from mockflux.influxql.merging import drain_order
from mockflux.influxql.nodes import Call, DataType, VarRef
from mockflux.influxql.numbers import wrapped
from mockflux.influxql.reading import Row

#: The functions that give points of the measurement, not something computed of them.
SELECTORS = frozenset(("first", "last", "min", "max"))
SIMULATED = SELECTORS | {"count", "sum", "mean", "spread", "distinct"}
_NUMBERS_ONLY = frozenset(("sum", "mean", "spread"))


def argument(call: Call) -> VarRef:
    """The column that a call is about. Raises NotSimulated."""
    name, args = call.name, call.args
    if name == "count" and args and isinstance(args[0], Call):
        return argument(args[0])
    if name not in SIMULATED:
        raise NotSimulated(f"{name}()")
    assert isinstance(args[0], VarRef), "it has been checked, and wildcards have been expanded"
    return args[0]


def check_type(call: Call, type: DataType | None) -> None:
    """Raises StatementError where a function cannot deal with values of a type."""
    unfit = (
        {"string", "boolean"} if call.name in _NUMBERS_ONLY else {"string"} if call.name in ("min", "max") else set()
    )
    if type in unfit:
        raise StatementError(f"unsupported {call.name} iterator type: *query.{type}InterruptIterator")


def aggregate(call: Call, shards: list[list[list[Row]]]) -> list[Row]:
    """What a call makes of the rows of each shard, the oldest first, by series where it matters: one row, none, or for
    distinct() any number."""
    series = list(chain.from_iterable(shards))
    rows = list(chain.from_iterable(series))
    if not rows:
        return []
    if call.name == "distinct":
        return _distinct(rows)
    if call.name in SELECTORS:
        return [_chosen(rows, _BETTER[call.name])]
    if call.name == "count":
        return [Row(0, len(_distinct(rows) if isinstance(call.args[0], Call) else rows), ())]
    if call.name == "spread":
        return [Row(0, _spread([row.value for row in rows]), ())]
    parts = [[_numbers(part) for part in shards[at]] for at in drain_order(len(shards))]
    return [Row(0, _sum(parts) if call.name == "sum" else _mean(parts), ())]


def _distinct(rows: list[Row]) -> list[Row]:
    firsts: dict[Value, Row] = {}
    for row in rows:
        firsts.setdefault(row.value, row)
    return sorted(firsts.values(), key=lambda row: (row.time, _order(row.value)))


def _order(value: Value) -> tuple[float, bytes]:
    return (0, in_bytes(value)) if isinstance(value, str) else (value or 0, b"")


def _chosen(rows: list[Row], better: Callable[[Row, Row], bool]) -> Row:
    chosen = rows[0]
    for row in rows:
        if better(row, chosen):
            chosen = row
    return chosen


def _greater(one: Row, other: Row) -> bool:
    return _order(one.value) > _order(other.value)


_BETTER: dict[str, Callable[[Row, Row], bool]] = {
    # Of one time: the greater value, but as the first of two truth values the false one.
    "first": lambda one, other: (
        one.time < other.time
        or (one.time == other.time and (_greater(other, one) if isinstance(one.value, bool) else _greater(one, other)))
    ),
    "last": lambda one, other: one.time > other.time or (one.time == other.time and _greater(one, other)),
    "min": lambda one, other: _greater(other, one) or (one.value == other.value and one.time < other.time),
    "max": lambda one, other: _greater(one, other) or (one.value == other.value and one.time < other.time),
}


def _numbers(rows: list[Row]) -> list[float]:
    return [row.value for row in rows if isinstance(row.value, (int, float))]


def _spread(values: list[Value]) -> Value:
    numbers = [value for value in values if isinstance(value, (int, float))]
    spread = max(numbers) - min(numbers)
    return wrapped(spread) if isinstance(spread, int) else spread


# A server adds up each series, and then what has come of that, shard by shard. That is how the last digits of a float
# come about, and integers that run over.


def _sum(shards: list[list[list[float]]]) -> Value:
    return _added([_added([_added(series) for series in shard]) for shard in shards])


def _mean(shards: list[list[list[float]]]) -> Value:
    means = [_joined([(_added(series) / len(series), len(series)) for series in shard]) for shard in shards]
    return _joined(means)[0]


def _joined(means: list[tuple[float, int]]) -> tuple[float, int]:
    count = sum(count for _, count in means)
    return _added([mean * count for mean, count in means]) / count, count


def _added(numbers: list[float]) -> float:
    """The sum of numbers, one added after the other; sum() is more exact than a server."""
    total = numbers[0]
    for number in numbers[1:]:
        total += number
    return wrapped(total) if isinstance(total, int) else total
