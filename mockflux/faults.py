"""Planned deviations: a clause said out of turn, or a failure of the transport."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from mockflux.profile.clause import Clause

Transport = Literal["reset_before", "reset_after", "truncate"]
TRANSPORTS: tuple[Transport, ...] = ("reset_before", "reset_after", "truncate")


class Fault:
    """One planned deviation.

    It befalls the next ``times`` requests at its ``doors`` (None: for ever). ``clauses`` are said instead of handling
    the request, by door; ``transport`` breaks the transmission; ``delay`` seconds pass before the answer. ``facts``
    are what the clause is filled with (``retry_after``, for one).
    """

    __slots__ = ("clauses", "delay", "doors", "facts", "seen", "times", "transport")

    def __init__(
        self,
        doors: Iterable[str],
        *,
        clauses: Mapping[str, Clause] | None = None,
        transport: Transport | None = None,
        delay: float = 0.0,
        times: int | None = 1,
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.doors = frozenset(doors)
        self.clauses = dict(clauses or {})
        self.transport = transport
        self.delay = delay
        self.times = times
        self.facts = facts or {}
        #: How many requests it has befallen.
        self.seen = 0

    @property
    def clause(self) -> Clause | None:
        """The clause that is said, at the first of its doors; None for a fault of the transport alone."""
        return next(iter(self.clauses.values()), None)

    @property
    def remaining(self) -> int | None:
        """How many requests it will still befall; None for every one."""
        return None if self.times is None else self.times - self.seen

    @property
    def consumed(self) -> bool:
        """Whether it has befallen as many requests as it was planned for."""
        return self.times is not None and self.seen >= self.times

    def __repr__(self) -> str:
        what = [f"{self.clause.status} [{self.clause.key}]"] if self.clause else []
        what += [self.transport] if self.transport else []
        what += [f"delay {self.delay:g} s"] if self.delay else []
        times = "every time" if self.times is None else f"{self.seen} of {self.times} times"
        return f"<Fault {', '.join(what)}: {times}>"


class Plan:
    """The faults of one world, in the order in which they were planned. Safe between threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: Fault) -> Fault:
        """Plan a fault after those already planned."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, door: str) -> Fault | None:
        """The fault that befalls a request at this door now, counted as seen; None if there is none."""
        with self._lock:
            for fault in self._faults:
                if door in fault.doors and not fault.consumed:
                    fault.seen += 1
                    return fault
        return None

    def all(self) -> list[Fault]:
        """Every fault that was planned, consumed ones too."""
        with self._lock:
            return list(self._faults)

    def pending(self) -> list[Fault]:
        """The faults with a number of times that have not all come to pass."""
        return [fault for fault in self.all() if fault.times is not None and not fault.consumed]
