"""The request log of a served edition: one line on stderr per exchange, with the clause that answered it."""

from __future__ import annotations

import contextlib
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
    reply, fault, verdict = exchange.reply, exchange.fault, exchange.verdict
    parts = [_milliseconds(exchange.time), *([label] if label else []), exchange.method, exchange.request.target]
    parts.append(str(exchange.status) if exchange.status else "no answer")
    if exchange.clause:
        parts.append(f"[{exchange.clause}]")
    if verdict is not None:
        parts.append(f"{verdict.accepted} accepted, {len(verdict.rejections)} rejected,")
        if verdict.dropped:
            parts.append(f"{len(verdict.dropped)} dropped,")
    parts.append(f"{exchange.request.length} B in, {len(reply.body) if reply else 0} B out")
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
    return _printable(" ".join(parts))


def _milliseconds(ns: int) -> str:
    """A time as InfluxDB's own log has it, always with three decimals: columns stay in line."""
    return f"{rfc3339nano(ns - ns % 10**9)[:-1]}.{ns % 10**9 // 10**6:03d}Z"


def _printable(text: str) -> str:
    """What a client sent must not be able to break the line or to steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def observer(stream: TextIO, label: str = "") -> Callable[[Exchange], None]:
    """What to set as ``journal.on_close`` to have each exchange written to ``stream``. It never raises."""
    lock = threading.Lock()

    def write(exchange: Exchange) -> None:
        text = log_line(exchange, label) + "\n"
        if exchange.error:
            text += exchange.error
        # ValueError: the stream has been closed. A log that nobody reads must not cost a client its answer.
        with lock, contextlib.suppress(OSError, ValueError):
            stream.write(text)
            stream.flush()

    return write
