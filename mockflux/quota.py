"""What may be written within a window of time, counted for one world."""

from __future__ import annotations

import threading
from collections import OrderedDict

#: How many windows are remembered: the clock may be set back, and a thread may ask late for one that is over.
_REMEMBERED = 1_000


class Quota:
    """Requests and bytes of writes within fixed windows of ``window`` seconds of the world's time, 0 for no limit.

    The windows are counted from the epoch, so that they are the same for all who ask.
    """

    def __init__(self, window: int, requests: int, bytes: int) -> None:
        self._window = window * 10**9
        self._requests, self._bytes = requests, bytes
        self._lock = threading.Lock()
        #: Requests and bytes of each window, by its beginning.
        self._used: OrderedDict[int, tuple[int, int]] = OrderedDict()

    def take(self, now: int, size: int) -> int | None:
        """Counts a write of so many bytes at a time (ns); the whole seconds until the window ends, 1 or more, if there
        is no room for it in this one: then it does not count."""
        begun = now - now % self._window
        with self._lock:
            requests, used = self._used.get(begun, (0, 0))
            requests, used = requests + 1, used + size
            if (self._requests and requests > self._requests) or (self._bytes and used > self._bytes):
                return max(1, -(-(begun + self._window - now) // 10**9))
            self._used[begun] = requests, used
            if len(self._used) > _REMEMBERED:
                self._used.popitem(last=False)
            return None
