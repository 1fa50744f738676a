"""What a SELECT is evaluated over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from mockflux.influxql.nodes import DataType
from mockflux.storage.table import Point

#: A value of an answer; None: there is none.
Value = float | int | str | bool | None


class Data(Protocol):
    """Stored points, by database, retention policy and measurement. An empty policy is the default one.

    Each method may raise StatementError for a database or a policy that does not exist; a measurement that does not
    exist has no points, no types and no keys.
    """

    def measurements(self, database: str, policy: str) -> Collection[str]:
        """The names of the measurements, those included that have no points in this policy."""

    def points(self, database: str, policy: str, measurement: str) -> Iterable[Point]:
        """The points of a measurement, in any order, each series and time once."""

    def field_types(self, database: str, policy: str, measurement: str) -> Mapping[int, Mapping[str, DataType]]:
        """The keys of its fields, with their types (float, integer, unsigned, string or boolean), in each piece of time
        by its start (ns)."""

    def tag_keys(self, database: str, policy: str, measurement: str) -> Collection[str]:
        """The keys of its tags."""

    def shard_duration(self, database: str, policy: str) -> int:
        """The length (ns) of the pieces that time is divided into, which begin as
        :func:`mockflux.storage.rules.shard_start` says; what is in none of those that a query is about has no effect on
        the answer, be it by types of fields or by empty groups."""


def in_bytes(text: str) -> bytes:
    """What texts are ordered by: their bytes."""
    return text.encode("utf-8", "surrogateescape")
