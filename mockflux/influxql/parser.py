"""A query text to statements (influxql parser.go and parse_tree.go)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mockflux.influxql import parse_changes as changes
from mockflux.influxql import parse_show as show
from mockflux.influxql import tokens
from mockflux.influxql.cursor import Cursor
from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.parse_select import select
from mockflux.influxql.statements import Statement

_NO_SCALAR = re.compile("[\ud800-\udfff]")
_Reader = Callable[[Cursor], Statement]
_Grammar = Mapping[str, "_Reader | _Grammar"]

#: The words that a statement begins with. Their order is that of messages.
_GRAMMAR: _Grammar = {
    "SELECT": select,
    "DELETE": changes.delete,
    "SHOW": {
        "CONTINUOUS": {"QUERIES": show.listing("CONTINUOUS QUERIES")},
        "DATABASES": show.listing("DATABASES"),
        "DIAGNOSTICS": show.module("DIAGNOSTICS"),
        "FIELD": {"KEY": show.key_cardinality("FIELD KEY"), "KEYS": show.field_keys},
        "GRANTS": {"FOR": show.grants},
        "MEASUREMENT": {
            "EXACT": show.measurement_cardinality(exact=True),
            "CARDINALITY": show.measurement_cardinality(exact=False),
        },
        "MEASUREMENTS": show.measurements,
        "QUERIES": show.listing("QUERIES"),
        "RETENTION": {"POLICIES": show.retention_policies},
        "SERIES": show.series,
        "SHARD": {"GROUPS": show.listing("SHARD GROUPS")},
        "SHARDS": show.listing("SHARDS"),
        "STATS": show.module("STATS"),
        "SUBSCRIPTIONS": show.listing("SUBSCRIPTIONS"),
        "TAG": {"KEY": show.key_cardinality("TAG KEY"), "KEYS": show.tag_keys, "VALUES": show.tag_values},
        "USERS": show.listing("USERS"),
    },
    "CREATE": {
        "CONTINUOUS": {"QUERY": changes.create_continuous_query},
        "DATABASE": changes.create_database,
        "USER": changes.create_user,
        "RETENTION": {"POLICY": changes.create_policy},
        "SUBSCRIPTION": changes.create_subscription,
    },
    "DROP": {
        "CONTINUOUS": {"QUERY": changes.drop_on("CONTINUOUS QUERY")},
        "DATABASE": changes.drop("DATABASE"),
        "MEASUREMENT": changes.drop("MEASUREMENT"),
        "RETENTION": {"POLICY": changes.drop_on("RETENTION POLICY")},
        "SERIES": changes.drop_series,
        "SHARD": changes.drop_shard,
        "SUBSCRIPTION": changes.drop_subscription,
        "USER": changes.drop("USER"),
    },
    "EXPLAIN": show.explain,
    "GRANT": changes.grant,
    "REVOKE": changes.revoke,
    "ALTER": {"RETENTION": {"POLICY": changes.alter_policy}},
    "SET": {"PASSWORD": {"FOR": changes.set_password}},
    "KILL": {"QUERY": changes.kill_query},
}


def parse(text: str, params: Mapping[str, object] | None = None) -> list[Statement]:
    """The statements of a query text; ``;`` stands between them, and several of them are one.

    ``params`` are the values of bound parameters as JSON has them, by name. What is not UTF-8 in the text is U+FFFD, as
    Go reads it. Raises ParseError, and NotSimulated for what is nested too deep.
    """
    try:
        return _statements(Cursor(_NO_SCALAR.sub("\ufffd", text), params or {}))
    except RecursionError:
        raise NotSimulated("expressions nested as deep as this") from None


def _statements(cursor: Cursor) -> list[Statement]:
    statements: list[Statement] = []
    separated = True
    while (token := cursor.take()).kind != tokens.EOF:
        if token.kind == ";":
            separated = True
            continue
        if not separated:
            raise cursor.unexpected(token, ";")
        cursor.back()
        statements.append(_statement(cursor))
        separated = False
    return statements


def _statement(cursor: Cursor) -> Statement:
    branch: _Reader | _Grammar = _GRAMMAR
    while isinstance(branch, Mapping):
        token = cursor.take()
        if token.kind not in branch:
            raise cursor.unexpected(token, *branch)
        branch = branch[token.kind]
    return branch(cursor)
