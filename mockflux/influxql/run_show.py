"""SHOW (influxdb 1.6, coordinator/statement_executor.go; query/ and tsdb/ for what it lists)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from mockflux.influxql import schema
from mockflux.influxql import show_statements as show
from mockflux.influxql.conditions import Range, split
from mockflux.influxql.data import in_bytes
from mockflux.influxql.durations import show_go_duration
from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import Measurement, Paging, Source
from mockflux.influxql.results import Cell, Series
from mockflux.influxql.surroundings import Surroundings
from mockflux.influxql.tagconditions import measurement_condition, series_condition
from mockflux.lineprotocol import Tags
from mockflux.storage.databases import may
from mockflux.storage.rules import shard_start

_Row = TypeVar("_Row")


def listing(statement: show.Show, around: Surroundings) -> list[Series]:
    """``SHOW`` of what takes no clauses."""
    found = _LISTINGS.get(statement.what)
    if found is None:
        raise NotSimulated(str(statement))
    return found(around)


def _databases(around: Surroundings) -> list[Series]:
    """Those that concern who asks; all, where nobody is asked who he is."""
    user = around.user
    names = [
        database.name
        for database in around.databases.all()
        if user is None or any(may(user, action, database.name) for action in ("READ", "WRITE"))
    ]
    return [Series(["name"], [[name] for name in names] or None, "databases")]


def _users(around: Surroundings) -> list[Series]:
    return [Series(["user", "admin"], [[user.name, user.admin] for user in around.catalog.users()] or None)]


def _subscriptions(around: Surroundings) -> list[Series]:
    return []  # none can be made here


def _continuous_queries(around: Surroundings) -> list[Series]:
    return [Series(["name", "query"], None, database.name) for database in around.databases.all()]


_LISTINGS: Mapping[str, Callable[[Surroundings], list[Series]]] = {
    "DATABASES": _databases,
    "USERS": _users,
    "SUBSCRIPTIONS": _subscriptions,
    "CONTINUOUS QUERIES": _continuous_queries,
}


def grants(statement: show.ShowGrants, around: Surroundings) -> list[Series]:
    """What a user may do with each database."""
    rows = sorted(around.find_user(statement.user).privileges.items())
    return [Series(["database", "privilege"], [list(row) for row in rows] or None)]


def retention_policies(statement: show.ShowRetentionPolicies, around: Surroundings) -> list[Series]:
    """The retention policies of a database, in the order in which they were made."""
    database = around.find(around.named(statement.database))
    rows: list[list[Cell]] = [
        [
            policy.name,
            show_go_duration(policy.bucket.retention),
            show_go_duration(policy.bucket.shard_duration),
            policy.replicas,
            policy.name == database.default,
        ]
        for policy in list(database.policies.values())
    ]
    return [Series(["name", "duration", "shardGroupDuration", "replicaN", "default"], rows or None)]


def measurements(statement: show.ShowMeasurements, around: Surroundings) -> list[Series]:
    """The names of measurements."""
    condition = measurement_condition(statement.condition)
    found = schema.series(around.databases.find(around.named(statement.database)))
    names = [name for name in _meant(found, [statement.source] if statement.source else []) if condition(found[name])]
    rows = [[name] for name in _page(names, statement.paging)]
    return [Series(["name"], rows, "measurements")] if rows else []


def of_schema(statement: show.ShowSchema, around: Surroundings) -> list[Series]:
    """Series, tag keys, tag values or field keys."""
    if statement.what == "FIELD KEYS":
        return _field_keys(statement, around)
    database = around.find(around.named(statement.database))
    rest, range = split(statement.condition, now=around.now)
    timed = range != Range()
    if statement.what == "SERIES":
        known = _series_within(statement, range, around)
    else:
        known = schema.series(database) if not timed or schema.any_shard(database, range) else {}
    fields, found = schema.fields(database), {}
    for name in _meant(known, statement.sources):
        fits = series_condition(rest, fields.get(name, set()).__contains__)
        found[name] = {tags for tags in known[name] if fits(tags)}
    if statement.what == "SERIES":
        every = sorted(((name, tags) for name, own in found.items() for tags in own), key=_in_order)
        rows = [[_series_key(name, tags)] for name, tags in _page(every, statement.paging)]
        return [Series(["key"], rows)] if rows else []
    shown = _tag_keys if statement.what == "TAG KEYS" else _tag_values(statement.key)
    return [table for name, own in found.items() if (table := shown(name, own, statement.paging))]


def _meant(names: Iterable[str], sources: Sequence[Source]) -> list[str]:
    """The measurements that a statement names; a source without a name stands for all."""
    unnamed = any(isinstance(source, Measurement) and not source.name and not source.regex for source in sources)
    return schema.meant(names, () if unnamed else sources)


def _series_within(statement: show.ShowSchema, range: Range, around: Surroundings) -> dict[str, set[Tags]]:
    """By measurement the series that lie in shards with times of that range, in the retention policies that the
    statement is about; where no time is asked for, all of a database if the policy has a shard at all."""
    found: dict[str, set[Tags]] = {}
    for source in statement.sources or (Measurement(),):
        assert isinstance(source, Measurement), "SHOW has no subqueries"
        named = source.database or statement.database
        bucket = around.find_policy(named, source.policy).bucket
        if range == Range():
            known = schema.series(around.find(around.named(named))) if bucket.data.has_shards else {}
        else:
            known = {}
            for point in bucket.data.points():
                if schema.touches(range, shard_start(point.time, bucket.shard_duration), bucket):
                    known.setdefault(point.measurement, set()).add(tuple(sorted(point.tags.items())))
        for name in _meant(known, [source]):
            found.setdefault(name, set()).update(known[name])
    return found


def _field_keys(statement: show.ShowSchema, around: Surroundings) -> list[Series]:
    """The fields that are known to the retention policies, of measurements that have series anywhere."""
    if any(not sort.ascending for sort in statement.order):
        raise NotSimulated(str(statement))
    found: dict[str, set[tuple[str, str]]] = {}
    for source in statement.sources or (Measurement(),):
        assert isinstance(source, Measurement), "SHOW has no subqueries"
        named = source.database or statement.database
        known = schema.field_types(around.find_policy(named, source.policy).bucket)
        there = schema.series(around.find(around.named(named)))
        for name in _meant(known.keys() & there.keys(), [source]):
            found.setdefault(name, set()).update(known[name])
    tables = [(name, _page(sorted(found[name]), statement.paging)) for name in sorted(found, key=in_bytes)]
    return [Series(["fieldKey", "fieldType"], [list(row) for row in rows], name) for name, rows in tables if rows]


def _tag_keys(name: str, series: Iterable[Tags], paging: Paging) -> Series | None:
    keys = _page(sorted({key for tags in series for key, _ in tags}, key=in_bytes), paging)
    return Series(["tagKey"], [[key] for key in keys], name) if keys else None


def _tag_values(asked: show.KeyCondition | None) -> Callable[[str, Iterable[Tags], Paging], Series | None]:
    fits = _key_test(asked)

    def shown(name: str, series: Iterable[Tags], paging: Paging) -> Series | None:
        pairs = {pair for tags in series for pair in tags if fits(pair[0])}
        rows = _page(sorted(pairs, key=lambda pair: (in_bytes(pair[0]), in_bytes(pair[1]))), paging)
        return Series(["key", "value"], [list(row) for row in rows], name) if rows else None

    return shown


def _key_test(asked: show.KeyCondition | None) -> Callable[[str], bool]:
    if asked is None:
        return lambda key: True
    if asked.regex is not None:
        search, wanted = compiled(asked.regex.pattern).search, asked.op == "=~"
        return lambda key: (search(key) is not None) == wanted
    return lambda key: (key in asked.keys) == (asked.op != "!=")


def _in_order(series: tuple[str, Tags]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Series are in the order of their measurements, then of their tags, without the escapes that a key has."""
    name, tags = series
    return in_bytes(name), [(in_bytes(key), in_bytes(value)) for key, value in tags]


def _series_key(measurement: str, tags: Tags) -> str:
    """A series as line protocol writes it (models/points.go, MakeKey)."""
    name = measurement.replace(",", "\\,").replace(" ", "\\ ")
    return name + "".join(f",{_escaped(key)}={_escaped(value)}" for key, value in tags)


def _escaped(text: str) -> str:
    return text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _page(rows: Sequence[_Row], paging: Paging) -> Sequence[_Row]:
    """The rows that LIMIT and OFFSET leave."""
    end = paging.offset + paging.limit if paging.limit else None
    return rows[paging.offset : end]


def cardinality(statement: show.ShowCardinality, around: Surroundings) -> list[Series]:
    """How many series or measurements a database has; mockflux counts also where a server estimates."""
    if statement.exact or statement.what not in ("SERIES", "MEASUREMENT") or statement.condition or statement.sources:
        raise NotSimulated(str(statement))
    found = schema.series(around.databases.find(around.named(statement.database)))
    count = len(found) if statement.what == "MEASUREMENT" else sum(map(len, found.values()))
    return [Series(["cardinality estimation"], [[count]])]
