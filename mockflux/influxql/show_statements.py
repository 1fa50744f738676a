"""SHOW and EXPLAIN (influxql ast.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mockflux.influxql.nodes import (
    UNBOUNDED,
    Expr,
    Measurement,
    Paging,
    Regex,
    Select,
    SortField,
    Source,
    clause,
    clauses,
    listed,
    on,
)
from mockflux.influxql.tokens import quote_ident, quote_string

#: What SHOW lists without being told more.
Listing = Literal["DATABASES", "USERS", "QUERIES", "SHARDS", "SHARD GROUPS", "SUBSCRIPTIONS", "CONTINUOUS QUERIES"]


@dataclass(frozen=True, slots=True)
class Show:
    """``SHOW`` of what takes no clauses."""

    what: Listing

    def __str__(self) -> str:
        return f"SHOW {self.what}"


@dataclass(frozen=True, slots=True)
class ShowModule:
    """``SHOW STATS`` or ``SHOW DIAGNOSTICS``, of all or of one module."""

    what: Literal["STATS", "DIAGNOSTICS"]
    module: str = ""

    def __str__(self) -> str:
        return clauses(f"SHOW {self.what}", clause("FOR", quote_string(self.module) if self.module else ""))


@dataclass(frozen=True, slots=True)
class ShowGrants:
    user: str

    def __str__(self) -> str:
        return f"SHOW GRANTS FOR {quote_ident(self.user)}"


@dataclass(frozen=True, slots=True)
class ShowRetentionPolicies:
    database: str = ""

    def __str__(self) -> str:
        return clauses("SHOW RETENTION POLICIES", on(self.database))


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """Which tag keys are meant: those in a list (one for ``=`` and ``!=``), or those that fit a pattern."""

    op: Literal["IN", "=", "!=", "=~", "!~"]
    keys: tuple[str, ...] = ()
    regex: Regex | None = None

    def __str__(self) -> str:
        if self.regex:
            return f"{self.op} {self.regex}"
        keys = ", ".join(map(quote_ident, self.keys))
        return f"{self.op} ({keys})" if self.op == "IN" else f"{self.op} {keys}"


@dataclass(frozen=True, slots=True)
class ShowMeasurements:
    """``source`` is what stands behind WITH MEASUREMENT."""

    database: str = ""
    source: Source | None = None
    condition: Expr | None = None
    order: tuple[SortField, ...] = ()
    paging: Paging = UNBOUNDED

    def __str__(self) -> str:
        pattern = isinstance(self.source, Measurement) and self.source.regex
        return clauses(
            "SHOW MEASUREMENTS",
            on(self.database),
            clause("WITH MEASUREMENT", f"{'=~' if pattern else '='} {self.source}" if self.source else ""),
            clause("WHERE", self.condition),
            clause("ORDER BY", listed(self.order)),
            self.paging,
        )


@dataclass(frozen=True, slots=True)
class ShowSchema:
    """``SHOW`` of what series are made of. ``key`` for TAG VALUES only."""

    what: Literal["SERIES", "TAG KEYS", "TAG VALUES", "FIELD KEYS"]
    database: str = ""
    sources: tuple[Source, ...] = ()
    key: KeyCondition | None = None
    condition: Expr | None = None
    order: tuple[SortField, ...] = ()
    paging: Paging = UNBOUNDED

    def __str__(self) -> str:
        return clauses(
            f"SHOW {self.what}",
            on(self.database),
            clause("FROM", listed(self.sources)),
            clause("WITH KEY", self.key),
            clause("WHERE", self.condition),
            clause("ORDER BY", listed(self.order)),
            self.paging,
        )


@dataclass(frozen=True, slots=True)
class ShowCardinality:
    """How many there are: counted (``exact``) or estimated."""

    what: Literal["SERIES", "MEASUREMENT", "TAG KEY", "TAG VALUES", "FIELD KEY"]
    exact: bool = False
    database: str = ""
    sources: tuple[Source, ...] = ()
    key: KeyCondition | None = None
    condition: Expr | None = None
    dimensions: tuple[Expr, ...] = ()
    paging: Paging = UNBOUNDED

    def __str__(self) -> str:
        return clauses(
            f"SHOW {self.what}",
            "EXACT CARDINALITY" if self.exact else "CARDINALITY",
            on(self.database),
            clause("FROM", listed(self.sources)),
            clause("WITH KEY", self.key),
            clause("WHERE", self.condition),
            clause("GROUP BY", listed(self.dimensions)),
            self.paging,
        )


@dataclass(frozen=True, slots=True)
class Explain:
    select: Select
    analyze: bool = False

    def __str__(self) -> str:
        return clauses("EXPLAIN", "ANALYZE" if self.analyze else "", self.select)
