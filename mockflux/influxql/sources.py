"""The measurements that a SELECT reads, and their points by series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from mockflux.influxql.columntypes import prevailing
from mockflux.influxql.conditions import Range
from mockflux.influxql.data import Data, in_bytes
from mockflux.influxql.errors import NotSimulated, StatementError
from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import DataType, Select, Subquery, VarRef, walk
from mockflux.lineprotocol import FieldValue
from mockflux.storage.rules import shard_start
from mockflux.storage.table import Point

#: The field that every series seems to have once in each shard, at time 0: the name of its measurement.
NAME = "_name"
#: Other fields that a server makes up.
_MADE_UP = frozenset(("_tagKey", "_tagValue", "_seriesKey", "_fieldKey"))
_ESCAPED = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """One series: its tags, and its points as times (ns) with fields, the oldest first. ``key`` is what series are
    ordered by."""

    key: bytes
    tags: Mapping[str, str]
    points: list[tuple[int, Mapping[str, FieldValue]]]


@dataclass(frozen=True, slots=True)
class Table:
    """A measurement that is read, as far as it lies in one shard."""

    name: str
    types: Mapping[str, DataType]
    tag_keys: frozenset[str]
    series: list[StoredSeries]

    def type_of(self, key: str) -> DataType | None:
        """What a column is; a field comes before a tag of the same key."""
        return self.types.get(key) or ("tag" if key in self.tag_keys else None)


@dataclass(frozen=True, slots=True)
class Origin:
    """One source: the shards that the query is about, the oldest first, with their measurements by name."""

    shards: list[list[Table]]

    @property
    def tables(self) -> Iterator[Table]:
        return chain.from_iterable(self.shards)


def origins(select: Select, data: Data, database: str, range: Range) -> list[Origin]:
    """What each source is. ``database`` is the one that is meant where a source tells none; ``range``: the times that
    are asked for."""
    found = []
    for source in select.sources:
        if isinstance(source, Subquery):
            raise NotSimulated("subqueries")
        place = source.database or database, source.policy
        data.shard_duration(*place)  # the policy may not exist, be there such a measurement or not
        names = data.measurements(*place)
        if source.regex:
            pattern = compiled(source.regex.pattern)
            chosen = sorted([name for name in names if pattern.search(name)], key=in_bytes)
        else:
            chosen = [source.name] if source.name in names else []
        by_shard: dict[int, list[Table]] = {}
        for name in chosen:
            for shard, table in _tables(data, *place, name, range):
                by_shard.setdefault(shard, []).append(table)
        if by_shard:
            there = {table.name for tables in by_shard.values() for table in tables}
            first = by_shard[min(by_shard)]
            first += [_without_points(data, *place, name) for name in chosen if name not in there]
            first.sort(key=lambda table: in_bytes(table.name))
        found.append(Origin([by_shard[shard] for shard in sorted(by_shard)]))
    return found if NAME not in _asked(select) else [_naming(origin) for origin in found]


def _asked(select: Select) -> set[str]:
    """The columns that the fields of a statement name."""
    names = {
        part.name
        for field in select.fields
        for part in walk(field.expr)
        if isinstance(part, VarRef) and part.type != "tag"
    }
    if names & _MADE_UP:
        raise NotSimulated(f"the fields {', '.join(sorted(names & _MADE_UP))}")
    return names


def _naming(origin: Origin) -> Origin:
    """The same, each series with one more point for its name."""

    def naming(table: Table) -> Table:
        point = 0, {NAME: table.name}
        series = [replace(own, points=sorted([point, *own.points], key=lambda entry: entry[0])) for own in table.series]
        return replace(table, types={**table.types, NAME: "string"}, series=series)

    return Origin([[naming(table) for table in tables] for tables in origin.shards])


def look_up(select: Select, data: Data, database: str) -> None:
    """Raise StatementError for a source that cannot be (influxdb 1.6, coordinator/statement_executor.go,
    normalizeMeasurement)."""
    for source in select.sources:
        if isinstance(source, Subquery):
            look_up(source.select, data, database)
        elif not source.name and source.regex is None:
            raise StatementError("invalid measurement")
        else:
            data.measurements(source.database or database, source.policy)


def _tables(data: Data, database: str, policy: str, name: str, range: Range) -> Iterator[tuple[int, Table]]:
    duration = data.shard_duration(database, policy)
    first = None if range.first is None else shard_start(range.first, duration)
    last = None if range.last is None else shard_start(range.last, duration)
    by_shard: dict[int, list[Point]] = {}
    for point in data.points(database, policy, name):
        by_shard.setdefault(shard_start(point.time, duration), []).append(point)
    tag_keys = frozenset(data.tag_keys(database, policy, name))
    for shard, types in data.field_types(database, policy, name).items():
        if (first is None or first <= shard) and (last is None or shard <= last):
            yield shard, Table(name, types, tag_keys, _series(name, by_shard.get(shard, [])))


def _without_points(data: Data, database: str, policy: str, name: str) -> Table:
    """A measurement without points at the times that are asked for: its tags are known all the same."""
    return Table(name, {}, frozenset(data.tag_keys(database, policy, name)), [])


def _series(name: str, points: list[Point]) -> list[StoredSeries]:
    by_tags: dict[tuple[tuple[str, str], ...], list[tuple[int, Mapping[str, FieldValue]]]] = {}
    for point in points:
        by_tags.setdefault(tuple(sorted(point.tags.items())), []).append((point.time, point.fields))
    found = []
    for tags, entries in by_tags.items():
        entries.sort(key=lambda entry: entry[0])
        key = ",".join([name, *(f"{tag.translate(_ESCAPED)}={value.translate(_ESCAPED)}" for tag, value in tags)])
        found.append(StoredSeries(in_bytes(key), dict(tags), entries))
    return sorted(found, key=lambda series: series.key)


def type_of(key: str, sources: list[Origin]) -> DataType | None:
    """What a column is, all sources together."""
    found: DataType | None = None
    for table in (table for source in sources for table in source.tables):
        found = prevailing(found, table.type_of(key))
    return found


def all_fields(sources: list[Origin]) -> dict[str, DataType]:
    """The fields of all sources together."""
    found: dict[str, DataType] = {}
    for table in (table for source in sources for table in source.tables):
        for key, type in table.types.items():
            if key != NAME:
                found[key] = prevailing(found.get(key), type) or type
    return found


def all_tag_keys(sources: list[Origin]) -> set[str]:
    """The tag keys of all sources together."""
    return {key for source in sources for table in source.tables for key in table.tag_keys}
