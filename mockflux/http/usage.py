"""What an organization may use, and what it has used: ``/api/v2/orgs/{id}/limits`` and ``/api/v2/orgs/{id}/usage``.

As the API reference of InfluxDB Cloud and the Flux package experimental/usage describe them. Usage is mockflux's own:
requests are those that the journal still has, all of them counted for the organization that asks; a bucket uses 24
bytes for each of its points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mockflux.http.passage import Passage
from mockflux.http.resources import Refused, org_at, refusing
from mockflux.outcomes import Found, Outcome, ParameterInvalid, UsageFound
from mockflux.profile.settings import Limits
from mockflux.profile.template import rfc3339nano

_SECOND = 10**9
_HOUR = 3600 * _SECOND
_POINT_BYTES = 24
#: Doors at which nobody's requests are counted.
_NOBODYS = ("http", "proxy", "other", "ping", "health", "ready")


@refusing
def limits(passage: Passage) -> Outcome:
    """The limits of an organization; 0 for none."""
    org = org_at(passage)
    links = {"self": f"/api/v2/orgs/{org.id}/limits"}
    return Found({"limits": _limits(org.id, passage.world.settings.limits), "links": links})


def _limits(org_id: str, limits: Limits) -> dict[str, object]:
    return {
        "orgID": org_id,
        "rate": {
            "readKBs": round(limits.read_bytes / limits.window / 1000),
            "queryTime": 0,
            "concurrentReadRequests": 0,
            "writeKBs": round(limits.window_bytes / limits.window / 1000),
            "concurrentWriteRequests": 0,
            "concurrentDeleteRequests": 0,
            "deleteRequestsPerSecond": round(limits.deletes / limits.window),
            "cardinality": limits.cardinality,
        },
        "bucket": {"maxBuckets": limits.buckets, "maxRetentionDuration": limits.retention * _SECOND},
        "task": {"maxTasks": 0},
        "dashboard": {"maxDashboards": 0},
        "check": {"maxChecks": 0},
        "notificationRule": {"maxNotifications": 0, "blockedNotificationRules": ""},
        "notificationEndpoint": {"blockedNotificationEndpoints": ""},
        "features": {"allowDelete": True},
        "stack": {"enabled": True},
        "timeout": {"queryUnconditionalTimeoutSeconds": 0, "queryidleWriteTimeoutSeconds": 0},
    }


# ---------------------------------------------------------------- usage


@dataclass(frozen=True, slots=True)
class _Series:
    """What a table of the answer is about; ``tags`` sorted by key."""

    measurement: str
    field: str
    tags: tuple[tuple[str, str], ...]


#: A value of a series at a time in ns.
_Row = tuple[_Series, int, int]


@refusing
def usage(passage: Passage) -> Outcome:
    """What an organization has used from ``start`` to ``stop``, in seconds since the epoch (without ``stop``, until
    now). With ``raw`` each request is a row, else those of an hour are one."""
    org, world = org_at(passage), passage.world
    start, stop = _second(passage, "start", None), _second(passage, "stop", world.clock.now())
    raw = passage.params.get("raw", "false")
    if raw not in ("true", "false"):
        raise Refused(ParameterInvalid("raw", raw))
    rows = [*_requests(passage, org.id, start, stop), *_events(passage, org.id, start, stop)]
    if raw == "false":
        rows = _by_hour(rows, stop)
    rows += _gauges(passage, org.id, start, stop)
    return UsageFound(_annotated(rows, start, stop))


def _second(passage: Passage, name: str, default: int | None) -> int:
    """A time in ns that a parameter tells in seconds. Raises Refused for what is none, and if it has to be there."""
    text = passage.params.get(name, "")
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Refused(ParameterInvalid(name, text))
    return int(text) * _SECOND


def _requests(passage: Passage, org_id: str, start: int, stop: int) -> Iterator[_Row]:
    """The bytes of the bodies that came and went."""
    for exchange in passage.world.journal:
        reply = exchange.reply
        if reply is None or not reply.status or exchange.door in _NOBODYS or not start <= exchange.time <= stop:
            continue
        tags = (("endpoint", exchange.path), ("org_id", org_id), ("status", str(reply.status)))
        yield _Series("http_request", "req_bytes", tags), exchange.time, exchange.request.length
        yield _Series("http_request", "resp_bytes", tags), exchange.time, len(reply.body)


def _events(passage: Passage, org_id: str, start: int, stop: int) -> Iterator[_Row]:
    """The limits that were exceeded, as the log of the organization has them."""
    log = passage.world.catalog.bucket_named(org_id, "_monitoring")
    for point in log.data.points("events") if log is not None else ():
        if start <= point.time <= stop:
            for key in point.fields:
                yield _Series("events", key, (("org_id", org_id),)), point.time, 1


def _gauges(passage: Passage, org_id: str, start: int, stop: int) -> Iterator[_Row]:
    """What the buckets hold now, if now is within the time asked for."""
    now = passage.world.clock.now()
    if not start <= now <= stop:
        return
    for bucket in passage.world.catalog.buckets(org_id):
        tags = (("bucket_id", bucket.id), ("org_id", org_id))
        yield _Series("storage_usage_bucket_bytes", "gauge", tags), now, passage.world.count(bucket) * _POINT_BYTES


def _by_hour(rows: Iterable[_Row], stop: int) -> list[_Row]:
    """One row for each series and hour: the sum, at the end of the hour."""
    sums: Counter[tuple[_Series, int]] = Counter()
    for series, time, value in rows:
        sums[series, min(time - time % _HOUR + _HOUR, stop)] += value
    return [(series, time, value) for (series, time), value in sums.items()]


def _annotated(rows: list[_Row], start: int, stop: int) -> str:
    """Rows as annotated CSV: a table for each series, in the order in which they come up; those of the same tags stand
    together, below annotations of their own."""
    tables: dict[_Series, list[tuple[int, int]]] = {}
    for series, time, value in rows:
        tables.setdefault(series, []).append((time, value))
    order = sorted(tables, key=lambda series: ([key for key, _ in series.tags], series.measurement))
    lines: list[str] = []
    columns: list[str] | None = None
    for number, series in enumerate(order):
        keys = [key for key, _ in series.tags]
        if keys != columns:
            lines += [""] * (columns is not None) + _annotations(keys)
            columns = keys
        span = f"{rfc3339nano(start)},{rfc3339nano(stop)}"
        told = ",".join((series.field, series.measurement, *(_cell(value) for _, value in series.tags)))
        rows_of_it = sorted(tables[series], key=_when)
        lines += [f",,{number},{span},{rfc3339nano(time)},{value},{told}" for time, value in rows_of_it]
    return "".join(f"{line}\r\n" for line in [*lines, ""])


def _annotations(tags: list[str]) -> list[str]:
    own = len(tags)
    return [
        "#group,false,false,true,true,false,false,true,true" + ",true" * own,
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string"
        + ",string" * own,
        "#default,_result,,,,,,," + "," * own,
        ",".join(("", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement", *tags)),
    ]


def _when(row: tuple[int, int]) -> int:
    return row[0]


def _cell(text: str) -> str:
    """A value as CSV has it (RFC 4180)."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text
