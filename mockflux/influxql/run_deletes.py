"""DELETE, DROP SERIES and DROP MEASUREMENT (influxdb 1.6, coordinator/statement_executor.go and tsdb/store.go).

They are about a database as a whole, all of its retention policies. A server works on its shards at once, so that one
may have lost points when another complains, and which one complains is chance; here nothing is removed then, and the
first one is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mockflux.influxql import schema
from mockflux.influxql.change_statements import Remove
from mockflux.influxql.conditions import split
from mockflux.influxql.errors import StatementError
from mockflux.influxql.nodes import Expr
from mockflux.influxql.seriesfilter import left_of
from mockflux.influxql.surroundings import Surroundings
from mockflux.influxql.tagconditions import has_time
from mockflux.lineprotocol import Tags
from mockflux.storage.databases import Database
from mockflux.storage.removal import EARLIEST, LATEST


def drop_measurement(name: str, around: Surroundings) -> None:
    """Drop a measurement with all that is known of it; nothing happens if there is none of that name."""
    for policy in list(around.find(around.database).policies.values()):
        policy.bucket.data.drop(name)


def remove(statement: Remove, around: Surroundings) -> None:
    """Remove points (DELETE), or series with all their points; the types of fields stay."""
    database = around.find(around.database)
    if statement.what == "DROP SERIES" and has_time(statement.condition):
        raise StatementError("DROP SERIES doesn't support time in WHERE clause")
    rest, times = split(statement.condition, now=around.now)
    with around.catalog.lock:
        meant = _meant(database, statement, rest, around)
        first = EARLIEST if times.first is None else times.first
        last = LATEST if times.last is None else times.last
        for policy in list(database.policies.values()):
            policy.bucket.data.delete(first, last, meant)


@dataclass(slots=True)
class _Series:
    """The series that are meant, by measurement."""

    chosen: dict[str, set[Tags]] = field(default_factory=dict)

    def matches(self, measurement: str, tags: Tags) -> bool:
        return tags in self.chosen.get(measurement, ())

    def takes(self, key: str) -> bool:
        return True


def _meant(database: Database, statement: Remove, condition: Expr | None, around: Surroundings) -> _Series:
    known, fields, meant = schema.series(database), schema.fields(database), _Series()
    for name in schema.meant(known, statement.sources):
        is_field = fields.get(name, set()).__contains__
        for tags in known[name]:
            left = left_of(condition, dict(tags), is_field)
            if not isinstance(left, bool):
                shard = _first_shard(database, around)
                raise StatementError(f"shard {shard}: fields not supported in WHERE clause during deletion")
            if left:
                meant.chosen.setdefault(name, set()).add(tags)
    return meant


def _first_shard(database: Database, around: Surroundings) -> int:
    """The number of the first shard of a database, if every database had got all of its shards before the next one was
    made. The real number depends on all that was ever written to the server, that to ``_internal`` included."""
    count = 1
    for other in around.databases.all():
        if other is database:
            break
        count += sum(len(schema.shards(policy.bucket)) for policy in list(other.policies.values()))
    return count
