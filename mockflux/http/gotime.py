"""Times as Go's package time reads them."""

from __future__ import annotations

import re
from datetime import datetime

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
#: As many days as 400 years of the Gregorian calendar have, after which it repeats.
_ERA = 146_097


def read_rfc3339nano(text: str) -> int | None:
    """The ns since the epoch that a text spells in the layout RFC3339Nano, None if it does not (time.Parse).

    Peculiar to Go: an hour of one digit, a comma before the fraction, digits beyond the ninth, which do not count, and
    offsets of up to 24 hours and 60 minutes are taken; small letters and leap seconds are not.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.group(1, 2, 3, 4, 5, 6))
    fraction, sign, hours, minutes = match.group(7, 8, 9, 10)
    offset = 0
    if sign:
        if int(hours) > 24 or int(minutes) > 60:
            return None
        offset = (int(hours) * 60 + int(minutes)) * (-60 if sign == "-" else 60)
    try:
        local = datetime(year or 400, month, day, hour, minute, second)
    except ValueError:
        return None
    passed = local - datetime(1970, 1, 1)  # made here: made with the module, it might stay freezegun's kind
    days = passed.days - (0 if year else _ERA)
    nanoseconds = int((fraction or "0")[:9].ljust(9, "0"))
    return (days * 86_400 + passed.seconds - offset) * 10**9 + nanoseconds
