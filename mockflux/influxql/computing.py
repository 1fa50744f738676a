"""What operators make of values (influxql ast.go, ValuerEval)."""

from __future__ import annotations

import operator
from collections.abc import Callable

from mockflux.influxql.data import Value
from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import (
    Binary,
    Boolean,
    Call,
    Expr,
    Integer,
    Number,
    Paren,
    Regex,
    String,
    Unsigned,
    VarRef,
    spine,
)
from mockflux.influxql.numbers import wrapped
from mockflux.influxql.reduce import float_result, int_result

#: Gives the value of a column or of a call.
Lookup = Callable[[VarRef | Call], Value]

_EQUALITY: dict[str, Callable[[object, object], bool]] = {"=": operator.eq, "!=": operator.ne}
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LOGIC: dict[str, Callable[[bool, bool], bool]] = {
    "AND": operator.and_,
    "OR": operator.or_,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.ne,
    **_EQUALITY,
}
_BITS = frozenset("&|^")


def compute(expr: Expr, lookup: Lookup, *, condition: bool = False) -> Value:
    """The value of an expression. What is missing counts as false beside a truth value; in a condition only where
    something computed is missing, not a column."""
    match expr:
        case VarRef() | Call():
            return lookup(expr)
        case Binary():
            return _chain(expr, lookup, condition)
        case Paren(inner):
            return compute(inner, lookup, condition=condition)
        case Boolean(value) | Integer(value) | Number(value) | String(value):
            return value
        case Unsigned():
            raise NotSimulated("integers that need 64 bits without a sign")
    return None


def _chain(expr: Binary, lookup: Lookup, condition: bool) -> Value:
    left, rest = spine(expr)
    value = compute(left, lookup, condition=condition)
    column = isinstance(left, VarRef)
    for part in rest:
        if isinstance(part.right, Regex):
            value = _matches(part.op, value, part.right.pattern)
        else:
            other = compute(part.right, lookup, condition=condition)
            if value is None and isinstance(other, bool) and not (condition and column):
                value = False
            if other is None and isinstance(value, bool) and not (condition and isinstance(part.right, VarRef)):
                other = False
            value = combine(part.op, value, other)
        column = False
    return value


def _matches(op: str, value: Value, pattern: str) -> Value:
    if isinstance(value, str) and op in ("=~", "!~"):
        return (compiled(pattern).search(value) is not None) is (op == "=~")
    return False if op in _EQUALITY or op in _ORDER else None


def holds(expr: Expr, lookup: Lookup) -> bool:
    """Whether a condition is true."""
    return compute(expr, lookup, condition=True) is True


def combine(op: str, left: Value, right: Value, *, float_division: bool = True) -> Value:
    """What an operator makes of two values; integers divide to a float, unless told otherwise."""
    if isinstance(left, bool):
        if op in _LOGIC:
            return isinstance(right, bool) and _LOGIC[op](left, right)
    elif isinstance(left, str):
        if op in _EQUALITY:
            return isinstance(right, str) and _EQUALITY[op](left, right)
    elif isinstance(left, (int, float)) and isinstance(right, (int, float)) and not isinstance(right, bool):
        return _numbers(op, left, right, float_division)
    return False if op in _EQUALITY or op in _ORDER else None


def _numbers(op: str, left: float, right: float, float_division: bool) -> Value:
    integers = isinstance(left, int) and isinstance(right, int)
    if not integers:
        left, right = float(left), float(right)
    if op in _EQUALITY:
        return _EQUALITY[op](left, right)
    if op in _ORDER:
        return _ORDER[op](left, right)
    if integers and not (op == "/" and float_division):
        whole = int_result(op, int(left), int(right))
        return None if whole is None else wrapped(whole)
    return float_result(op, float(left), float(right))
