"""Lengths of time in InfluxQL: read and written as influxd does it (influxql parser.go)."""

from __future__ import annotations

import re

from mockflux.influxql.numbers import read_integer, wrapped

_UNITS = {
    "ns": 1,
    "u": 1_000,
    "µ": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
_PART = re.compile("([0-9]+)(ns|ms|[uµsmhdw])")
_SHOWN = ("w", "d", "h", "m", "s", "ms", "u")
INVALID = "invalid duration"


def read_duration(text: str) -> int:
    """The length of ``1h30m`` and the like in ns; sums that leave 64 bits wrap around. Raises ValueError with the words
    for what is wrong."""
    total = at = 0
    negative = text.startswith("-")
    at += negative
    match = None
    while at < len(text):
        match = _PART.match(text, at)
        if not match or read_integer(match[1]) > 2**63 - 1:
            raise ValueError(INVALID)
        total = wrapped(total + wrapped(int(match[1]) * _UNITS[match[2]]))
        at = match.end()
    if match is None:
        raise ValueError(INVALID)
    if total < 0 and not negative:
        raise ValueError(f"overflowed duration {int(match[1])}{match[2]}: choose a smaller duration or INF")
    return wrapped(-total) if negative else total


def show_duration(length: int) -> str:
    """A length in ns, in the largest unit that it is a multiple of."""
    if not length:
        return "0s"
    for unit in _SHOWN:
        if length % _UNITS[unit] == 0:
            return f"{length // _UNITS[unit]}{unit}"
    return f"{length}ns"


def show_go_duration(length: int) -> str:
    """A length in ns as Go writes it: ``1h0m0s``, ``1.5s``, ``2ms``."""
    if abs(length) < 1_000_000_000:
        for unit, shown in (("ms", "ms"), ("u", "µs")):
            if abs(length) >= _UNITS[unit]:
                return f"{_decimal(length, _UNITS[unit])}{shown}"
        return f"{length}ns" if length else "0s"
    sign = "-" if length < 0 else ""
    minutes, rest = divmod(abs(length), _UNITS["m"])
    seconds = f"{_decimal(rest, _UNITS['s'])}s"
    if not minutes:
        return sign + seconds
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}h{minutes}m{seconds}" if hours else f"{sign}{minutes}m{seconds}"


def _decimal(length: int, unit: int) -> str:
    whole, rest = divmod(abs(length), unit)
    digits = f".{rest:0{len(str(unit)) - 1}d}".rstrip("0").rstrip(".")
    return f"{'-' if length < 0 else ''}{whole}{digits}"
