"""The end of a program that serves, asked for by a signal. Imports nothing heavy, to be there from the start."""

from __future__ import annotations

import queue
import signal
from typing import Any


class Ending:
    """Signals that ask for the end, kept until someone waits for them: SIGINT, SIGTERM, and that the terminal closes.

    A context manager for the main thread; within it these signals interrupt nothing, so that no clean-up is cut short.
    """

    def __init__(self) -> None:
        # put() of a SimpleQueue, unlike Event.set(), may interrupt get() in the same thread, as signal handlers do.
        self._asked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Ending:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):  # nohup
                continue
            self._former[number] = signal.signal(number, lambda got, frame: self._asked.put(got))
        return self

    def __exit__(self, *_: object) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def wait(self) -> None:
        """Return once one of the signals has come, at once if it came before."""
        while True:
            try:
                self._asked.get(timeout=0.5)  # on Windows a signal does not wake it
                return
            except queue.Empty:
                continue
