"""The heads that one connection has sent before: a client says nearly the same with every request."""

from __future__ import annotations

from mockflux.server.wire import Head, read_head

#: How many are remembered, and how many bytes a head may have for that.
_MOST, _LONGEST = 32, 4096


class Heads:
    """Reads the heads of one connection, each different one once.

    Requests with the same head share its list of headers, also in the journal. Nobody alters it.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int, int], Head] = {}

    def read(self, raw: bytes, max_headers: int, max_target: int) -> Head:
        """What :func:`mockflux.server.wire.read_head` says. Raises Unreadable."""
        key = raw, max_headers, max_target
        head = self._known.get(key)
        if head is None:
            head = read_head(raw, max_headers, max_target)
            if len(raw) <= _LONGEST:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[key] = head
        else:
            head.again = True
        return head
