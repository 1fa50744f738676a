"""What a condition leaves of a series (influxdb tsdb/index/inmem/meta.go).

Tags are asked of an index, fields of each point. What the index cannot answer is left for the points. Some conditions
are answered in ways that cannot be guessed: an operator that compares nothing lets every point pass, and tags are
compared by ``=``, ``!=`` and patterns only, with anything else no series fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import Binary, Boolean, Expr, Paren, Regex, String, VarRef, spine
from mockflux.influxql.tokens import COMPARISONS

#: True or False: for all points of the series; else each point has to be asked.
Left = bool | Expr


def left_of(condition: Expr | None, tags: Mapping[str, str], is_field: Callable[[str], bool]) -> Left:
    """What a condition, whose columns have types, leaves of a series with these tags. ``is_field``: whether the
    measurement has a field of that key."""
    match condition:
        case None:
            return True
        case Binary("AND" | "OR"):
            first, rest = spine(condition, ("AND", "OR"))
            whole = left_of(first, tags, is_field)
            for part in rest:
                join = _both if part.op == "AND" else _either
                whole = join(whole, left_of(part.right, tags, is_field))
            return whole
        case Binary(op):
            left = _comparison(condition, tags, is_field)
            return left if op in COMPARISONS or isinstance(left, bool) else True
        case Paren(inner):
            return left_of(inner, tags, is_field)
        case Boolean(value):
            return value
    return False


def _both(a: Left, b: Left) -> Left:
    if a is False or b is False:
        return False
    if isinstance(a, bool):
        return b
    return a if isinstance(b, bool) else Binary("AND", a, _apart(b))


def _either(a: Left, b: Left) -> Left:
    if a is True or b is True:
        return True
    if isinstance(a, bool):
        return b
    return a if isinstance(b, bool) else Binary("OR", a, _apart(b))


def _apart(expr: Expr) -> Expr:
    return Paren(expr) if isinstance(expr, Binary) and expr.op in ("AND", "OR") else expr


def _comparison(expr: Binary, tags: Mapping[str, str], is_field: Callable[[str], bool]) -> Left:
    if isinstance(expr.left, Binary) or isinstance(expr.right, Binary):
        return expr
    key, value = expr.left, expr.right
    if not isinstance(key, VarRef):
        key, value = value, key
    if not isinstance(key, VarRef) or _for_points(key, is_field):
        return expr
    found = tags.get(key.name, "")
    match value:
        case VarRef():
            return expr if _for_points(value, is_field) else _tags(expr.op, found, tags.get(value.name, ""))
        case String(text):
            return _text(expr.op, found, text)
        case Regex(pattern):
            return (compiled(pattern).search(found) is not None) is (expr.op == "=~")
    return expr


def _for_points(ref: VarRef, is_field: Callable[[str], bool]) -> bool:
    return is_field(ref.name) if ref.type is None else ref.type != "tag"


def _text(op: str, found: str, text: str) -> bool:
    if op == "=":
        return found == text
    return op == "!=" and found != text


def _tags(op: str, one: str, other: str) -> bool:
    if op == "=":
        return one == other != ""
    return op == "!=" and not one == other != ""
