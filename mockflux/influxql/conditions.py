"""WHERE split into a range of time and the rest (influxql ast.go, ConditionExpr)."""

from __future__ import annotations

from typing import NamedTuple

from mockflux.influxql.errors import StatementError
from mockflux.influxql.nodes import Binary, Boolean, Duration, Expr, Integer, Number, Paren, String, Time, VarRef, spine
from mockflux.influxql.numbers import LARGEST
from mockflux.influxql.reduce import in_parentheses, joined, reduce, reduce_inner
from mockflux.influxql.times import FIRST, LAST, has_offset, looks_like_time, read_time, show_time

_SWAPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
#: What Go calls the nodes that a time cannot be compared with.
_GO_NAMES = {"Binary": "BinaryExpr", "Paren": "ParenExpr"}
_GO_LITERALS = frozenset(("Regex", "String", "Boolean", "Unsigned"))


class Range(NamedTuple):
    """Times in ns, both included; None: no bound."""

    first: int | None = None
    last: int | None = None

    def intersect(self, other: Range) -> Range:
        """The times that are in both."""
        firsts = [bound for bound in (self.first, other.first) if bound is not None]
        lasts = [bound for bound in (self.last, other.last) if bound is not None]
        return Range(max(firsts, default=None), min(lasts, default=None))


class Condition(NamedTuple):
    """``rest`` is None where there is no condition but time."""

    rest: Expr | None
    range: Range


def split(condition: Expr | None, *, now: int, zone: str = "") -> Condition:
    """The parts of a condition; times hold all together, be they joined by OR. Raises StatementError."""
    rest, range = _Splitter(now, zone).split(condition)
    if isinstance(rest, Paren):
        rest = rest.expr
    return Condition(None if rest == Boolean(True) else rest, range)


def _is_time(expr: Expr) -> bool:
    return isinstance(expr, VarRef) and expr.name.lower() == "time"


class _Splitter:
    def __init__(self, now: int, zone: str) -> None:
        self._now, self._zone = now, zone

    def split(self, condition: Expr | None) -> Condition:
        match condition:
            case None:
                return Condition(None, Range())
            case Binary("AND" | "OR"):
                first, rest = spine(condition, ("AND", "OR"))
                whole = self.split(first)
                for part in rest:
                    whole = _joined(part.op, whole, self.split(part.right))
                return whole
            case Binary(op, left, right):
                if _is_time(left):
                    return Condition(None, self._range(op, right))
                if _is_time(right):
                    return Condition(None, self._range(_SWAPPED.get(op, op), left))
                return Condition(reduce_inner(condition, now=self._now, zone=self._zone), Range())
            case Paren(inner):
                within = self.split(inner)
                return Condition(None if within.rest is None else in_parentheses(within.rest), within.range)
            case Boolean():
                return Condition(condition, Range())
        raise StatementError(f"invalid condition expression: {condition}")

    def _range(self, op: str, expr: Expr) -> Range:
        time = self._time(expr)
        match op:
            case ">":
                return Range(first=time + 1 if time != LARGEST else None)  # the sum of a server overflows
            case ">=":
                return Range(first=time)
            case "<":
                return Range(last=time - 1)
            case "<=":
                return Range(last=time)
            case "=":
                return Range(time, time)
        raise StatementError(f"invalid time comparison operator: {op}")

    def _time(self, expr: Expr) -> int:
        zone = ""
        if isinstance(expr, String) and looks_like_time(expr.value):
            zone = "" if has_offset(expr.value) else self._zone
            try:
                expr = Time(read_time(expr.value, self._zone))
            except ValueError:
                raise StatementError("invalid timestamp string") from None
        expr = reduce(expr, now=self._now, zone=self._zone)
        match expr:
            case Time(value):
                if not FIRST <= value <= LAST:
                    shown, how = show_time(value, fraction=False, zone=zone), "over" if value > LAST else "under"
                    raise StatementError(f"time {shown} {how}flows time literal")
                return value
            case Duration(value) | Integer(value):
                return value
            case Number(value):
                return int(value)
        raise StatementError(f"invalid operation: time and *influxql.{_go_name(expr)} are not compatible")


def _joined(op: str, left: Condition, right: Condition) -> Condition:
    range = left.range.intersect(right.range)
    if left.rest is None or right.rest is None:
        return Condition(left.rest or right.rest, range)
    return Condition(joined(op, left.rest, right.rest), range)


def _go_name(expr: Expr) -> str:
    name = type(expr).__name__
    return f"{name}Literal" if name in _GO_LITERALS else _GO_NAMES.get(name, name)
