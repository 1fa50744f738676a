"""What will happen at a world time: queued writes, deletes, quota windows, expiries, tasks.

There is no background thread. Whoever looks at the world (a request, an inspection) first works off what has
fallen due: ``if now >= due.next: due.run(now)``.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

#: How many entries one settle() may find added on the way before it takes them for an endless chain.
_PATIENCE = 100_000


class Entry:
    """One thing to happen: at ``at`` (ns since the epoch), told to people as ``label``.

    ``settles`` says that :meth:`Due.settle` may do it early: true for work that is only late (a queued write), false
    for what belongs to its time (a quota window, an expiry, a task).
    """

    __slots__ = ("at", "label", "order", "run", "settles")

    def __init__(self, at: int, order: int, run: Callable[[int], object], label: str, settles: bool) -> None:
        self.at = at
        self.order = order
        self.run = run
        self.label = label
        self.settles = settles

    def __lt__(self, other: Entry) -> bool:
        return (self.at, self.order) < (other.at, other.order)

    def __repr__(self) -> str:
        return f"<Entry {self.label!r} at {self.at}{'' if self.settles else ', stays'}>"


class Due:
    """A heap of entries, worked off in the order of their times, among equals in the order in which they were added.

    Threads: an entry is run by one thread only, and one after the other: who comes while another works waits until
    that is done, and so sees all of it. An entry may itself add, cancel or run; it must not wait for another thread
    that does. Adding and cancelling never wait for an entry that runs.

    An entry that raises is gone, its error goes to the caller, the others stay.
    """

    def __init__(self) -> None:
        #: The time of the first entry in ns; infinity when there is none; minus infinity while entries run, so that
        #: who comes meanwhile calls run() and waits. Cheap to compare on every request.
        self.next: float = math.inf
        self._settling: list[Entry] = []  # two heaps, so that settle() finds its own without a search
        self._staying: list[Entry] = []
        self._orders = count()
        self._added = 0
        self._depth = 0  # of runs inside runs
        self._heaps = threading.Lock()  # held for a moment
        self._running = threading.RLock()  # held while entries run

    def add(self, at: int, run: Callable[[int], object], label: str, *, settles: bool = True) -> Entry:
        """Plans ``run(at)`` for the time ``at`` (ns), which may have passed already. Returns what can be cancelled."""
        with self._heaps:
            entry = Entry(at, next(self._orders), run, label, settles)
            heapq.heappush(self._settling if settles else self._staying, entry)
            self._added += 1
            self._note_next()
        return entry

    def cancel(self, entry: Entry) -> bool:
        """Takes an entry back. False if it is not there: done, being done, or cancelled before."""
        with self._heaps:
            heap = self._settling if entry.settles else self._staying
            if entry not in heap:
                return False
            heap.remove(entry)
            heapq.heapify(heap)
            self._note_next()
        return True

    def run(self, now: int, *, step: Callable[[int], object] | None = None) -> int:
        """Does in order all that is due at ``now`` (ns), including what that adds; returns how many.

        Each entry is called with its own time; before that ``step`` is, so that a clock can go along.
        """
        done = 0
        with self._at_work():
            while (entry := self._take_due(now)) is not None:
                if step is not None:
                    step(entry.at)
                done += 1
                entry.run(entry.at)
        return done

    def settle(self) -> int:
        """Does now, in order, all entries that settle, whatever their time, including those they add; returns how
        many. Each is called with the time for which it was planned.

        Raises RuntimeError when they keep adding new ones without end.
        """
        done = 0
        with self._at_work():
            limit = self._added + _PATIENCE
            while (entry := self._take_settling()) is not None:
                done += 1
                entry.run(entry.at)
                if self._added > limit:
                    raise RuntimeError(f"settle() finds no end: {entry.label!r} and the like keep adding new entries")
        return done

    def pending(self) -> list[Entry]:
        """What is still to happen, in order."""
        with self._heaps:
            return sorted(self._settling + self._staying)

    def clear(self) -> None:
        """Forgets everything."""
        with self._heaps:
            self._settling.clear()
            self._staying.clear()
            self._note_next()

    def __len__(self) -> int:
        return len(self._settling) + len(self._staying)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._running:
            self._depth += 1
            try:
                yield
            finally:
                with self._heaps:
                    self._depth -= 1
                    self._note_next()

    def _take_due(self, now: int) -> Entry | None:
        with self._heaps:
            heap = self._first_heap()
            if not heap or heap[0].at > now:
                return None
            return self._pop(heap)

    def _take_settling(self) -> Entry | None:
        with self._heaps:
            return self._pop(self._settling) if self._settling else None

    def _pop(self, heap: list[Entry]) -> Entry:
        entry = heapq.heappop(heap)
        self._note_next()  # in the same moment as the entry leaves the heap
        return entry

    def _first_heap(self) -> list[Entry]:
        """The heap with the first entry of all."""
        if not self._staying or (self._settling and self._settling[0] < self._staying[0]):
            return self._settling
        return self._staying

    def _note_next(self) -> None:
        heap = self._first_heap()
        if self._depth:
            self.next = -math.inf
        else:
            self.next = heap[0].at if heap else math.inf
