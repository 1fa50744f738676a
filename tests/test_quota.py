"""What may be written within a window of time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux.quota import Quota

SECOND = 10**9
#: A moment at which a window of 300 seconds begins.
START = 1_714_564_800 * SECOND


def test_no_limit() -> None:
    quota = Quota(300, 0, 0)
    assert {quota.take(START, 10**12) for _ in range(1000)} == {None}


def test_requests() -> None:
    quota = Quota(300, 2, 0)
    assert [quota.take(START + n, 10**12) for n in range(4)] == [None, None, 300, 300]


def test_bytes_up_to_the_limit() -> None:
    quota = Quota(300, 0, 100)
    assert [quota.take(START, size) for size in (60, 40, 0, 1)] == [None, None, None, 300]


def test_what_finds_no_room_does_not_count() -> None:
    quota = Quota(300, 2, 100)
    assert [quota.take(START, size) for size in (60, 41, 40, 0)] == [None, 300, None, 300]


def test_more_than_a_window_takes_is_never_taken() -> None:
    quota = Quota(300, 0, 100)
    assert [quota.take(START + n * 300 * SECOND, 101) for n in range(3)] == [300, 300, 300]


@pytest.mark.parametrize(
    ("passed", "wait"),
    [
        (0, 300),
        (1, 300),  # a part of a second counts as a whole one
        (SECOND - 1, 300),
        (SECOND, 299),
        (100 * SECOND, 200),
        (299 * SECOND, 1),
        (300 * SECOND - 1, 1),
    ],
)
def test_the_wait_is_to_the_end_of_the_window(passed: int, wait: int) -> None:
    quota = Quota(300, 1, 0)
    assert quota.take(START, 1) is None
    assert quota.take(START + passed, 1) == wait


def test_a_new_window_is_empty() -> None:
    quota = Quota(300, 1, 0)
    assert quota.take(START + 299 * SECOND, 1) is None
    assert quota.take(START + 300 * SECOND, 1) is None, "windows are fixed, not counted from the first write"
    assert quota.take(START + 599 * SECOND, 1) == 1


def test_windows_are_counted_from_the_epoch() -> None:
    quota = Quota(7, 1, 0)
    assert quota.take(6 * SECOND, 1) is None
    assert quota.take(7 * SECOND, 1) is None
    assert quota.take(13 * SECOND, 1) == 1


def test_a_window_before_the_epoch() -> None:
    quota = Quota(300, 1, 0)
    assert quota.take(-1, 1) is None
    assert quota.take(-1, 1) == 1
    assert quota.take(0, 1) is None


def test_nobody_gets_in_twice_between_threads() -> None:
    quota = Quota(300, 100, 0)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: quota.take(START, 1), range(400)))
    assert (waits.count(None), waits.count(300)) == (100, 300)


def test_who_asks_late_for_a_window_that_is_over_does_not_begin_the_next_anew() -> None:
    """As a thread does that read the time and was held up."""
    quota = Quota(300, 1, 0)
    assert quota.take(START + 300 * SECOND, 1) is None
    assert quota.take(START + 299 * SECOND, 1) is None
    assert quota.take(START + 300 * SECOND, 1) == 300


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), max_size=60))
def test_no_window_ever_holds_more_than_the_limits(steps: list[tuple[int, int]]) -> None:
    """Writes of sizes, each some seconds after the one before, against a window of 30 s, 5 requests, 100 bytes."""
    quota, now, taken = Quota(30, 5, 100), 0, dict[int, list[int]]()
    for seconds, size in steps:
        now += seconds * SECOND
        window = taken.setdefault(now // (30 * SECOND), [])
        wait = quota.take(now, size)
        fits = len(window) < 5 and sum(window) + size <= 100
        assert (wait is None) == fits
        if wait is None:
            window.append(size)
        else:
            assert (now + wait * SECOND) % (30 * SECOND) == 0, "after the wait a new window begins"


def test_a_clock_that_goes_back_and_forth_finds_its_windows_as_they_were() -> None:
    quota = Quota(300, 1, 0)
    assert quota.take(START, 1) is None
    assert quota.take(START - SECOND, 1) is None
    assert quota.take(START + SECOND, 1) == 299
    assert quota.take(START - 2 * SECOND, 1) == 2
