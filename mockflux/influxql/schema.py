"""What there is in a database: its measurements, their series, the types of their fields, its shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from mockflux.influxql.conditions import Range
from mockflux.influxql.data import in_bytes
from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import Measurement, Source
from mockflux.lineprotocol import Tags
from mockflux.storage.catalog import Bucket
from mockflux.storage.databases import Database
from mockflux.storage.rules import shard_start

_Test = Callable[[str], bool]


def series(database: Database | None) -> dict[str, set[Tags]]:
    """By measurement the tags of its series, over all retention policies."""
    found: dict[str, set[Tags]] = {}
    for bucket in _buckets(database):
        for measurement, tags, _ in bucket.data.field_series():
            found.setdefault(measurement, set()).add(tags)
        for measurement, tags in bucket.data.bare_series():
            found.setdefault(measurement, set()).add(tags)
    return found


def fields(database: Database) -> dict[str, set[str]]:
    """By measurement the keys of its fields, over all retention policies, those without points included."""
    found: dict[str, set[str]] = {}
    for bucket in _buckets(database):
        for measurement, by_shard in bucket.data.shard_types().items():
            found.setdefault(measurement, set()).update(*by_shard.values())
    return found


def field_types(bucket: Bucket) -> dict[str, set[tuple[str, str]]]:
    """By measurement the keys of its fields in one retention policy, with the types that they have in any shard."""
    return {
        measurement: {pair for types in by_shard.values() for pair in types.items()}
        for measurement, by_shard in bucket.data.shard_types().items()
    }


def shards(bucket: Bucket) -> list[int]:
    """The starts (ns) of the shard groups of a retention policy, in the order in which they were made."""
    return list(dict.fromkeys(start for by_shard in bucket.data.shard_types().values() for start in by_shard))


def touches(range: Range, start: int, bucket: Bucket) -> bool:
    """Whether a shard group has times that are in a range."""
    duration = bucket.shard_duration
    first = None if range.first is None else shard_start(range.first, duration)
    return (first is None or first <= start) and (range.last is None or start <= range.last)


def _buckets(database: Database | None) -> list[Bucket]:
    return [policy.bucket for policy in list(database.policies.values())] if database else []


def any_shard(database: Database, range: Range) -> bool:
    """Whether a database has a shard group with times that are in a range."""
    return any(touches(range, start, bucket) for bucket in _buckets(database) for start in shards(bucket))


def meant(names: Iterable[str], sources: Sequence[Source]) -> list[str]:
    """Those of the measurements that a statement names, in the order of their bytes; without sources all."""
    wanted = list(_tests(sources))
    return sorted((name for name in names if not wanted or any(test(name) for test in wanted)), key=in_bytes)


def _tests(sources: Sequence[Source]) -> Iterator[_Test]:
    for source in sources:
        if not isinstance(source, Measurement):
            raise NotSimulated("a subquery in SHOW")
        if source.regex is not None:
            yield _by_pattern(source.regex.pattern)
        else:
            yield source.name.__eq__


def _by_pattern(pattern: str) -> _Test:
    search = compiled(pattern).search
    return lambda name: search(name) is not None
