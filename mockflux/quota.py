"""What may be written within a window of time, counted for one world."""

from __future__ import annotations

import threading


class Quota:
    """Requests and bytes of writes within fixed windows of ``window`` seconds of the world's time, 0 for no limit.

    The windows are counted from the epoch, so that they are the same for all who ask.
    """

    def __init__(self, window: int, requests: int, bytes: int) -> None:
        self._window = window * 10**9
        self._requests, self._bytes = requests, bytes
        self._lock = threading.Lock()
        self._begun = 0
        self._used_requests = self._used_bytes = 0

    def take(self, now: int, size: int) -> int | None:
        """Counts a write of so many bytes at a time (ns); the whole seconds until the window ends, 1 or more, if there
        is no room for it in this one: then it does not count."""
        with self._lock:
            begun = now - now % self._window
            if begun != self._begun:
                self._begun, self._used_requests, self._used_bytes = begun, 0, 0
            requests, used = self._used_requests + 1, self._used_bytes + size
            if (self._requests and requests > self._requests) or (self._bytes and used > self._bytes):
                return max(1, -(-(begun + self._window - now) // 10**9))
            self._used_requests, self._used_bytes = requests, used
            return None
