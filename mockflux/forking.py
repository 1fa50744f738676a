"""What becomes of a running server when its process forks: it stays with the parent.

A forked child has copies of the server's sockets and none of its threads. Kept open, they would hold the port, and the
clients that connect to it, after the parent has stopped; and stopping the copy would end the parent's connections. So a
child gives its copies back at once, without a word to any client. It may go on to use what a client needs (``url``,
``token``, ``env()`` ...), which leads to the parent; and it may start servers of its own.
"""

from __future__ import annotations

import os
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
        """What is left of it in a forked child: where the parent listens, and that it is a copy."""
        self.abroad = True
        self.disown()


def _leave_all() -> None:
    for server in list(_LISTENING):
        server.leave()
    _LISTENING.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_leave_all)
