"""The types of columns and of what is computed from them (influxql ast.go; influxdb query/compile.go)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mockflux.influxql.computing import combine
from mockflux.influxql.data import Value
from mockflux.influxql.errors import StatementError
from mockflux.influxql.nodes import (
    LITERALS,
    Binary,
    Boolean,
    Call,
    DataType,
    Expr,
    Integer,
    Number,
    Paren,
    String,
    Unsigned,
    VarRef,
    spine,
)

#: Where a column has several types, the first of these is the one of the answer.
_PREVAILING: tuple[DataType | None, ...] = ("float", "integer", "unsigned", "string", "boolean", "tag", "field", None)
_RANK = {type: rank for rank, type in enumerate(_PREVAILING)}
_ORDERED: tuple[DataType | None, ...] = (None, "float", "integer", "string", "boolean", "tag", "field", "unsigned")
#: How columns of the same name are ordered.
ORDER = {type: rank for rank, type in enumerate(_ORDERED)}
_FLOATS_TOO = ("non_negative_derivative", "holt_winters", "holt_winters_with_fit")
#: Functions whose values are floats, whatever their arguments are.
_FLOATS = frozenset(("mean", "median", "integral", "stddev", "derivative", "moving_average", *_FLOATS_TOO))
_ZERO: Mapping[DataType | None, Value] = {
    "float": 0.0,
    "integer": 0,
    "unsigned": 0,
    "string": "",
    "tag": "",
    "boolean": False,
}


def prevailing(one: DataType | None, other: DataType | None) -> DataType | None:
    """The type of a column that is of one type here and of another there."""
    return min(one, other, key=lambda type: _RANK[type])


def check_types(expr: Expr) -> DataType | None:
    """The type of an expression whose columns have theirs; raises StatementError where types do not go together."""
    match expr:
        case VarRef(_, type):
            return None if type == "field" else type
        case Call(name, args):
            types = [check_types(arg) for arg in args]
            return _call_type(name, types)
        case Paren(inner):
            return check_types(inner)
        case Binary():
            first, rest = spine(expr)
            found = check_types(first)
            for part in rest:
                found = _binary_type(part, found, check_types(part.right))
            return found
        case Number():
            return "float"
        case Integer():
            return "integer"
        case Unsigned():
            return "unsigned"
        case String():
            return "string"
        case Boolean():
            return "boolean"
    return None


def _call_type(name: str, types: list[DataType | None]) -> DataType | None:
    if name in _FLOATS:
        return "float"
    if name in ("count", "elapsed"):
        return "integer"
    return types[0] if types else None


def _binary_type(expr: Binary, left: DataType | None, right: DataType | None) -> DataType | None:
    if {left, right} == {"integer", "unsigned"}:
        _check_signs(
            expr, expr.left if left == "unsigned" else expr.right, expr.left if left == "integer" else expr.right
        )
    if left is None or right is None:
        return right if left is None else left
    value = combine(expr.op, _ZERO[left], _ZERO[right], float_division=False)
    match value:
        case None:
            raise StatementError(f"type error: {expr}: incompatible types: {left} and {right}")
        case bool():
            return "boolean"
        case int():
            return "unsigned" if "unsigned" in (left, right) else "integer"
        case float():
            return "float"
    return "string"


def _check_signs(expr: Binary, unsigned: Expr, integer: Expr) -> None:
    if isinstance(unsigned, LITERALS):
        raise StatementError(f"type error: {expr}: cannot use {expr.op} with an integer and unsigned literal")
    if not isinstance(integer, LITERALS):
        what = f"cannot use {expr.op} between an integer and unsigned, an explicit cast is required"
        raise StatementError(f"type error: {expr}: {what}")


def typed(expr: Expr, type_of: Callable[[str], DataType | None]) -> Expr:
    """The expression with a type for each column that has none, or that is only said to be a field."""
    match expr:
        case VarRef(name, None | "field" as given):
            found = type_of(name)
            return VarRef(name, "field" if given and found == "tag" else found)
        case Binary():
            first, rest = spine(expr)
            whole = typed(first, type_of)
            for part in rest:
                whole = Binary(part.op, whole, typed(part.right, type_of))
            return whole
        case Paren(inner):
            return Paren(typed(inner, type_of))
        case Call(name, args):
            return Call(name, tuple(typed(arg, type_of) for arg in args))
    return expr
