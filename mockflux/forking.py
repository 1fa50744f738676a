"""What becomes of a running server when its process forks: it stays with the parent.

A forked child has copies of the server's sockets and none of its threads. Kept open, they would hold the port, and the
clients that connect to it, after the parent has stopped; and stopping the copy would end the parent's connections. So a
child gives its copies back at once, without a word to any client. It may go on to use what a client needs (``url``,
``token``, ``env()`` ...), which leads to the parent; and it may start servers of its own.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from mockflux.server import SocketServer

#: The servers of this process that listen. Not state of any world: a fork has to find them.
_LISTENING: set[Stationary] = set()


class Stationary(SocketServer):
    """A socket server that stays in the process that started it; ``abroad`` tells that this is a copy in a child."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.abroad = False

    def start(self) -> None:
        _LISTENING.add(self)
        try:
            super().start()
        except BaseException:
            _LISTENING.discard(self)
            raise

    def stop(self) -> None:
        _LISTENING.discard(self)
        super().stop()

    def leave(self) -> None:
        """Give up the copies of a forked child. ``port`` stays as it is, and ``stop()`` does nothing from now on."""
        self.abroad = True
        # No shutdown: it would reach through to the parent's clients. And no lock: who held it is not here any more.
        # It may have been about to start or to stop, so some of them may not be there.
        ends = [self._listener, getattr(self, "_bell", None), *self._open]
        self._listener = None
        self._open.clear()
        self._finished.clear()
        self._lock = threading.Lock()
        for end in filter(None, ends):
            end.close()


def _leave_all() -> None:
    for server in list(_LISTENING):
        server.leave()
    _LISTENING.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_leave_all)
