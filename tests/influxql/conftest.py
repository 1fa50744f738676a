from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import pytest

from mockflux.influxql.data import Data
from mockflux.influxql.errors import StatementError
from mockflux.influxql.nodes import DataType
from mockflux.storage.rules import WEEK, shard_start
from mockflux.storage.table import Point

TYPES: dict[type, DataType] = {float: "float", int: "integer", str: "string", bool: "boolean"}


class Memory:
    """One database ``d1`` with one retention policy ``autogen``, and a week as the length of its shards."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._points: dict[str, list[Point]] = defaultdict(list)
        for point in points:
            self._points[point.measurement].append(point)

    def _of(self, database: str, policy: str, measurement: str) -> list[Point]:
        if database != "d1":
            raise StatementError(f"database not found: {database}")
        return self._points.get(measurement, []) if policy in ("", "autogen") else []

    def measurements(self, database: str, policy: str) -> list[str]:
        return [name for name in self._points if self._of(database, policy, name)]

    def points(self, database: str, policy: str, measurement: str) -> list[Point]:
        return self._of(database, policy, measurement)

    def field_types(self, database: str, policy: str, measurement: str) -> dict[int, dict[str, DataType]]:
        found: dict[int, dict[str, DataType]] = defaultdict(dict)
        for point in self._of(database, policy, measurement):
            types = found[shard_start(point.time, WEEK)]
            types.update((key, TYPES[type(value)]) for key, value in point.fields.items())
        return found

    def tag_keys(self, database: str, policy: str, measurement: str) -> set[str]:
        return {key for point in self._of(database, policy, measurement) for key in point.tags}

    def shard_duration(self, database: str, policy: str) -> int:
        return WEEK


@pytest.fixture
def memory() -> Callable[[Iterable[Point]], Data]:
    """Makes what a query is evaluated over of points."""
    return Memory
