"""Line protocol as InfluxDB 1 reads it: as InfluxDB 2 does (:mod:`mockflux.lineprotocol.go`), but no unsigned integers,
and any tag key: that no tag may be named ``time`` is told when it is stored.

A release of InfluxDB 1 is built without unsigned integers: what ends in ``u`` is an invalid number (influxdb 1.6,
models/points.go, EnableUintSupport).
"""

from __future__ import annotations

from functools import partial

from mockflux.lineprotocol import go
from mockflux.lineprotocol.govalues import Malformed, Value, bare

NO_FIELDS = go.NO_FIELDS


def _signed(raw: bytes) -> Value:
    if raw.endswith(b"u") and raw[:-1].isdigit():
        raise Malformed("invalid number")
    return bare(raw)


DIALECT = go.Dialect(_signed, {})
parse = partial(go.parse, dialect=DIALECT)
parse_next = partial(go.parse_next, dialect=DIALECT)
