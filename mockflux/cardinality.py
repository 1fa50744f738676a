"""How many series an organization has, counted against its quota."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from mockflux.lineprotocol import Line, Tags
from mockflux.storage.catalog import Bucket

#: A series as InfluxDB Cloud counts them: id of the bucket, measurement, tags, field.
Series = tuple[str, str, Tags, str]


class Cardinality:
    """The series that are stored and those that queued writes will bring, of which there may be ``limit`` (0: any
    number). ``buckets`` gives those that count."""

    def __init__(self, limit: int, buckets: Callable[[], Iterable[Bucket]]) -> None:
        self._limit, self._buckets = limit, buckets
        self._lock = threading.Lock()
        self._coming: Counter[Series] = Counter()

    def admit(self, bucket: Bucket, lines: Iterable[Line]) -> frozenset[Series] | None:
        """Count the series of a write to the bucket as coming: they, for :meth:`arrived`. None, and nothing is counted,
        if one of them is new and would be one too many; a write that brings no new series is always admitted."""
        if not self._limit:
            return frozenset()
        wanted = frozenset((bucket.id, line.measurement, line.tags, own.key) for line in lines for own in line.fields)
        with self._lock:
            stored = {other.id: other.data.field_series() for other in self._buckets()}

            def there(series: Series) -> bool:
                return series[1:] in stored.get(series[0], ())

            coming = [series for series in self._coming if not there(series)]
            new = sum(series not in self._coming and not there(series) for series in wanted)
            if new and sum(map(len, stored.values())) + len(coming) + new > self._limit:
                return None
            self._coming.update(wanted)
        return wanted

    def arrived(self, series: frozenset[Series]) -> None:
        """What :meth:`admit` gave is no longer coming: it is stored, or has come to nothing."""
        with self._lock:
            self._coming.subtract(series)
            self._coming += Counter()  # without those that nobody waits for any more
