"""What times mean in one batch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux.lineprotocol import Line
from mockflux.writing.timing import INT64, Timing, by_size

S, MS, US = 10**9, 10**6, 10**3


def line(time: int | None) -> Line:
    return Line(1, b"", "m", (), (), time)


@pytest.mark.parametrize(
    ("multiplier", "time", "ns", "word"),
    [
        (1, 5, 5, "nanosecond"), (US, 5, 5_000, "microsecond"), (MS, -5, -5_000_000, "millisecond"),
        (S, 5, 5_000_000_000, "second"), (0, 5, 5_000_000_000, "auto"), (60 * S, 1, 60 * S, ""),
    ],
)  # fmt: skip
def test_a_timestamp_is_so_many_units(multiplier: int, time: int, ns: int, word: str) -> None:
    timing = Timing(multiplier, 77)
    assert timing.of(line(time)) == ns
    assert timing.precision == word


@pytest.mark.parametrize("multiplier", [0, 1, S])
def test_a_line_without_one_gets_the_default(multiplier: int) -> None:
    assert Timing(multiplier, 77).of(line(None)) == 77


@pytest.mark.parametrize(
    ("time", "unit"),
    [
        (0, S), (1, S), (4_999_999_999, S), (-4_999_999_999, S), (5_000_000_000, MS), (-5_000_000_000, MS),
        (4_999_999_999_999, MS), (5_000_000_000_000, US), (4_999_999_999_999_999, US), (5_000_000_000_000_000, 1),
        (-5_000_000_000_000_000, 1), (2**63 - 1, 1), (-(2**63), 1),
    ],
)  # fmt: skip
def test_the_size_tells_the_unit(time: int, unit: int) -> None:
    assert by_size(time) == unit
    assert Timing(0, 0).of(line(time)) == time * unit


@given(st.integers(-(2**63), 2**63 - 1))
def test_what_the_size_tells_can_always_be_stored(time: int) -> None:
    assert Timing(0, 0).of(line(time)) in INT64


def test_a_time_that_64_bits_do_not_hold_is_told_as_it_is() -> None:
    assert Timing(S, 0).of(line(2**62)) == 2**62 * S
    assert Timing(S, 0).of(line(2**62)) not in INT64
    assert Timing(S, 0).of(line(9_223_372_036)) in INT64
    assert Timing(S, 0).of(line(9_223_372_037)) not in INT64
