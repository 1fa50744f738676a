"""The statements that change something (influxql parser.go). Each function begins behind the words that the grammar
names for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from mockflux.influxql import tokens
from mockflux.influxql.change_statements import (
    AlterPolicy,
    CreateContinuousQuery,
    CreateDatabase,
    CreatePolicy,
    CreateSubscription,
    CreateUser,
    Drop,
    DropOn,
    DropShard,
    DropSubscription,
    Grant,
    GrantAdmin,
    KillQuery,
    Privilege,
    Remove,
    SetPassword,
)
from mockflux.influxql.cursor import Cursor
from mockflux.influxql.durations import show_duration
from mockflux.influxql.errors import ParseError
from mockflux.influxql.nodes import Call, Duration, Measurement, Select, Source
from mockflux.influxql.parse_select import condition, select, sources
from mockflux.influxql.statements import Statement

_MOST_COPIES = 2**31 - 1
_POLICY_OPTIONS = ("DURATION", "NAME", "REPLICATION", "SHARD")
_ALTER_OPTIONS = ("DURATION", "REPLICATION", "SHARD", "DEFAULT")

# ------------------------------------------------------------------------------------------ databases and policies


def create_database(cursor: Cursor) -> Statement:
    name = cursor.ident()
    if not cursor.accept("WITH"):
        return CreateDatabase(name)
    token = cursor.take()
    if token.kind not in _POLICY_OPTIONS:
        raise cursor.unexpected(token, *_POLICY_OPTIONS)
    cursor.back()
    return CreateDatabase(
        name,
        with_policy=True,
        duration=cursor.duration() if cursor.accept("DURATION") else None,
        replication=cursor.integer(1, _MOST_COPIES) if cursor.accept("REPLICATION") else None,
        shard_duration=_shard_duration(cursor) if cursor.accept("SHARD") else 0,
        policy=cursor.ident() if cursor.accept("NAME") else "",
    )


def _shard_duration(cursor: Cursor, *, endless: bool = True) -> int:
    """Behind the word SHARD. ``endless``: INF is no mistake."""
    cursor.expect("DURATION")
    if not endless:
        token = cursor.take()
        if token.kind == "INF":
            raise cursor.error("invalid duration INF for shard duration", token)
        cursor.back()
    return cursor.duration()


def create_policy(cursor: Cursor) -> Statement:
    name = cursor.ident()
    cursor.expect("ON")
    database = cursor.ident()
    cursor.expect("DURATION")
    duration = cursor.duration()
    cursor.expect("REPLICATION")
    replication = cursor.integer(1, _MOST_COPIES)
    shard_duration = _shard_duration(cursor, endless=False) if cursor.accept("SHARD") else 0
    return CreatePolicy(name, database, duration, replication, shard_duration, cursor.accept("DEFAULT"))


def alter_policy(cursor: Cursor) -> Statement:
    name = _policy_name(cursor)
    cursor.expect("ON")
    database = cursor.ident()
    found: dict[str, int] = {}
    while True:
        token = cursor.take()
        if token.kind in found:
            raise cursor.error(f"found duplicate {token.kind} option", token)
        match token.kind:
            case "DURATION":
                found["DURATION"] = cursor.duration()
            case "REPLICATION":
                found["REPLICATION"] = cursor.integer(1, _MOST_COPIES)
            case "SHARD":
                found["SHARD"] = _shard_duration(cursor, endless=False)
            case "DEFAULT":
                found["DEFAULT"] = True
            case _ if found:
                cursor.back()
                break
            case _:
                raise cursor.unexpected(token, *_ALTER_OPTIONS)
    return AlterPolicy(
        name, database, found.get("DURATION"), found.get("REPLICATION"), found.get("SHARD"), "DEFAULT" in found
    )


def _policy_name(cursor: Cursor) -> str:
    token = cursor.take()
    if token.kind == "DEFAULT":
        return "default"
    if token.kind != tokens.IDENT:
        raise cursor.unexpected(token, "identifier")
    return token.text


def drop(what: Literal["DATABASE", "USER", "MEASUREMENT"]) -> Callable[[Cursor], Statement]:
    """Reads the name."""
    return lambda cursor: Drop(what, cursor.ident())


def drop_on(what: Literal["RETENTION POLICY", "CONTINUOUS QUERY"]) -> Callable[[Cursor], Statement]:
    """Reads the name and the database."""

    def read(cursor: Cursor) -> Statement:
        name = cursor.ident()
        cursor.expect("ON")
        return DropOn(what, name, cursor.ident())

    return read


def drop_shard(cursor: Cursor) -> Statement:
    return DropShard(cursor.unsigned())


def drop_series(cursor: Cursor) -> Statement:
    return _remove(cursor, "DROP SERIES")


def delete(cursor: Cursor) -> Statement:
    return _remove(cursor, "DELETE")


def _remove(cursor: Cursor, what: Literal["DROP SERIES", "DELETE"]) -> Statement:
    first = cursor.take()
    if first.kind == "FROM":
        found = sources(cursor)
        _refuse_places(cursor, found)
    else:
        cursor.back()
        found = ()
    where = condition(cursor)
    if where is None and not found:
        raise cursor.unexpected(first, "FROM", "WHERE")
    return Remove(what, found, where)


def _refuse_places(cursor: Cursor, found: tuple[Source, ...]) -> None:
    """The whole database is meant, so no source may name another, nor a policy; the last complaint is told."""
    complaint = ""
    for source in found:
        if isinstance(source, Measurement):
            complaint = "database not supported" if source.database else complaint
            complaint = "retention policy not supported" if source.policy else complaint
    if complaint:
        raise cursor.error(complaint)


# ------------------------------------------------------------------------------------------ standing orders


def create_continuous_query(cursor: Cursor) -> Statement:
    name = cursor.ident()
    cursor.expect("ON")
    database = cursor.ident()
    every, for_ = _resample(cursor) if cursor.accept("RESAMPLE") else (0, 0)
    cursor.expect("BEGIN", "SELECT")
    query = select(cursor, target_required=True)
    interval = 0 if query.raw else _interval(cursor, query)
    cursor.expect("END")
    interval = max(interval, every) if every else interval
    if for_ and interval > for_:
        least, got = show_duration(interval), show_duration(for_)
        raise ParseError(f"FOR duration must be >= GROUP BY time duration: must be a minimum of {least}, got {got}")
    return CreateContinuousQuery(name, database, query, every, for_)


def _resample(cursor: Cursor) -> tuple[int, int]:
    every = cursor.duration(endless=False) if cursor.accept("EVERY") else 0
    for_ = cursor.duration(endless=False) if cursor.accept("FOR") else 0
    if not every and not for_:
        raise cursor.unexpected(cursor.take(), "EVERY", "FOR")
    return every, for_


def _interval(cursor: Cursor, query: Select) -> int:
    """The length of the groups in time that an aggregating query has to have."""
    expected = ["GROUP BY time(...)"]
    for dimension in query.dimensions:
        if isinstance(dimension, Call) and dimension.name == "time":
            if not 1 <= len(dimension.args) <= 2:
                expected.append("time dimension expected 1 or 2 arguments")
            elif not isinstance(dimension.args[0], Duration):
                expected.append("time dimension must have duration argument")
            elif dimension.args[0].value:
                return dimension.args[0].value
            break
    cursor.back()
    cursor.back()
    raise cursor.unexpected(cursor.take(), *expected)


def create_subscription(cursor: Cursor) -> Statement:
    name, database, policy = _subscription(cursor)
    cursor.expect("DESTINATIONS")
    token = cursor.take()
    match token.kind:
        case "ALL" | "ANY" as mode:
            destinations = [cursor.string()]
        case _:
            raise cursor.unexpected(token, "ALL", "ANY")
    while cursor.accept(","):
        destinations.append(cursor.string())
    return CreateSubscription(name, database, policy, mode, tuple(destinations))


def drop_subscription(cursor: Cursor) -> Statement:
    return DropSubscription(*_subscription(cursor))


def _subscription(cursor: Cursor) -> tuple[str, str, str]:
    name = cursor.ident()
    cursor.expect("ON")
    database = cursor.ident()
    token = cursor.raw()
    if token.kind != ".":
        raise cursor.unexpected(token, ".")
    return name, database, cursor.ident()


# ------------------------------------------------------------------------------------------ users


def create_user(cursor: Cursor) -> Statement:
    name = cursor.ident()
    cursor.expect("WITH", "PASSWORD")
    password = cursor.string()
    admin = cursor.accept("WITH")
    if admin:
        cursor.expect("ALL", "PRIVILEGES")
    return CreateUser(name, password, admin)


def set_password(cursor: Cursor) -> Statement:
    name = cursor.ident()
    cursor.expect("=")
    return SetPassword(name, cursor.string())


def grant(cursor: Cursor) -> Statement:
    return _privilege(cursor, "TO", revoke=False)


def revoke(cursor: Cursor) -> Statement:
    return _privilege(cursor, "FROM", revoke=True)


def _privilege(cursor: Cursor, to: str, *, revoke: bool) -> Statement:
    privilege = _which_privilege(cursor)
    everything = privilege == "ALL PRIVILEGES"
    token = cursor.take()
    if token.kind == "ON":
        database = cursor.ident()
        cursor.expect(to)
        return Grant(privilege, database, cursor.ident(), revoke)
    if token.kind == to and everything:
        return GrantAdmin(cursor.ident(), revoke)
    raise cursor.unexpected(token, *(("ON", to) if everything else ("ON",)))


def _which_privilege(cursor: Cursor) -> Privilege:
    token = cursor.take()
    match token.kind:
        case "READ" | "WRITE" as privilege:
            return privilege
        case "ALL":
            cursor.accept("PRIVILEGES")
            return "ALL PRIVILEGES"
    raise cursor.unexpected(token, "READ", "WRITE", "ALL [PRIVILEGES]")


def kill_query(cursor: Cursor) -> Statement:
    number = cursor.unsigned()
    return KillQuery(number, cursor.ident() if cursor.accept("ON") else "")
