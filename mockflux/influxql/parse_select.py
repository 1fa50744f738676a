"""SELECT and its clauses, many of which other statements have, too (influxql parser.go)."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from mockflux.influxql import tokens
from mockflux.influxql.cursor import Cursor
from mockflux.influxql.errors import ParseError
from mockflux.influxql.nodes import (
    Binary,
    Call,
    Expr,
    Field,
    Fill,
    Integer,
    Measurement,
    Number,
    Paging,
    Select,
    SortField,
    Source,
    String,
    Subquery,
    walk,
)
from mockflux.influxql.parse_expressions import expression, regex, segments
from mockflux.influxql.tokens import COMPARISONS, Token

_ONLY_TIME = "only ORDER BY time supported at this time"
#: Operators whose answer is true or false; no column has such a value.
_CONDITIONAL = COMPARISONS | {"AND", "OR"}


def select(cursor: Cursor, *, target_required: bool = False) -> Select:
    """Behind the word SELECT."""
    return Select(
        fields=_fields(cursor),
        target=_target(cursor, target_required),
        sources=_from(cursor),
        condition=condition(cursor),
        dimensions=dimensions(cursor),
        fill=_fill(cursor),
        order=order(cursor),
        paging=paging(cursor, series=True),
        zone=_zone(cursor),
    )


def _from(cursor: Cursor) -> tuple[Source, ...]:
    cursor.expect("FROM")
    return sources(cursor, subqueries=True)


def _fields(cursor: Cursor) -> tuple[Field, ...]:
    fields = [_field(cursor)]
    while cursor.raw().kind == ",":
        fields.append(_field(cursor))
    cursor.back()
    return tuple(fields)


def _field(cursor: Cursor) -> Field:
    expr: Expr | None = regex(cursor)
    if expr is None:
        first = cursor.take()
        cursor.back()
        expr = expression(cursor)
        _refuse_conditions(cursor, expr, first)
    alias = cursor.ident() if cursor.accept("AS") else ""
    cursor.pass_blanks()
    return Field(expr, alias)


def _refuse_conditions(cursor: Cursor, expr: Expr, first: Token) -> None:
    for part in walk(expr):
        if isinstance(part, Binary) and part.op in _CONDITIONAL:
            place = cursor.error(f"invalid operator {part.op} in SELECT clause", first)
            raise ParseError(f"{place}; operator is intended for WHERE clause")


def _target(cursor: Cursor, required: bool) -> Measurement | None:
    token = cursor.take()
    if token.kind != "INTO":
        if required:
            raise cursor.unexpected(token, "INTO")
        cursor.back()
        return None
    names = segments(cursor)
    if len(names) < 3 and cursor.peek_char() == ":":
        cursor.expect(":", "MEASUREMENT")
        names.append("")
    database, policy, name = ["", ""][: 3 - len(names)] + names
    return Measurement(name, database=database, policy=policy)


def sources(cursor: Cursor, *, subqueries: bool = False) -> tuple[Source, ...]:
    """Behind the word FROM."""
    found = [source(cursor, subqueries=subqueries)]
    while cursor.accept(","):
        found.append(source(cursor, subqueries=subqueries))
    return tuple(found)


def source(cursor: Cursor, *, subqueries: bool = False) -> Source:
    """A measurement, a regular expression for measurements, or a subquery where it may be one."""
    pattern = regex(cursor)
    if pattern:
        return Measurement(regex=pattern)
    if subqueries and cursor.accept("("):
        cursor.expect("SELECT")
        inner = select(cursor)
        cursor.expect(")")
        return Subquery(inner)
    names = segments(cursor)
    if len(names) == 3:
        return Measurement(names[2], database=names[0], policy=names[1])
    pattern = regex(cursor)
    name = "" if pattern else names.pop()
    policy = names.pop() if names else ""
    return Measurement(name, pattern, database=names.pop() if names else "", policy=policy)


def condition(cursor: Cursor) -> Expr | None:
    """WHERE, if it comes."""
    return expression(cursor) if cursor.accept("WHERE") else None


def dimensions(cursor: Cursor) -> tuple[Expr, ...]:
    """GROUP BY, if it comes."""
    if not cursor.accept("GROUP"):
        return ()
    cursor.expect("BY")
    found = [_dimension(cursor)]
    while cursor.raw().kind == ",":
        found.append(_dimension(cursor))
    cursor.back()
    return tuple(found)


def _dimension(cursor: Cursor) -> Expr:
    pattern = regex(cursor)
    if pattern:
        return pattern
    expr = expression(cursor)
    cursor.pass_blanks()
    return expr


def _special_call(cursor: Cursor, name: Literal["fill", "tz"], arguments: str) -> Expr | None:
    """The argument of one of the clauses that look like functions; None if it does not come."""
    token = cursor.take()
    cursor.back()
    if token.kind != tokens.IDENT or token.text.lower() != name:
        return None
    call = expression(cursor)
    if not isinstance(call, Call):
        raise ParseError(f"{name} must be a function call")
    if len(call.args) != 1:
        raise ParseError(f"{name} requires {arguments}")
    return call.args[0]


def _fill(cursor: Cursor) -> Fill:
    argument = _special_call(cursor, "fill", "an argument, e.g.: 0, null, none, previous, linear")
    if argument is None:
        return Fill()
    match str(argument):
        case "null" | "none" | "previous" | "linear" as option:
            return Fill(option)
    if isinstance(argument, (Integer, Number)):
        return Fill("number", argument.value)
    raise ParseError("expected number argument in fill()")


def _zone(cursor: Cursor) -> str:
    argument = _special_call(cursor, "tz", "exactly one argument")
    if argument is None:
        return ""
    if not isinstance(argument, String):
        raise ParseError("expected string argument in tz()")
    name = argument.value or "UTC"
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # the last is how zoneinfo says that there is none of that name
        raise ParseError(f"unable to find time zone {name}") from None
    return name


def order(cursor: Cursor) -> tuple[SortField, ...]:
    """ORDER BY, if it comes."""
    if not cursor.accept("ORDER"):
        return ()
    cursor.expect("BY")
    token = cursor.take()
    if token.kind in ("ASC", "DESC"):
        found = [SortField("", token.kind == "ASC")]
    elif token.kind == tokens.IDENT:
        cursor.back()
        found = [_sort_field(cursor)]
        if token.text != "time":
            raise ParseError(_ONLY_TIME)
    else:
        raise cursor.unexpected(token, "identifier", "ASC", "DESC")
    while cursor.accept(","):
        found.append(_sort_field(cursor))
    if len(found) > 1:
        raise ParseError(_ONLY_TIME)
    return tuple(found)


def _sort_field(cursor: Cursor) -> SortField:
    name = cursor.ident()
    direction = cursor.take().kind
    if direction not in ("ASC", "DESC"):
        cursor.back()
    return SortField(name, direction != "DESC")


def paging(cursor: Cursor, *, series: bool = False) -> Paging:
    """LIMIT and OFFSET, if they come; with ``series`` SLIMIT and SOFFSET, too."""
    limit, offset = cursor.bound("LIMIT"), cursor.bound("OFFSET")
    if not series:
        return Paging(limit, offset)
    return Paging(limit, offset, cursor.bound("SLIMIT"), cursor.bound("SOFFSET"))
