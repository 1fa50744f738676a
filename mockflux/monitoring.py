"""The log that an edition keeps of rejected points and of exceeded limits: points in the bucket ``_monitoring``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from mockflux.clock import LATEST
from mockflux.lineprotocol import Field, Line
from mockflux.reasons import Rejection
from mockflux.storage.catalog import Bucket

#: How far a row may lie behind the time of logging, so that rows of one moment are different points: a second, in ns.
_SPREAD = 10**9

#: How many rows are made and stored at once: a row takes some hundred bytes before it is stored.
_PIECE = 1_000


@dataclass(frozen=True, slots=True)
class RecordRules:
    """How rejected points are logged: the ``reasons`` by name or ``name:kind``, and the ``types`` of fields, in the
    words that this log has for them."""

    reasons: Mapping[str, str]
    types: Mapping[str, str]


class Monitoring:
    """Writes the rows. ``bucket_of`` finds the ``_monitoring`` bucket of an organization by its id; without ``rules``
    the edition keeps no such log.

    A row's time is that of logging, made different from the one before: several rejections of one moment would else
    be one point.
    """

    def __init__(self, rules: RecordRules | None, bucket_of: Callable[[str], Bucket | None]) -> None:
        self._rules, self._bucket_of = rules, bucket_of
        self._lock = threading.Lock()
        self._last = -(2**63)  # the latest row

    def rejected(self, rejections: Sequence[Rejection], bucket: Bucket, now: int) -> None:
        """Log worded rejections of points for a bucket, each as a point of ``rejected_points``, at the time ``now``."""
        if self._rules is not None:
            row = partial(self._row, bucket=bucket, rules=self._rules)
            self._write(bucket.org_id, map(row, rejections), len(rejections), now)

    def limited(self, limit: str, org_id: str, now: int) -> None:
        """Log that a request of the organization exceeded a limit (``limited_write``)."""
        if self._rules is not None:
            fields = (Field(f"event_type_{limit}", "integer", 1),)
            self._write(org_id, iter([Line(0, b"", "events", (("org_id", org_id),), fields, None)]), 1, now)

    def _row(self, rejection: Rejection, bucket: Bucket, rules: RecordRules) -> Line:
        reason = rejection.reason
        tags = {
            "bucket": bucket.id,
            "reason": rules.reasons.get(f"{reason.name}:{reason.kind}") or rules.reasons[reason.name],
            "measurement": getattr(reason, "measurement", None),
            "field": getattr(reason, "field", None),
            "gotType": rules.types.get(rejection.got or ""),
            "wantType": rules.types.get(rejection.want or ""),
        }
        malformed = tags["measurement"] is None
        field = Field("error", "string", rejection.text) if malformed else Field("count", "integer", 1)
        known = tuple(sorted((key, value) for key, value in tags.items() if value))
        return Line(0, b"", "rejected_points", known, (field,), None)

    def _write(self, org_id: str, rows: Iterator[Line], count: int, now: int) -> None:
        log = self._bucket_of(org_id)
        if log is None or not count:
            return
        with self._lock, log.data.lock:  # whoever reads sees all of them or none
            # At the end of time there is no room for more: the last rows then have what is left, as far as it goes.
            first = min(self._free(log, now), LATEST + 1 - count)
            self._last = max(self._last, first + count - 1)
            timed = zip(rows, range(first, first + count), strict=True)
            while piece := list(islice(timed, _PIECE)):
                log.data.commit(piece)

    def _free(self, log: Bucket, now: int) -> int:
        """The first time from ``now`` on that no row has. Called under the lock."""
        if now > self._last:
            return now
        if self._last < now + _SPREAD:
            return self._last + 1
        # The clock was set back: there may be rows of this moment from the time before.
        taken = (row.time for row in log.data.points(since=now) if row.time < now + _SPREAD)
        return max(taken, default=now - 1) + 1
