"""Expressions made simpler: what consists of literals only is computed (influxql ast.go, Reduce)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from mockflux.influxql.nodes import (
    LITERALS,
    Binary,
    Boolean,
    Call,
    Duration,
    Expr,
    Integer,
    Number,
    Paren,
    String,
    Time,
    Unsigned,
    spine,
)
from mockflux.influxql.numbers import LARGEST_UNSIGNED, SMALLEST, truncated_remainder, wrapped
from mockflux.influxql.times import looks_like_time, read_time

_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}
_LOGIC: dict[str, Callable[[bool, bool], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "AND": operator.and_,
    "OR": operator.or_,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.ne,
}
_BITS: dict[str, Callable[[int, int], int]] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}


def reduce(expr: Expr, *, now: int | None = None, zone: str = "") -> Expr:
    """The expression with its literals computed, no parentheses around it. ``now`` (ns) stands for ``now()``."""
    reduced = _Reducer(now, zone).reduce(expr)
    return reduced.expr if isinstance(reduced, Paren) else reduced


def reduce_inner(expr: Expr, *, now: int | None = None, zone: str = "") -> Expr:
    """The same, with the parentheses left that are around the whole."""
    return _Reducer(now, zone).reduce(expr)


def in_parentheses(expr: Expr) -> Expr:
    """An expression that has been reduced, in parentheses where they make a difference."""
    return Paren(expr) if isinstance(expr, Binary) else expr


def joined(op: str, left: Expr, right: Expr) -> Expr:
    """Two expressions that have been reduced, joined and reduced."""
    return _Reducer(None, "")._binary(op, left, right)


class _Reducer:
    def __init__(self, now: int | None, zone: str) -> None:
        self._now, self._zone = now, zone

    def reduce(self, expr: Expr) -> Expr:
        match expr:
            case Binary():
                first, rest = spine(expr)
                reduced = self.reduce(first)
                for part in rest:
                    reduced = self._binary(part.op, reduced, self.reduce(part.right))
                return reduced
            case Paren(inner):
                return in_parentheses(self.reduce(inner))
            case Call("now", ()) if self._now is not None:
                return Time(self._now)
            case Call(name, args):
                return Call(name, tuple(map(self.reduce, args)))
        return expr

    def _binary(self, op: str, left: Expr, right: Expr) -> Expr:
        if op in ("AND", "OR"):
            decisive = Boolean(op == "OR")
            if decisive in (left, right):
                return decisive
            if isinstance(left, Boolean):
                return right
            if isinstance(right, Boolean):
                return left
        if isinstance(left, LITERALS) and isinstance(right, LITERALS):
            computed = self._computed(op, left, right)
            if computed is not None:
                return computed
        return Binary(op, left, right)

    def _computed(self, op: str, left: Expr, right: Expr) -> Expr | None:
        match left, right:
            case Boolean(a), Boolean(b):
                return Boolean(_LOGIC[op](a, b)) if op in _LOGIC else None
            case (Number() | Integer() | Unsigned(), Number() | Integer() | Unsigned()):
                return _numbers(op, left, right)
            case Duration(), Duration() | Number() | Integer():
                return _durations(op, left, right)
            case Duration(a), Time(b):
                return Time(a + b) if op == "+" else None
            case Duration(), String(text):
                return self._with_time(op, text, lambda time: self._computed(op, left, time))
            case Integer(a), Duration(b):
                return {"+": Time(a + b), "-": Time(a - b)}.get(op)
            case Integer(a), Time():
                return self._computed(op, Duration(a), right)
            case Integer(number), String(text):
                length = Duration(number)
                return self._with_time(op, text, lambda time: self._computed(op, length, time))
            case String(a), String(b):
                return self._strings(op, a, b)
            case String(text), Duration() | Time() | Integer():
                return self._with_time(op, text, lambda time: self._computed(op, time, right))
            case Time(a), Duration(b) | Integer(b):
                return {"+": Time(a + b), "-": Time(a - b)}.get(op)
            case Time(a), Time(b):
                return Duration(_saturated(a - b)) if op == "-" else _compared(op, a, b)
            case Time(), String(text):
                return self._with_time(op, text, lambda time: self._computed(op, left, time))
        return None

    def _with_time(self, op: str, text: str, compute: Callable[[Time], Expr | None]) -> Expr | None:
        time = self._time(text)
        return None if time is None else compute(time)

    def _time(self, text: str) -> Time | None:
        if not looks_like_time(text):
            return None
        try:
            return Time(read_time(text, self._zone))
        except ValueError:
            return None

    def _strings(self, op: str, left: str, right: str) -> Expr | None:
        if op == "+":
            return String(left + right)
        a, b = self._time(left), self._time(right)
        if op in ("=", "!="):
            return _compared(op, a.value, b.value) if a and b else _compared(op, left, right)
        return self._computed(op, a, String(right)) if a else None


def _compared(op: str, left: object, right: object) -> Expr | None:
    return Boolean(_COMPARE[op](left, right)) if op in _COMPARE else None


def _saturated(length: int) -> int:
    return max(SMALLEST, min(length, -SMALLEST - 1))


def _durations(op: str, left: Duration, right: Expr) -> Expr | None:
    a = left.value
    match right:
        case Duration(b):
            if op in ("+", "-"):
                return Duration(wrapped(a + b if op == "+" else a - b))
            return _compared(op, a, b)
        case Number() | Integer():
            factor = int(right.value)
            if op == "*":
                return Duration(wrapped(a * factor))
            if op == "/" and right.value == 0:
                return Duration(0)
            if op == "/" and factor:
                return Duration(wrapped(_quotient(a, factor)))
    return None


def _quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _numbers(op: str, left: Number | Integer | Unsigned, right: Number | Integer | Unsigned) -> Expr | None:
    if op in _COMPARE:
        return _compared(op, left.value, right.value)
    if isinstance(left, Number) or isinstance(right, Number):
        value = float_result(op, float(left.value), float(right.value))
        return None if value is None else Number(value)
    if isinstance(left, Unsigned) or isinstance(right, Unsigned):
        unsigned = int_result(op, left.value & LARGEST_UNSIGNED, right.value & LARGEST_UNSIGNED)
        return None if unsigned is None or op in _BITS else Unsigned(unsigned & LARGEST_UNSIGNED)
    if op == "/":
        return Number(left.value / right.value if right.value else 0.0)
    integer = int_result(op, left.value, right.value)
    return None if integer is None else Integer(wrapped(integer))


def float_result(op: str, a: float, b: float) -> float | None:
    """What an operator makes of two numbers with a point; None where it makes nothing. A division by 0 gives 0."""
    try:
        match op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b if b else 0.0
            case "%":
                return math.fmod(a, b) if b else math.nan
    except (OverflowError, ValueError):
        return math.nan
    return None


def int_result(op: str, a: int, b: int) -> int | None:
    """What an operator makes of two integers, not yet wrapped to 64 bits; a division by 0 gives 0."""
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return _quotient(a, b) if b else 0
        case "%":
            return truncated_remainder(a, b) if b else 0
    return _BITS[op](a, b) if op in _BITS else None
