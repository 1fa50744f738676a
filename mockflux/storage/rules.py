"""How an edition stores, as plain settings."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal

from mockflux.lineprotocol import Line

TypeScope = Literal["series", "shard", "partition", "table"]

HOUR = 3600 * 10**9
DAY = 24 * HOUR
WEEK = 7 * DAY
#: Go cuts times to multiples counted from the year 1, which began on a Monday (package time, Time.Truncate).
_GO_ZERO = -62_135_596_800 * 10**9


@dataclass(frozen=True, slots=True)
class StorageRules:
    """What storing means in one edition.

    ``type_scope``: within what a field has one type.
      ``series``: measurement and tags (InfluxDB Cloud: same field, other tags, other type is no conflict);
      ``shard``: measurement and shard group (OSS 1 and 2: another week may have another type);
      ``partition``: measurement and UTC day (InfluxDB 3 as its documents have it);
      ``table``: measurement (InfluxDB 3 as its servers do).
    ``late_points``: what becomes of a point older than the bucket keeps: ``reject`` (with a reason), ``drop`` (without
    a word) or ``store`` (kept, but no query shows it).
    ``tags_are_columns``: a table has one column for each key, be it of a tag or of a field, so that no key is both.
    ``time_column``: the time is a column of that table too, named ``time``, once it has a row.
    ``delay``: seconds of the world's time after which what was queued is stored or deleted.
    ``deletes``: whether points can be deleted, and when that happens: ``refused``, ``at_once``, or ``queued`` (after
    the delay, in order with writes).
    ``types_last``: how long a field keeps its type once points are deleted: as long as it has ``points``, or until its
    ``measurement`` is dropped.
    ``leaves``: what a refused point leaves behind: ``nothing``, or the ``types`` of those of its fields that were seen
    before the refused one, or its ``series`` as well.
    """

    type_scope: TypeScope = "series"
    late_points: Literal["reject", "drop", "store"] = "reject"
    tags_are_columns: bool = False
    time_column: bool = False
    leaves: Literal["nothing", "types", "series"] = "nothing"
    delay: float = 0
    deletes: Literal["refused", "at_once", "queued"] = "refused"
    types_last: Literal["points", "measurement"] = "points"

    @property
    def scoped_by_time(self) -> bool:
        """Whether a field can have one type at one time and another at another."""
        return self.type_scope in ("shard", "partition")


def shard_duration(retention: int) -> int:
    """The length (ns) of the shard groups of a bucket that keeps its points for ``retention`` ns (0: for ever), where
    nobody chose another: a week, a day below 180 days, an hour below two days (influxdb, v1/services/meta)."""
    if retention == 0 or retention >= 180 * DAY:
        return WEEK
    return DAY if retention >= 2 * DAY else HOUR


def shard_start(time: int, duration: int) -> int:
    """Where the shard group of a time begins, both in ns since the epoch. Weeks begin on Monday, 00:00 UTC."""
    return time - (time - _GO_ZERO) % duration


def scope_of(rules: StorageRules, duration: int) -> Callable[[Line, int], Hashable]:
    """The function that says for a line and its time (ns) within what its fields keep their types; ``duration`` is
    that of the bucket's shard groups."""
    scopes: dict[TypeScope, Callable[[Line, int], Hashable]] = {
        "series": lambda line, _: (line.measurement, line.tags),
        "shard": lambda line, time: (line.measurement, shard_start(time, duration)),
        "partition": lambda line, time: (line.measurement, time // DAY),
        "table": lambda line, _: line.measurement,
    }
    return scopes[rules.type_scope]
