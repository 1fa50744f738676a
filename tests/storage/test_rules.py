"""Where shard groups begin and within what a field has one type."""

from __future__ import annotations

import datetime as dt

import pytest

from mockflux.clock import to_ns
from mockflux.storage import shard_duration, shard_start

HOUR = 3600 * 10**9
DAY = 24 * HOUR


def at(text: str) -> int:
    return to_ns(dt.datetime.fromisoformat(text + "+00:00"))


@pytest.mark.parametrize(
    ("retention", "duration"),
    [
        (0, 7 * DAY), (HOUR, HOUR), (2 * DAY - 1, HOUR), (2 * DAY, DAY), (7 * DAY, DAY), (180 * DAY - 1, DAY),
        (180 * DAY, 7 * DAY), (3650 * DAY, 7 * DAY),
    ],
)  # fmt: skip
def test_how_long_a_shard_group_is(retention: int, duration: int) -> None:
    assert shard_duration(retention) == duration


@pytest.mark.parametrize(
    ("time", "duration", "start"),
    [
        ("2024-01-07T23:59:59.999999", 7 * DAY, "2024-01-01T00:00"),  # a Sunday
        ("2024-01-08T00:00", 7 * DAY, "2024-01-08T00:00"),  # a Monday
        ("1970-01-01T00:00", 7 * DAY, "1969-12-29T00:00"),
        ("1969-12-28T23:59", 7 * DAY, "1969-12-22T00:00"),
        ("2024-02-29T23:59", DAY, "2024-02-29T00:00"),
        ("2024-02-29T23:59", HOUR, "2024-02-29T23:00"),
    ],
)
def test_where_a_shard_group_begins(time: str, duration: int, start: str) -> None:
    assert shard_start(at(time), duration) == at(start)
