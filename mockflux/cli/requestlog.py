"""The request log of a served edition: one line on stderr per exchange, with the clause that answered it."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from mockflux.profile.template import rfc3339nano

if TYPE_CHECKING:
    from mockflux.journal import Exchange


def log_line(exchange: Exchange, label: str = "") -> str:
    """An exchange in one line: world time, method, target (credentials masked), status, clause, verdict, sizes.

    ``label`` tells servers apart that share a log.
    """
    reply, fault, verdict, cut = exchange.reply, exchange.fault, exchange.verdict, exchange.cut
    parts = [_milliseconds(exchange.time), *([label] if label else []), exchange.method, exchange.request.target]
    parts.append(str(exchange.status) if exchange.status else "no answer")
    if exchange.clause:
        parts.append(f"[{exchange.clause}]")
    if verdict is not None:
        parts.append(f"{verdict.accepted} accepted, {exchange.rejected} rejected,")
        if exchange.dropped:
            parts.append(f"{exchange.dropped} dropped,")
    parts.append(f"{exchange.request.length} B in, {len(reply.body) + cut.reply if reply else 0} B out")
    if verdict is not None and verdict.rejections:
        first = verdict.rejections[0]
        parts.append(f"- line {first.number}: {first.text}")
    if exchange.hint:
        parts.append(f"- {exchange.hint}")
    if fault is not None:
        parts.append(f"- PLANNED FAULT{f' ({fault.transport})' if fault.transport else ''}")
    if not exchange.simulated:
        parts.append("- NOT SIMULATED: the real server answers this, mockflux does not")
    if exchange.error:
        parts.append("- ERROR in mockflux, please report it:")
    return _printable(exchange.without_secrets(" ".join(parts)))


def _milliseconds(ns: int) -> str:
    """A time as InfluxDB's own log has it, always with three decimals: columns stay in line."""
    return f"{rfc3339nano(ns - ns % 10**9)[:-1]}.{ns % 10**9 // 10**6:03d}Z"


def _printable(text: str) -> str:
    """What a client sent must not be able to break the line or to steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def observer(stream: TextIO | None, label: str = "") -> Callable[[Exchange], None]:
    """What to set as ``journal.on_close`` to have each exchange written to ``stream``; None: there is none.

    A log that nobody can read must not cost a client its answer: what cannot be written is left out. So is what would
    have to wait, as for a pipe that is full because nobody empties it.
    """
    lock = threading.Lock()
    outlet = None if stream is None else _Outlet(stream)

    def write(exchange: Exchange) -> None:
        if outlet is None:
            return
        text = log_line(exchange, label) + "\n"
        if exchange.error:
            text += exchange.error
        # ValueError: the stream has been closed.
        with lock, contextlib.suppress(OSError, ValueError):
            outlet.write(text)

    return write


#: Seconds for whoever reads the log to make room.
_PATIENCE = 0.5
#: Bytes that a pipe takes at once if it takes any (select.PIPE_BUF is at least 512).
_PIECE = getattr(select, "PIPE_BUF", 512)


class _Outlet:
    """A stream to which lines go whole and at once. One that has a file gets them there past its buffer: what could
    not be written would stay in the buffer and fail again when the interpreter ends."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._keeps_up = True
        self._left_off = False
        self._file: int | None = None
        if os.name == "posix":
            with contextlib.suppress(OSError, ValueError, AttributeError):
                self._file = stream.fileno()

    def write(self, text: str) -> None:
        """Write and flush. Raises OSError and ValueError, as streams do."""
        if self._file is None:
            self._stream.write(text)
            self._stream.flush()
            return
        self._stream.flush()  # raises ValueError if it has been closed: the file may be another one by now
        data = text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        if self._left_off:  # in the middle of a line
            data = b"\n" + data
        while data and self._has_room(self._file):
            data = data[os.write(self._file, data[:_PIECE]) :]
            self._left_off = bool(data)

    def _has_room(self, file: int) -> bool:
        """Whether it takes some bytes now, or soon: who let one line wait in vain is not waited for again."""
        poll = select.poll()
        poll.register(file, select.POLLOUT)
        self._keeps_up = bool(poll.poll(_PATIENCE * 1000 if self._keeps_up else 0))
        return self._keeps_up
