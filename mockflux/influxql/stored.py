"""What a server holds, as SELECT asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache

from mockflux.influxql import schema
from mockflux.influxql.nodes import DataType
from mockflux.influxql.surroundings import Surroundings
from mockflux.lineprotocol import Tags
from mockflux.storage.table import Point


class Stored:
    """The :class:`mockflux.influxql.data.Data` of one statement: what is asked for is read once.

    Measurements and their tags are known to a database as a whole, fields and points to each retention policy (influxdb
    1.6, tsdb/index/inmem).
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._points, self._types, self._series = cache(self._read_points), cache(self._read_types), cache(self._index)

    def measurements(self, database: str, policy: str) -> Collection[str]:
        return self._series(self._around.named(database))

    def points(self, database: str, policy: str, measurement: str) -> Iterable[Point]:
        return self._points(database, policy).get(measurement, ())

    def field_types(self, database: str, policy: str, measurement: str) -> Mapping[int, Mapping[str, DataType]]:
        return self._types(database, policy).get(measurement, {})

    def tag_keys(self, database: str, policy: str, measurement: str) -> Collection[str]:
        return {key for tags in self._series(self._around.named(database)).get(measurement, ()) for key, _ in tags}

    def shard_duration(self, database: str, policy: str) -> int:
        return self._around.find_policy(database, policy).bucket.shard_duration

    def _index(self, database: str) -> dict[str, set[Tags]]:
        return schema.series(self._around.find(database))

    def _read_types(self, database: str, policy: str) -> Mapping[str, Mapping[int, Mapping[str, DataType]]]:
        return self._around.find_policy(database, policy).bucket.data.shard_types()

    def _read_points(self, database: str, policy: str) -> dict[str, list[Point]]:
        bucket = self._around.find_policy(database, policy).bucket
        found: dict[str, list[Point]] = {}
        for point in self._around.points(bucket, None):
            found.setdefault(point.measurement, []).append(point)
        return found
