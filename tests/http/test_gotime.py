"""Times as Go reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux.http.gotime import read_rfc3339nano
from mockflux.profile.template import rfc3339nano

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:00,000000001Z", 1),
        ("1970-01-01T00:00:00.0000000019Z", 1),
        ("1970-01-01T5:00:00Z", 5 * 3600 * SECOND),
        ("1970-01-01T02:30:00+02:30", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-02T00:00:00+24:00", 0),
        ("1970-01-01T01:00:00+00:60", 0),
        ("1677-09-21T00:12:43.145224194Z", -(2**63) + 2),
        ("2262-04-11T23:47:16.854775806Z", 2**63 - 2),
        ("2000-02-29T00:00:00Z", 951_782_400 * SECOND),
        ("0000-02-29T00:00:00Z", -62_162_121_600 * SECOND),
        ("9999-12-31T23:59:59Z", 253_402_300_799 * SECOND),
    ],
)
def test_what_is_a_time(text: str, time: int) -> None:
    assert read_rfc3339nano(text) == time


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01t00:00:00Z",
        "2024-01-01T00:00:00z", "2024-01-01T00:00:00.Z", "2024-01-01T00:00Z", "2024-1-01T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T23:59:60Z", "2024-01-01T00:00:00+0000",
        "2024-01-01T00:00:00+25:00", "2024-01-01T00:00:00+00:61", "2024-01-01T00:00:00Z ", " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z\n", "+2024-01-01T00:00:00Z", "٢٠٢٤-01-01T00:00:00Z", "now()",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert read_rfc3339nano(text) is None


@given(st.integers(-(2**63), 2**63 - 1))
def test_what_we_write_is_read(time: int) -> None:
    assert read_rfc3339nano(rfc3339nano(time)) == time


@given(st.text(st.sampled_from("0123456789-:TZ+.,")) | st.text())
def test_whatever_comes_is_a_time_or_none(text: str) -> None:
    assert isinstance(read_rfc3339nano(text), int | None)
