"""SHOW and EXPLAIN (influxql parser.go). Each function begins behind the words that the grammar names for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from mockflux.influxql.cursor import Cursor
from mockflux.influxql.nodes import Source
from mockflux.influxql.parse_expressions import regex
from mockflux.influxql.parse_select import condition, dimensions, order, paging, select, source, sources
from mockflux.influxql.show_statements import (
    Explain,
    KeyCondition,
    Listing,
    Show,
    ShowCardinality,
    ShowGrants,
    ShowMeasurements,
    ShowModule,
    ShowRetentionPolicies,
    ShowSchema,
)
from mockflux.influxql.statements import Statement

Counted = Literal["SERIES", "MEASUREMENT", "TAG KEY", "TAG VALUES", "FIELD KEY"]


def listing(what: Listing) -> Callable[[Cursor], Statement]:
    """Reads nothing more."""
    return lambda cursor: Show(what)


def module(what: Literal["STATS", "DIAGNOSTICS"]) -> Callable[[Cursor], Statement]:
    """Reads which module is meant."""
    return lambda cursor: ShowModule(what, cursor.string() if cursor.accept("FOR") else "")


def grants(cursor: Cursor) -> Statement:
    return ShowGrants(cursor.ident())


def retention_policies(cursor: Cursor) -> Statement:
    return ShowRetentionPolicies(_database(cursor))


def measurements(cursor: Cursor) -> Statement:
    database = _database(cursor)
    only = None
    if cursor.accept("WITH"):
        cursor.expect("MEASUREMENT")
        token = cursor.take()
        if token.kind not in ("=", "=~"):
            raise cursor.unexpected(token, "=", "=~")
        only = source(cursor)
    return ShowMeasurements(database, only, condition(cursor), order(cursor), paging(cursor))


def series(cursor: Cursor) -> Statement:
    exact = cursor.accept("EXACT")
    if cursor.accept("CARDINALITY"):
        return cardinality(cursor, "SERIES", exact)
    return _schema(cursor, "SERIES")


def tag_keys(cursor: Cursor) -> Statement:
    return _schema(cursor, "TAG KEYS")


def tag_values(cursor: Cursor) -> Statement:
    if cursor.accept("EXACT"):
        cursor.expect("CARDINALITY")
        return cardinality(cursor, "TAG VALUES", exact=True)
    if cursor.accept("CARDINALITY"):
        return cardinality(cursor, "TAG VALUES", exact=False)
    return _schema(cursor, "TAG VALUES")


def field_keys(cursor: Cursor) -> Statement:
    return _schema(cursor, "FIELD KEYS")


def _schema(cursor: Cursor, what: Literal["SERIES", "TAG KEYS", "TAG VALUES", "FIELD KEYS"]) -> Statement:
    return ShowSchema(
        what,
        database=_database(cursor),
        sources=_sources(cursor),
        key=_key(cursor) if what == "TAG VALUES" else None,
        condition=None if what == "FIELD KEYS" else condition(cursor),
        order=order(cursor),
        paging=paging(cursor, series=what == "TAG KEYS"),
    )


def measurement_cardinality(exact: bool) -> Callable[[Cursor], Statement]:
    """Behind ``SHOW MEASUREMENT EXACT``, or ``SHOW MEASUREMENT CARDINALITY``."""

    def read(cursor: Cursor) -> Statement:
        if exact:
            cursor.expect("CARDINALITY")
        return cardinality(cursor, "MEASUREMENT", exact)

    return read


def key_cardinality(what: Literal["TAG KEY", "FIELD KEY"]) -> Callable[[Cursor], Statement]:
    """Behind ``SHOW TAG KEY`` or ``SHOW FIELD KEY``."""

    def read(cursor: Cursor) -> Statement:
        exact = cursor.accept("EXACT")
        token = cursor.take()
        if token.kind != "CARDINALITY":
            raise cursor.unexpected(token, *(("CARDINALITY",) if exact else ("EXACT", "CARDINALITY")))
        return cardinality(cursor, what, exact)

    return read


def cardinality(cursor: Cursor, what: Counted, exact: bool) -> Statement:
    """Behind the word CARDINALITY."""
    return ShowCardinality(
        what,
        exact,
        database=_database(cursor),
        sources=_sources(cursor),
        key=_key(cursor) if what == "TAG VALUES" else None,
        condition=condition(cursor),
        dimensions=dimensions(cursor),
        paging=paging(cursor),
    )


def _database(cursor: Cursor) -> str:
    return cursor.ident() if cursor.accept("ON") else ""


def _sources(cursor: Cursor) -> tuple[Source, ...]:
    return sources(cursor) if cursor.accept("FROM") else ()


def _key(cursor: Cursor) -> KeyCondition:
    cursor.expect("WITH", "KEY")
    token = cursor.take()
    match token.kind:
        case "IN":
            cursor.expect("(")
            keys = [cursor.ident()]
            while cursor.accept(","):
                keys.append(cursor.ident())
            cursor.expect(")")
            return KeyCondition("IN", tuple(keys))
        case "=" | "!=" as op:
            return KeyCondition(op, (cursor.ident(),))
        case "=~" | "!~" as pattern_op:
            pattern = regex(cursor)
            if pattern is None:
                raise cursor.unexpected(cursor.take(), "regex")
            return KeyCondition(pattern_op, regex=pattern)
    raise cursor.unexpected(token, "IN", "=", "=~")


def explain(cursor: Cursor) -> Statement:
    analyze = cursor.accept("ANALYZE")
    cursor.expect("SELECT")
    return Explain(select(cursor), analyze)
