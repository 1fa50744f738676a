"""What has been accepted and is not done yet: writes and deletes of an edition that queues them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from mockflux.clock import Clock
from mockflux.due import Due, Entry


class Queue:
    """Work that is done ``delay`` ns of the world's time after it was accepted, in its order for each bucket."""

    def __init__(self, due: Due, clock: Clock, delay: int) -> None:
        self._due, self._clock, self._delay = due, clock, delay
        self._lock = threading.Lock()
        self._last: dict[Hashable, Entry] = {}  # of each bucket, while it is to be done

    def add(self, bucket: Hashable, run: Callable[[int], object], label: str) -> None:
        """Plan ``run(now)`` for the bucket, behind what is planned for it already. ``label`` is for people.

        ``now`` (ns) is the time at which it happens: that for which it was planned, or an earlier one if it is settled
        before.
        """

        def do(planned: int) -> None:
            with self._lock:
                if self._last.get(bucket) is entry:  # nothing is planned behind it
                    del self._last[bucket]
            run(min(planned, self._clock.now()))

        # One lock for time and place in the heap: who was accepted first is first.
        with self._lock:
            at, last = self._clock.now() + self._delay, self._last.get(bucket)
            entry = self._due.add(at if last is None else max(at, last.at), do, label)
            self._last[bucket] = entry
