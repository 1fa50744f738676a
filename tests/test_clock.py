"""Real and virtual time."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.clock import Clock, to_ns

NOON = dt.datetime(2024, 2, 29, 12, 0, tzinfo=dt.UTC)
NOON_NS = 1_709_208_000 * 10**9


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The computer's time, in ns, to be set by the test."""
    shows = [NOON_NS + 123_456_789]
    monkeypatch.setattr(time, "time_ns", lambda: shows[0])
    return shows


def test_a_real_clock_shows_the_computers_time(computer: list[int]) -> None:
    clock = Clock()
    assert clock.now() == NOON_NS + 123_456_789
    computer[0] += 5
    assert clock.now() == NOON_NS + 123_456_794
    assert not clock.frozen


def test_a_real_clock_advances_and_runs_on(computer: list[int]) -> None:
    clock = Clock("real")
    clock.advance(60)
    computer[0] += 7
    assert clock.now() == NOON_NS + 60 * 10**9 + 123_456_789 + 7


def test_a_frozen_clock_stands_until_it_is_advanced(computer: list[int]) -> None:
    clock = Clock("frozen")
    computer[0] += 10**9
    assert clock.now() == NOON_NS + 123_456_789
    clock.advance(1.5)
    assert clock.now() == NOON_NS + 1_623_456_789


def test_a_clock_can_stand_at_a_moment_of_any_zone() -> None:
    tokyo = dt.timezone(dt.timedelta(hours=9))
    assert Clock(NOON).now() == NOON_NS
    assert Clock(NOON.astimezone(tokyo)).now() == NOON_NS
    assert Clock(NOON + dt.timedelta(microseconds=1)).now() == NOON_NS + 1000


def test_datetime_is_utc_cut_to_microseconds() -> None:
    clock = Clock(NOON)
    clock.step_to(NOON_NS + 1_999)
    assert clock.datetime() == NOON + dt.timedelta(microseconds=1)
    assert clock.datetime().tzinfo is dt.UTC


def test_freezing_and_resuming(computer: list[int]) -> None:
    clock = Clock()
    clock.freeze()
    computer[0] += 10**9
    assert clock.now() == NOON_NS + 123_456_789
    clock.freeze(NOON - dt.timedelta(days=1))
    assert clock.now() == NOON_NS - 86_400 * 10**9
    clock.resume()
    computer[0] += 3
    assert clock.now() == NOON_NS - 86_400 * 10**9 + 3
    assert not clock.frozen


@pytest.mark.parametrize(
    ("amount", "ns"),
    [
        (0, 0), (1, 10**9), (0.1, 100_000_000), (1e-9, 1), (4e-10, 0), (10**9, 10**18), (0.1 + 0.2, 300_000_000),
        (2.01, 2_010_000_000), (1.9e-9, 2), (6e-10, 1),
        (dt.timedelta(days=1, microseconds=3), 86_400_000_003_000), (dt.timedelta.resolution, 1000),
    ],
)  # fmt: skip
def test_advance_is_exact(amount: float | dt.timedelta, ns: int) -> None:
    clock = Clock(NOON)
    clock.step_to(NOON_NS + 1)  # an odd nanosecond, which a float could not hold
    clock.advance(amount)
    assert clock.now() == NOON_NS + 1 + ns


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_advances_add_up_to_the_nanosecond(microseconds: list[int]) -> None:
    clock = Clock(NOON)
    for amount in microseconds:
        clock.advance(dt.timedelta(microseconds=amount))
    assert clock.now() == NOON_NS + sum(microseconds) * 1000


@pytest.mark.parametrize("mode", ["Real", "", None, 5, NOON.date()])
def test_other_modes_are_refused(mode: Any) -> None:
    with pytest.raises(ValueError, match='a clock is "real", "frozen" or a datetime with a time zone, not'):
        Clock(mode)


def test_a_naive_datetime_is_refused_with_the_remedy() -> None:
    for use in (Clock, Clock("frozen").freeze, to_ns):
        with pytest.raises(ValueError, match=r"^2024-02-29T12:00:00 has no time zone: give it one, as in tzinfo="):
            use(NOON.replace(tzinfo=None))


@pytest.mark.parametrize("amount", [-1, -1e-9, dt.timedelta(seconds=-1)])
def test_a_clock_does_not_go_back(amount: float | dt.timedelta) -> None:
    clock = Clock(NOON)
    with pytest.raises(ValueError, match=r"a clock cannot go back: advance\(.*\) is negative"):
        clock.advance(amount)
    assert clock.now() == NOON_NS


@pytest.mark.parametrize("amount", [float("inf"), float("nan")])
def test_amounts_without_end_are_refused(amount: float) -> None:
    with pytest.raises(ValueError, match=f"a clock cannot advance by {amount} seconds"):
        Clock(NOON).advance(amount)


def test_times_that_influxdb_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="no time before 1677-09-21 or after 2262-04-11"):
        Clock(dt.datetime(2263, 1, 1, tzinfo=dt.UTC))
    clock = Clock(NOON)
    with pytest.raises(ValueError, match="2262-04-11"):
        clock.advance(dt.timedelta(days=300 * 365))
    assert clock.now() == NOON_NS


def test_the_hook_hears_the_target_while_the_clock_still_shows_the_old_time() -> None:
    clock = Clock(NOON)
    heard: list[tuple[int, int]] = []
    clock.on_advance = lambda target: heard.append((target - NOON_NS, clock.now() - NOON_NS))
    clock.advance(2)
    clock.freeze(NOON + dt.timedelta(seconds=5))
    clock.freeze(NOON)  # back: nothing falls due
    assert heard == [(2 * 10**9, 0), (5 * 10**9, 2 * 10**9)]


def test_step_to_never_goes_back(computer: list[int]) -> None:
    for clock in (Clock("real"), Clock("frozen")):
        before = clock.now()
        clock.step_to(before - 1)
        assert clock.now() == before
        clock.step_to(before + 1)
        assert clock.now() == before + 1


def test_advances_of_many_threads_add_up() -> None:
    clock = Clock(NOON)
    clock.on_advance = lambda _: time.sleep(0.0005)

    def advance() -> None:
        for _ in range(10):
            clock.advance(1)

    threads = [threading.Thread(target=advance) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == NOON_NS + 80 * 10**9
