"""Times and lengths of time."""

from __future__ import annotations

import pytest

from mockflux.influxql.durations import read_duration, show_duration, show_go_duration
from mockflux.influxql.numbers import plain_float, show_float
from mockflux.influxql.times import looks_like_time, read_time, show_time

HOUR = 3600 * 10**9


@pytest.mark.parametrize(
    ("text", "length", "shown"),
    [
        ("1h30m", 90 * 60 * 10**9, "90m"),
        ("10u", 10_000, "10u"),
        ("10µ", 10_000, "10u"),
        ("5ns", 5, "5ns"),
        ("1500ms", 1_500_000_000, "1500ms"),
        ("14d", 14 * 24 * HOUR, "2w"),
        ("48h", 48 * HOUR, "2d"),
        ("0s", 0, "0s"),
        ("-1h", -HOUR, "-1h"),
    ],
)
def test_duration(text: str, length: int, shown: str) -> None:
    assert read_duration(text) == length
    assert show_duration(length) == shown


@pytest.mark.parametrize("text", ["", "5", "h", "1q", "1n", "1h5", "99999999999999999999s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^invalid duration$"):
        read_duration(text)


def test_a_duration_too_long() -> None:
    with pytest.raises(ValueError, match=r"^overflowed duration 20000w: choose a smaller duration or INF$"):
        read_duration("20000w")


@pytest.mark.parametrize(
    ("length", "shown"),
    [(0, "0s"), (1, "1ns"), (1500, "1.5µs"), (15_000_000, "15ms"), (90 * 10**9, "1m30s"), (7 * 24 * HOUR, "168h0m0s"),
     (90_500_000_000, "1m30.5s"), (25 * HOUR + 1, "25h0m0.000000001s"), (-1500, "-1.5µs"), (-HOUR, "-1h0m0s")],
)  # fmt: skip
def test_duration_as_go_writes_it(length: int, shown: str) -> None:
    assert show_go_duration(length) == shown


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01", 0),
        ("1970-01-01 00:00:01", 10**9),
        ("1970-01-01 1:00:00.5", HOUR + 500_000_000),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.123456789Z", 123_456_789),
        ("1969-12-31T23:59:59Z", -(10**9)),
    ],
)
def test_time(text: str, time: int) -> None:
    assert looks_like_time(text)
    assert read_time(text) == time


@pytest.mark.parametrize(
    "text", ["2020-13-01", "2020-02-30", "2020-01-01T00:00:00", "2020-01-01 24:00:00", "2020-01-01x"]
)
def test_no_time(text: str) -> None:
    assert looks_like_time(text)
    with pytest.raises(ValueError, match=r"^no time: "):
        read_time(text)


@pytest.mark.parametrize("text", ["", "x", "2020", "2020-1-1", "x2020-01-01"])
def test_what_does_not_look_like_a_time(text: str) -> None:
    assert not looks_like_time(text)


def test_time_in_a_zone() -> None:
    assert read_time("2020-07-01", "Europe/Berlin") == read_time("2020-06-30T22:00:00Z")
    assert read_time("2020-07-01T00:00:00Z", "Europe/Berlin") == read_time("2020-07-01")
    # Clocks go from 2:00 to 3:00, and from 3:00 back to 2:00.
    assert read_time("2020-03-29 02:30:00", "Europe/Berlin") == read_time("2020-03-29T01:30:00Z")
    assert read_time("2020-10-25 02:30:00", "Europe/Berlin") == read_time("2020-10-25T01:30:00Z")


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "0400-12-31T00:00:00Z", "9999-12-31T23:59:59.5Z"]
)
def test_time_is_written_as_it_is_read(text: str) -> None:
    assert show_time(read_time(text)) == text


def test_numbers() -> None:
    assert [show_float(number) for number in (1.0, 1.5, 1e20, 1e21, 1e-4, 1e-5)] == [
        "1", "1.5", "100000000000000000000", "1e+21", "0.0001", "1e-05",
    ]  # fmt: skip
    assert plain_float(1.2e-10) == "0.00000000012"
