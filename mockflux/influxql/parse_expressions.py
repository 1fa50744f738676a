"""Expressions: what SELECT asks for, conditions, the arguments of functions (influxql parser.go)."""

from __future__ import annotations

from collections.abc import Callable

from mockflux.influxql import tokens
from mockflux.influxql.cursor import Cursor
from mockflux.influxql.durations import read_duration
from mockflux.influxql.errors import ParseError
from mockflux.influxql.goregex import check
from mockflux.influxql.nodes import (
    Binary,
    Boolean,
    Call,
    DataType,
    Distinct,
    Duration,
    Expr,
    Integer,
    Number,
    Paren,
    Regex,
    String,
    Unsigned,
    VarRef,
    Wildcard,
)
from mockflux.influxql.numbers import LARGEST, LARGEST_UNSIGNED, read_integer, wrapped
from mockflux.influxql.tokens import PRECEDENCE, Token, quote_ident

_TYPES: dict[str, DataType] = {
    "float": "float",
    "integer": "integer",
    "unsigned": "unsigned",
    "string": "string",
    "boolean": "boolean",
}
#: What may stand behind a sign.
_SIGNED = frozenset((tokens.NUMBER, tokens.INTEGER, tokens.DURATION_VALUE, "(", tokens.IDENT))


def expression(cursor: Cursor) -> Expr:
    """An expression, operators and all."""
    tree = _unary(cursor)
    while True:
        op = cursor.take().kind
        if op not in PRECEDENCE:
            cursor.back()
            return tree
        if op in ("=~", "!~"):
            right: Expr | None = regex(cursor)
            if right is None:
                raise cursor.unexpected(cursor.take(), "regex")
        else:
            right = _unary(cursor)
        tree = _joined(tree, op, right)


def _joined(tree: Expr, op: str, right: Expr) -> Expr:
    """The tree with one more operation, at the place that its precedence gives it."""
    if isinstance(tree, Binary) and PRECEDENCE[tree.op] < PRECEDENCE[op]:
        return Binary(tree.op, tree.left, _joined(tree.right, op, right))
    return Binary(op, tree, right)


def _unary(cursor: Cursor) -> Expr:
    token = cursor.take()
    read = _READERS.get(token.kind)
    if read is None:
        raise cursor.unexpected(token, "identifier", "string", "number", "bool")
    return read(cursor, token)


def _paren(cursor: Cursor, token: Token) -> Expr:
    inner = expression(cursor)
    cursor.expect(")")
    return Paren(inner)


def _ident(cursor: Cursor, token: Token) -> Expr:
    if cursor.raw().kind == "(":
        return _call(cursor, token.text)
    cursor.back()
    cursor.back()
    return _variable(cursor)


def _variable(cursor: Cursor) -> VarRef:
    name = ".".join(segments(cursor))
    if cursor.raw().kind != "::":
        cursor.back()
        return VarRef(name)
    token = cursor.raw()
    if token.kind == "FIELD":
        return VarRef(name, "field")
    if token.kind == "TAG":
        return VarRef(name, "tag")
    if token.kind != tokens.IDENT:
        raise cursor.unexpected(token, "float", "integer", "string", "boolean", "field", "tag")
    if token.text.lower() not in _TYPES:
        raise cursor.unexpected(token, *_TYPES, "field", "tag")
    return VarRef(name, _TYPES[token.text.lower()])


def segments(cursor: Cursor) -> list[str]:
    """Up to three names with dots between them; some may be empty. Stops behind a dot where a regular expression or a
    colon follows."""
    names = [cursor.ident()]
    while cursor.raw().kind == ".":
        char = cursor.peek_char()
        if char in ("/", ":"):
            break
        names.append("" if char == "." else cursor.ident())
    else:
        cursor.back()
    if len(names) > 3:
        raise cursor.error(f"too many segments in {quote_ident(*names)}")
    return names


def _distinct(cursor: Cursor, token: Token) -> Expr:
    following = cursor.raw()
    if following.kind == "(":
        return _call(cursor, "distinct")
    if following.kind != tokens.BLANK:
        raise cursor.unexpected(following, "(", "identifier")
    return Distinct(cursor.ident())


def _call(cursor: Cursor, name: str) -> Call:
    """A function's arguments; the parenthesis that opens has been taken."""
    first = regex(cursor)
    if first is None:
        if cursor.raw().kind == ")":
            return Call(name.lower())
        cursor.back()
    args: list[Expr] = [first or expression(cursor)]
    while cursor.accept(","):
        args.append(regex(cursor) or expression(cursor))
    token = cursor.raw()
    if token.kind != ")":
        raise cursor.unexpected(token, ")")
    return Call(name.lower(), tuple(args))


def _wildcard(cursor: Cursor, token: Token) -> Expr:
    if cursor.raw().kind != "::":
        cursor.back()
        return Wildcard()
    token = cursor.raw()
    if token.kind == "FIELD":
        return Wildcard("field")
    if token.kind == "TAG":
        return Wildcard("tag")
    raise cursor.unexpected(token, "field", "tag")


def _integer(cursor: Cursor, token: Token) -> Expr:
    value = read_integer(token.text)
    if abs(value) > LARGEST_UNSIGNED:
        raise cursor.error("unable to parse integer", token)
    return Integer(value) if value <= LARGEST else Unsigned(value)


def _number(cursor: Cursor, token: Token) -> Expr:
    value = float(token.text)
    if value == float("inf"):
        raise cursor.error("unable to parse number", token)
    return Number(value)


def _duration(cursor: Cursor, token: Token) -> Expr:
    try:
        return Duration(read_duration(token.text))
    except ValueError as wrong:
        raise ParseError(str(wrong)) from None


def _parameter(cursor: Cursor, token: Token) -> Expr:
    """A parameter that has no value, or none that can be used: then the token says why."""
    name = token.text.removeprefix("$")
    raise ParseError(f"missing parameter: {name}" if name else "empty bound parameter")


def _signed(cursor: Cursor, token: Token) -> Expr:
    factor = -1 if token.kind == "-" else 1
    following = cursor.take()
    if following.kind not in _SIGNED:
        raise cursor.unexpected(following, "identifier", "number", "duration", "(")
    cursor.back()
    operand = _unary(cursor)
    match operand:
        case Number(value):
            return Number(value * factor)
        case Integer(value):
            return Integer(wrapped(value * factor))
        case Duration(value):
            return Duration(wrapped(value * factor))
        case Unsigned(value):
            if factor > 0:
                return operand
            if value == LARGEST + 1:
                return Integer(-value)
            raise ParseError(f"constant -{value} underflows int64")
        case _:
            return Binary("*", Integer(factor), operand)


def regex(cursor: Cursor) -> Regex | None:
    """The regular expression that begins here, behind blanks; None if none does."""
    if cursor.peek_char() in (" ", "\t", "\n"):
        cursor.pass_blanks()
    char = cursor.peek_char()
    if char == "$":
        kind = cursor.raw().kind
        cursor.back()
        if kind != tokens.REGEX:
            return None
    elif char != "/":
        return None
    token = cursor.raw(regex=True)
    if token.kind == tokens.BAD_REGEX:
        raise cursor.error(f"bad regex: {token.text}", token)
    if token.kind == tokens.BAD_ESCAPE:
        raise cursor.error(f"bad escape: {token.text}", token)
    if token.kind != tokens.REGEX:
        raise cursor.unexpected(token, "regex")
    return _pattern(cursor, token)


def _pattern(cursor: Cursor, token: Token) -> Regex:
    wrong = check(token.text)
    if wrong:
        raise cursor.error(wrong, token)
    return Regex(token.text)


_READERS: dict[str, Callable[[Cursor, Token], Expr]] = {
    "(": _paren,
    tokens.IDENT: _ident,
    "DISTINCT": _distinct,
    tokens.STRING: lambda cursor, token: String(token.text),
    tokens.NUMBER: _number,
    tokens.INTEGER: _integer,
    tokens.TRUE: lambda cursor, token: Boolean(True),
    tokens.FALSE: lambda cursor, token: Boolean(False),
    tokens.DURATION_VALUE: _duration,
    "*": _wildcard,
    tokens.REGEX: _pattern,
    tokens.BOUND: _parameter,
    "+": _signed,
    "-": _signed,
}
