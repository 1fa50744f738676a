"""Conditions on tags where series are listed or removed (influxdb 1.6, tsdb/index.go and tsdb/index/inmem)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable

from mockflux.influxql.errors import NotSimulated, StatementError
from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import Binary, Expr, Paren, Regex, String, VarRef, walk
from mockflux.influxql.seriesfilter import left_of
from mockflux.influxql.tokens import COMPARISONS
from mockflux.lineprotocol import Tags

_OPERATORS = frozenset(("=", "!=", "=~", "!~"))
_Values = Callable[[str], bool]


def has_time(condition: Expr | None) -> bool:
    """Whether a condition speaks of the time."""
    return condition is not None and any(
        isinstance(part, VarRef) and part.name.lower() == "time" for part in walk(condition)
    )


# ---------------------------------------------------------------- of one series


def series_condition(condition: Expr | None, is_field: Callable[[str], bool]) -> Callable[[Tags], bool]:
    """Whether a series of a measurement is meant, by what a condition without time says of its tags; what it says of
    fields lets all pass. ``is_field``: whether the measurement has a field of that key. Raises StatementError."""
    if condition is not None:
        for part in walk(condition):
            if isinstance(part, Binary) and part.op in COMPARISONS - _OPERATORS:
                raise StatementError("invalid tag comparison operator")
    return lambda tags: left_of(condition, dict(tags), is_field) is not False


# ---------------------------------------------------------------- of a measurement


def measurement_condition(condition: Expr | None) -> Callable[[Iterable[Tags]], bool]:
    """Whether a measurement with these series is meant: SHOW MEASUREMENTS asks the measurement as a whole. Raises
    StatementError."""
    if has_time(condition):
        raise StatementError("SHOW MEASUREMENTS doesn't support time in WHERE clause")
    return (lambda series: True) if condition is None else _of_measurement(condition)


def _of_measurement(condition: Expr) -> Callable[[Iterable[Tags]], bool]:
    match condition:
        case Paren(inner):
            return _of_measurement(inner)
        case Binary("AND" | "OR" as op):
            left, right = _of_measurement(condition.left), _of_measurement(condition.right)
            join = operator.and_ if op == "AND" else operator.or_
            return lambda series: join(left(series), right(series))
        case Binary(op, VarRef(key), value):
            return _comparison(key, op, value)
    raise NotSimulated(f"SHOW MEASUREMENTS WHERE {condition}")


def _comparison(key: str, op: str, value: Expr) -> Callable[[Iterable[Tags]], bool]:
    if op not in _OPERATORS:
        raise StatementError("invalid tag comparison operator")
    fits, wanted = _fitting(op, value), op in ("=", "=~")

    def meant(series: Iterable[Tags]) -> bool:
        # The measurement has the key; then it is one that fits, or none that does.
        values = [found for tags in series if (found := dict(tags).get(key)) is not None]
        return bool(values) and any(map(fits, values)) == wanted

    return meant


def _fitting(op: str, value: Expr) -> _Values:
    if op in ("=~", "!~"):
        if not isinstance(value, Regex):
            raise StatementError(f"right side of '{op}' must be a regular expression")
        search = compiled(value.pattern).search
        return lambda text: search(text) is not None
    if not isinstance(value, String):
        raise StatementError(f"right side of '{op}' must be a tag value string")
    return value.value.__eq__
