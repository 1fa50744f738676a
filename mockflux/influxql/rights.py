"""What one may run: the privilege that each statement needs (influxql ast.go, RequiredPrivileges)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from mockflux.influxql import change_statements as change
from mockflux.influxql import show_statements as show
from mockflux.influxql.nodes import Measurement, Select, Source, Subquery
from mockflux.influxql.statements import Statement
from mockflux.storage.catalog import User
from mockflux.storage.databases import may


@dataclass(frozen=True, slots=True)
class Need:
    """READ or WRITE on a ``database``, or, with an empty privilege, to be an admin."""

    privilege: Literal["READ", "WRITE", ""]
    database: str = ""


_ADMIN = Need("")
#: What anyone may list; of databases only those that concern him.
_FREE = frozenset(("DATABASES",))
_READ_LISTINGS = frozenset(("QUERIES", "CONTINUOUS QUERIES"))


def missing(queries: Iterable[Statement], user: User, database: str) -> tuple[Statement, Need] | None:
    """The first statement that a user may not run, and what he lacks for it; ``database`` is the request's."""
    if user.admin:
        return None
    for statement in queries:
        for need in _needs(statement, database):
            if not need.privilege or not may(user, need.privilege, need.database):
                return statement, need
    return None


def _needs(statement: Statement, database: str) -> Iterator[Need]:
    match statement:
        case Select():
            yield from _of_select(statement, database)
        case show.Explain():
            yield from _of_select(statement.select, database)
        case show.Show(what=what):
            if what not in _FREE:
                yield Need("READ", database) if what in _READ_LISTINGS else _ADMIN
        case show.ShowSchema() | show.ShowCardinality() | show.ShowMeasurements() | show.ShowRetentionPolicies():
            yield Need("READ", statement.database or database)
        case change.Remove():
            yield Need("WRITE", database)
        case change.DropOn():
            yield Need("WRITE", statement.database)
        case change.CreateContinuousQuery():
            yield Need("READ", statement.database)
            yield from _of_select(statement.select, statement.database)
        case _:
            yield _ADMIN


def _of_select(select: Select, database: str) -> Iterator[Need]:
    for source in select.sources:
        yield from _of_source(source, database)
    if select.target is not None:
        yield Need("WRITE", select.target.database or database)


def _of_source(source: Source, database: str) -> Iterator[Need]:
    if isinstance(source, Subquery):
        yield from _of_select(source.select, database)
    elif isinstance(source, Measurement):
        yield Need("READ", source.database or database)
