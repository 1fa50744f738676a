"""Expressions (influxql ast.go).

``str()`` of a node is how influxd writes it, in messages and in what it stores.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from mockflux.influxql.durations import show_duration
from mockflux.influxql.numbers import show_float
from mockflux.influxql.times import show_time
from mockflux.influxql.tokens import PRECEDENCE, quote_ident, quote_string

#: The type of a column; None where nothing has said it. "field": a field of whatever type.
DataType = Literal["float", "integer", "unsigned", "string", "boolean", "tag", "field"]


@dataclass(frozen=True, slots=True)
class VarRef:
    """A column, or ``time``."""

    name: str
    type: DataType | None = None

    def __str__(self) -> str:
        return quote_ident(self.name) + (f"::{self.type}" if self.type else "")


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; the name in small letters."""

    name: str
    args: tuple[Expr, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.args))})"


@dataclass(frozen=True, slots=True)
class Distinct:
    """``DISTINCT name``, the form without parentheses."""

    name: str

    def __str__(self) -> str:
        return f"DISTINCT {self.name}"

    @property
    def call(self) -> Call:
        """The same as a call."""
        return Call("distinct", (VarRef(self.name),))


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and what joins them."""

    op: str
    left: Expr
    right: Expr

    def __str__(self) -> str:
        first, rest = spine(self)
        return " ".join([str(first), *(f"{part.op} {part.right}" for part in rest)])


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses."""

    expr: Expr

    def __str__(self) -> str:
        return f"({self.expr})"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*``; ``type`` is "field" or "tag" where one of both is meant."""

    type: Literal["field", "tag"] | None = None

    def __str__(self) -> str:
        return f"*::{self.type}" if self.type else "*"


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, in Go's dialect."""

    pattern: str

    def __str__(self) -> str:
        return "/" + self.pattern.replace("/", "\\/") + "/"


@dataclass(frozen=True, slots=True)
class String:
    value: str

    def __str__(self) -> str:
        return quote_string(self.value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a point."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:.3f}" if math.isfinite(self.value) else show_float(self.value)


@dataclass(frozen=True, slots=True)
class Integer:
    value: int

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An integer too large for 64 bits with a sign."""

    value: int

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Boolean:
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in ns."""

    value: int

    def __str__(self) -> str:
        return show_duration(self.value)


@dataclass(frozen=True, slots=True)
class Time:
    """A point in time in ns since 1970 (any number of them); no text has it, it comes of computing."""

    value: int

    def __str__(self) -> str:
        return f"'{show_time(self.value)}'"


Expr = (
    VarRef
    | Call
    | Distinct
    | Binary
    | Paren
    | Wildcard
    | Regex
    | String
    | Number
    | Integer
    | Unsigned
    | Boolean
    | Duration
    | Time
)
#: What stands for itself.
LITERALS = (Regex, String, Number, Integer, Unsigned, Boolean, Duration, Time)


def walk(expr: Expr, *, into_calls: bool = True) -> Iterator[Expr]:
    """The expression and all that it is made of, from the left, the whole before its parts."""
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Binary):
            waiting += (part.right, part.left)
        elif isinstance(part, Paren):
            waiting.append(part.expr)
        elif isinstance(part, Call) and into_calls:
            waiting += reversed(part.args)


def spine(expr: Expr, ops: Collection[str] = PRECEDENCE) -> tuple[Expr, list[Binary]]:
    """The operand that stands first, and the operations of these ``ops`` that it went through, the first one first.

    A chain of a thousand OR is as deep; who goes along its spine does not need to go down into it.
    """
    rest: list[Binary] = []
    while isinstance(expr, Binary) and expr.op in ops:
        rest.append(expr)
        expr = expr.left
    return expr, rest[::-1]
