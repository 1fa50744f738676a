"""The time of one world: the computer's, or one that only moves when it is told to.

All times are whole nanoseconds since 1970-01-01 UTC and all arithmetic is on integers, because a float cannot hold
the nanoseconds of today.
"""

from __future__ import annotations

import datetime as dt
import sys
import threading
import time
from collections.abc import Callable
from typing import Literal

_MICROSECOND = dt.timedelta(microseconds=1)
_SECOND = 10**9
#: What InfluxDB can give to a point (int64 ns without the values it reserves): 1677-09-21 to 2262-04-11.
EARLIEST, LATEST = -(2**63) + 2, 2**63 - 2


class Clock:
    """Real or virtual time.

    ``mode`` is ``"real"`` (time runs, from the computer's), ``"frozen"`` (it stands at this moment) or an aware
    datetime (it stands there). Raises ValueError for anything else. ``tick`` sets :attr:`tick`.

    ``on_advance`` is called with the time to which the clock is about to move on, while it still shows the old one.
    Whoever keeps what falls due hooks in here, works it off in order and takes the clock along from one to the next
    with :meth:`step_to`::

        clock.on_advance = lambda target: due.run(target, step=clock.step_to)
    """

    def __init__(
        self, mode: Literal["real", "frozen"] | dt.datetime = "real", tick: float | dt.timedelta | None = None
    ) -> None:
        #: The ns by which each request advances the clock: see :attr:`tick`.
        self.ticks = 0
        self.tick = 0 if tick is None else tick
        self.on_advance: Callable[[int], object] | None = None
        self._moving = threading.RLock()  # two threads that advance by a second make two seconds
        self._offset = 0
        self._stands_at: int | None = None
        if isinstance(mode, dt.datetime):
            self._stands_at = to_ns(mode)
        elif mode == "frozen":
            self._stands_at = time.time_ns()
        elif mode != "real":
            raise ValueError(f'a clock is "real", "frozen" or a datetime with a time zone, not {mode!r}')

    @property
    def frozen(self) -> bool:
        """Whether time stands."""
        return self._stands_at is not None

    def now(self) -> int:
        """The time in nanoseconds since the epoch."""
        # Read once: another thread may freeze or move the clock in between. The module's attribute is looked up on
        # each call so that tools that replace time.time_ns reach this clock too.
        stands_at = self._stands_at
        return time.time_ns() + self._offset if stands_at is None else stands_at

    def datetime(self) -> dt.datetime:
        """The time as an aware datetime in UTC, cut to whole microseconds."""
        return _epoch() + dt.timedelta(microseconds=self.now() // 1000)

    @property
    def tick(self) -> float | dt.timedelta:
        """By how many seconds each request advances the clock, before it is handled; 0: not at all. Set it to seconds
        or a timedelta. Raises ValueError for a negative or not finite amount."""
        return self.ticks / _SECOND

    @tick.setter
    def tick(self, seconds: float | dt.timedelta) -> None:
        try:
            self.ticks = _amount(seconds)
        except (TypeError, ValueError) as error:
            raise type(error)(f"tick={seconds!r}: {error}") from None

    def tick_on(self) -> None:
        """Advances by :attr:`tick`, as :meth:`advance` does. Called once per request."""
        with self._moving:
            self._move_on(_storable(self.now() + self.ticks))

    def advance(self, seconds: float | dt.timedelta) -> None:
        """Moves on by that much, exactly; a real clock runs on from there.

        What falls due on the way happens in order, each thing at its own time (``on_advance``); if one of them
        raises, the clock stays where it happened. Raises ValueError for a negative or not finite amount.
        """
        amount = _amount(seconds)
        with self._moving:
            self._move_on(_storable(self.now() + amount))

    def freeze(self, at: dt.datetime | None = None) -> None:
        """Stops time here, or at a moment: what falls due until then happens first. Earlier moments are allowed."""
        target = None if at is None else to_ns(at)
        with self._moving:
            self._stands_at = self.now()
            if target is None:
                return
            if target > self._stands_at:
                self._move_on(target)
            else:
                self._stands_at = target

    def resume(self) -> None:
        """Lets time run again, from where it stands."""
        with self._moving:
            if self._stands_at is not None:
                self._offset = self._stands_at - time.time_ns()
                self._stands_at = None

    def step_to(self, at: int) -> None:
        """Moves on to ``at`` (ns) without working anything off. Never goes back: does nothing if ``at`` has passed.

        For ``on_advance``; elsewhere it would wait for a thread that advances.
        """
        with self._moving:
            if self._stands_at is not None:
                self._stands_at = max(self._stands_at, at)
            else:
                self._offset += max(0, at - self.now())

    def _move_on(self, target: int) -> None:
        if self.on_advance is not None:
            self.on_advance(target)
        self.step_to(target)

    def __repr__(self) -> str:
        return f"<Clock {'frozen at' if self.frozen else 'running,'} {self.datetime().isoformat()}>"


def _patience() -> Callable[[], float]:
    if sys.platform != "win32":
        read, which = time.clock_gettime, time.CLOCK_MONOTONIC
        return lambda: read(which)
    monotonic = time.monotonic
    return lambda: monotonic()


#: Seconds that pass even while a test makes ``time`` stand still: for how long to wait for another thread or a client.
#: Not the function of ``time`` itself: freezegun replaces it wherever a module has it by a name of its own.
patience = _patience()


def _epoch() -> dt.datetime:
    # Made when it is needed: made with the module, it would stay freezegun's kind of datetime for good where the first
    # world of a process is made while freezegun makes time stand.
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def to_ns(at: dt.datetime) -> int:
    """A datetime as nanoseconds since the epoch. Raises ValueError where it has no time zone or InfluxDB cannot
    store it, TypeError for anything else."""
    if not isinstance(at, dt.datetime):
        raise TypeError(f"expected a datetime with a time zone, not {at!r}")
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone: give it one, as in tzinfo=datetime.UTC")
    return _storable((at - _epoch()) // _MICROSECOND * 1000)


def _storable(ns: int) -> int:
    if not EARLIEST <= ns <= LATEST:
        raise ValueError("InfluxDB has no time before 1677-09-21 or after 2262-04-11, so a clock cannot go there")
    return ns


def _amount(seconds: float | dt.timedelta) -> int:
    """Nanoseconds, to the nearest, for any number of seconds."""
    if isinstance(seconds, dt.timedelta):
        amount = seconds // _MICROSECOND * 1000
    elif isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"a clock advances by seconds or a timedelta, not by {seconds!r}")
    else:
        try:
            above, below = seconds.as_integer_ratio()
        except (OverflowError, ValueError):  # infinity, nan
            raise ValueError(f"a clock cannot advance by {seconds} seconds") from None
        amount = (2 * above * _SECOND + below) // (2 * below)
    if amount < 0:
        raise ValueError(f"a clock cannot go back: advance({seconds!r}) is negative")
    return amount
