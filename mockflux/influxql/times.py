"""Times as InfluxQL spells them in strings, read and written as influxd does it (influxql ast.go; Go's time)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

#: The first and the last time (ns) that a condition may tell.
FIRST, LAST = -(2**63) + 3, 2**63 - 2
#: What stands for "from the beginning" and "to the end".
BEGINNING, END = -(2**63) + 2, 2**63 - 2

_LOOKS_LIKE_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:.|\Z)")
_DATE = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CLOCK = r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
_DATE_TIME = re.compile(f"{_DATE.pattern} {_CLOCK}")
_RFC3339 = re.compile(f"{_DATE.pattern}T{_CLOCK}(?:Z|([+-])([0-9]{{2}}):([0-9]{{2}}))")
_SECOND = 1_000_000_000
#: What Python's datetime can hold, a day less at both ends for the offset of a zone.
_FIRST_SECOND, _LAST_SECOND = -62_135_510_400, 253_402_214_400
_EPOCH = date(1970, 1, 1).toordinal()
_FOUR_CENTURIES = 146_097


def looks_like_time(text: str) -> bool:
    """Whether a string is meant as a time where a time may stand."""
    return _LOOKS_LIKE_DATE.match(text) is not None


def read_time(text: str, zone: str = "") -> int:
    """The time (ns) that a string spells; without an offset of its own it is meant in the zone. Raises ValueError."""
    try:
        found = _RFC3339.fullmatch(text)
        if found:
            sign, hours, minutes = found.groups()[7:]
            offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
            return _instant(found.groups()[:7]) - offset * _SECOND
        found = _DATE_TIME.fullmatch(text) or _DATE.fullmatch(text)
        if found:
            local = _instant((*found.groups(), "0", "0", "0", None)[:7])
            return local - _offset(local, zone) * _SECOND
    except ValueError:  # there is no such day, or no such hour
        pass
    raise ValueError(f"no time: {text}")


def has_offset(text: str) -> bool:
    """Whether a time spells its own offset."""
    return _RFC3339.fullmatch(text) is not None


def _instant(parts: tuple[str | None, ...]) -> int:
    """Date and clock, as if in UTC, in ns."""
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(parts)
    days = date(year or 400, month, day).toordinal() - _EPOCH - (0 if year else _FOUR_CENTURIES)
    fraction = int(((parts[6] or "") + "0" * 9)[:9])
    return ((days * 24 + hour) * 60 + minute) * 60 * _SECOND + second * _SECOND + fraction


def _offset(local: int, zone: str) -> int:
    """By how many seconds a zone is ahead when its clocks show that; where they are put forward or back, as Go takes
    it: by the offset of one side, if that holds at the time it leads to, else by what holds there."""
    if zone in ("", "UTC"):
        return 0
    seconds = local // _SECOND
    ahead = _ahead(seconds, zone)
    return _ahead(seconds - ahead, zone)


def _ahead(seconds: int, zone: str) -> int:
    seconds = max(_FIRST_SECOND, min(seconds, _LAST_SECOND))
    # 1970 is made here: made with the module, it might stay freezegun's kind.
    offset = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def show_time(time: int, *, fraction: bool = True, zone: str = "") -> str:
    """A time (ns) as RFC 3339, with as many digits behind the second as it needs, or none."""
    seconds, rest = divmod(time, _SECOND)
    ahead = 0 if zone in ("", "UTC") else _ahead(seconds, zone)
    days, of_day = divmod(seconds + ahead, 86_400)
    eras, days = divmod(days + _EPOCH, _FOUR_CENTURIES)
    day = date.fromordinal(days) if days else date(400, 12, 31)
    year = day.year + 400 * (eras if days else eras - 1)
    digits = f".{rest:09d}".rstrip("0").rstrip(".") if fraction else ""
    clock = f"{of_day // 3600:02d}:{of_day // 60 % 60:02d}:{of_day % 60:02d}{digits}"
    return f"{year:04d}-{day.month:02d}-{day.day:02d}T{clock}{_shown_offset(ahead) if ahead else 'Z'}"


def _shown_offset(ahead: int) -> str:
    return f"{'-' if ahead < 0 else '+'}{abs(ahead) // 3600:02d}:{abs(ahead) // 60 % 60:02d}"
