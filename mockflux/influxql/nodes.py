"""What a query is made of: SELECT, its clauses and, from expressions.py, what stands in them (influxql ast.go).

``str()`` of a node is how influxd writes it, in messages and in what it stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mockflux.influxql.expressions import (
    LITERALS,
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
    Time,
    Unsigned,
    VarRef,
    Wildcard,
    spine,
    walk,
)
from mockflux.influxql.numbers import show_float
from mockflux.influxql.tokens import quote_ident

__all__ = [
    "LITERALS",
    "NO_FILL",
    "UNBOUNDED",
    "Binary",
    "Boolean",
    "Call",
    "DataType",
    "Distinct",
    "Duration",
    "Expr",
    "Field",
    "Fill",
    "Integer",
    "Measurement",
    "Number",
    "Paging",
    "Paren",
    "Regex",
    "Select",
    "SortField",
    "Source",
    "String",
    "Subquery",
    "Time",
    "Unsigned",
    "VarRef",
    "Wildcard",
    "clause",
    "clauses",
    "listed",
    "on",
    "spine",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Field:
    """What SELECT asks for; ``alias`` is empty where there is none."""

    expr: Expr
    alias: str = ""

    def __str__(self) -> str:
        return f"{self.expr} AS {quote_ident(self.alias)}" if self.alias else str(self.expr)

    @property
    def name(self) -> str:
        """The alias, or what the column is called without one: the function, the column, the columns joined by _."""
        return self.alias or _name(self.expr)


def _name(expr: Expr) -> str:
    if isinstance(expr, Paren):
        return _name(expr.expr)
    if isinstance(expr, Binary):
        return "_".join(_names(expr))
    return expr.name if isinstance(expr, (VarRef, Call)) else ""


def _names(expr: Expr) -> Iterator[str]:
    for part in walk(expr, into_calls=False):
        if isinstance(part, (VarRef, Call)):
            yield part.name


@dataclass(frozen=True, slots=True)
class Measurement:
    """Where points come from or go to: a name or a regular expression; what is empty is not given."""

    name: str = ""
    regex: Regex | None = None
    database: str = ""
    policy: str = ""

    def __str__(self) -> str:
        text = f"{quote_ident(self.database)}." if self.database else ""
        text += quote_ident(self.policy) if self.policy else ""
        text += "." if self.database or self.policy else ""
        return text + (quote_ident(self.name) if self.name else str(self.regex or ""))


@dataclass(frozen=True, slots=True)
class Subquery:
    select: Select

    def __str__(self) -> str:
        return f"({self.select})"


Source = Measurement | Subquery


@dataclass(frozen=True, slots=True)
class SortField:
    """``name`` is empty for a bare ASC or DESC."""

    name: str = ""
    ascending: bool = True

    def __str__(self) -> str:
        direction = "ASC" if self.ascending else "DESC"
        return f"{self.name} {direction}" if self.name else direction


@dataclass(frozen=True, slots=True)
class Fill:
    """What stands for an interval without points; ``value`` for "number" only."""

    option: Literal["null", "none", "number", "previous", "linear"] = "null"
    value: int | float = 0

    def __str__(self) -> str:
        if self.option == "null":
            return ""
        shown = self.option
        if self.option == "number":
            return f"fill({self.value if isinstance(self.value, int) else show_float(self.value)})"
        return f"fill({shown})"


#: Nothing is said of it.
NO_FILL = Fill()


@dataclass(frozen=True, slots=True)
class Paging:
    """How much of the answer is wanted; 0 is no bound."""

    limit: int = 0
    offset: int = 0
    slimit: int = 0
    soffset: int = 0

    def __str__(self) -> str:
        bounds = (("LIMIT", self.limit), ("OFFSET", self.offset), ("SLIMIT", self.slimit), ("SOFFSET", self.soffset))
        return " ".join([f"{word} {bound}" for word, bound in bounds if bound > 0])


#: All of the answer.
UNBOUNDED = Paging()


@dataclass(frozen=True, slots=True)
class Select:
    fields: tuple[Field, ...]
    sources: tuple[Source, ...]
    target: Measurement | None = None
    condition: Expr | None = None
    dimensions: tuple[Expr, ...] = ()
    fill: Fill = NO_FILL
    order: tuple[SortField, ...] = ()
    paging: Paging = UNBOUNDED
    zone: str = ""

    def __str__(self) -> str:
        return clauses(
            f"SELECT {listed(self.fields)}",
            f"INTO {self.target}{'' if self.target.name else ':MEASUREMENT'}" if self.target else "",
            clause("FROM", listed(self.sources)),
            clause("WHERE", self.condition),
            clause("GROUP BY", listed(self.dimensions)),
            self.fill,
            clause("ORDER BY", listed(self.order)),
            self.paging,
            f"TZ('{self.zone}')" if self.zone else "",
        )

    @property
    def ascending(self) -> bool:
        """Whether the oldest points come first."""
        return not self.order or self.order[0].ascending

    @property
    def raw(self) -> bool:
        """Whether it asks for points as they are stored, no function applied."""
        return not any(isinstance(part, Call) for field in self.fields for part in walk(field.expr))


def listed(parts: tuple[object, ...]) -> str:
    """Several parts with commas between them."""
    return ", ".join(map(str, parts))


def clause(word: str, content: object) -> str:
    """A clause that is left out where it has no content."""
    shown = "" if content is None else str(content)
    return f"{word} {shown}" if shown else ""


def clauses(*parts: object) -> str:
    """Those clauses that are there."""
    return " ".join([text for text in map(str, parts) if text])


def on(database: str) -> str:
    """Which database is meant, if that is said."""
    return clause("ON", quote_ident(database) if database else "")
