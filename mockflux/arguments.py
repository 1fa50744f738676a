"""Arguments of the public door, checked: misuse gets one sentence that says what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from mockflux.lineprotocol import to_bytes

__tracebackhide__ = True  # as in public.py


def text(name: str, value: Any) -> str:
    """A name or a secret. Raises TypeError unless it is a string, ValueError if it is empty."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r}: expected a string")
    if not value:
        raise ValueError(f"{name} must not be empty; leave it out for the default")
    return value


def optional_text(name: str, value: Any) -> str | None:
    """The same, or None."""
    return None if value is None else text(name, value)


def credential(name: str, value: Any) -> str | None:
    """A token, or None. Raises TypeError unless it is a string, ValueError for one that no header can carry."""
    secret = optional_text(name, value)
    if secret is not None and re.fullmatch(r"[!-~]+", secret) is None:
        raise ValueError(f"{name}={secret!r}: expected visible ASCII characters without blanks, as headers carry them")
    return secret


def flag(name: str, value: Any) -> bool:
    """Yes or no. Raises TypeError for anything else."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}={value!r}: expected True or False")
    return value


def count(name: str, value: Any) -> int | None:
    """A number of things, or None. Raises TypeError unless it is a whole number, ValueError if it is below 0."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}={value!r}: expected a whole number")
    if value < 0:
        raise ValueError(f"{name}={value}: expected 0 or more")
    return value


def address(host: Any, port: Any) -> tuple[str, int]:
    """Where to listen. Raises TypeError or ValueError for what is no host or port."""
    if not isinstance(port, int) or isinstance(port, bool):
        raise TypeError(f"port={port!r}: expected a whole number, 0 for any that is free")
    if not 0 <= port <= 65535:
        raise ValueError(f"port={port}: expected one up to 65535, or 0 for any that is free")
    return text("host", host), port


def nanoseconds(name: str, span: Any) -> int:
    """A span of time in ns, 0 for None (for ever).

    Raises TypeError unless it is a number of seconds or a timedelta, ValueError unless it is above zero and finite.
    """
    if span is None:
        return 0
    if isinstance(span, bool) or not isinstance(span, int | float | timedelta):
        raise TypeError(f"{name}={span!r}: expected seconds or a timedelta, or None for ever")
    exact = timedelta(0)
    if isinstance(span, timedelta):
        exact = span
    elif 0 < span < timedelta.max.total_seconds():
        exact = timedelta(seconds=span)
    if exact <= timedelta(0):
        raise ValueError(f"{name}={span!r}: expected seconds or a timedelta above zero, or None for ever")
    return (exact // timedelta(microseconds=1)) * 1_000


def names(name: str, value: Any, things: str) -> list[str]:
    """Several names of such ``things``, or a single one. Raises TypeError for anything else."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, bytes):
        raise TypeError(f"{name}={value!r}: expected names of {things}")
    return [text(name, entry) for entry in value]


def moment(name: str, at: Any) -> int | None:
    """A datetime in ns since the epoch, None for None. Raises TypeError for anything else, ValueError for one without
    time zone."""
    if at is None:
        return None
    if not isinstance(at, datetime):
        raise TypeError(f"{name}={at!r}: expected a datetime with a time zone")
    if at.utcoffset() is None:
        raise ValueError(f"{name}={at.isoformat()} has no time zone: give it one, as in tzinfo=datetime.UTC")
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1_000


def body(lines: Any) -> bytes:
    """Line protocol as bytes: a text, a Point of a client library, or several. Raises TypeError for anything else."""
    if isinstance(lines, str | bytes):
        return to_bytes(lines) if isinstance(lines, str) else lines
    if isinstance(lines, Iterable):
        return b"\n".join(body(line) for line in lines)
    if callable(convert := getattr(lines, "to_line_protocol", None)):  # a Point of InfluxDB's own clients
        return body(convert())
    raise TypeError(f"expected line protocol as text, bytes, a client's Point, or several of these, not {lines!r:.80}")


def seconds(name: str, value: Any) -> float:
    """A time to wait. Raises TypeError unless it is a number, ValueError unless it is 0 or more and finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}={value!r}: expected seconds")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}={value!r}: expected seconds, 0 or more")
    return float(value)
