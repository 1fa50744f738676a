"""Query strings as the editions' own languages read them."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from mockflux.lineprotocol import to_text

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def read_go(query: str) -> dict[str, str]:
    """A query string as Go's net/url reads it where errors are ignored: a pair with ``;`` or a bad escape is lost,
    the first of several values of a name counts, ``+`` is a blank. What is not UTF-8 is kept as surrogate escapes."""
    found: dict[str, str] = {}
    for pair in query.split("&"):
        if not pair or ";" in pair or _BAD_ESCAPE.search(pair):
            continue
        name, _, value = pair.partition("=")
        found.setdefault(_plain(name), _plain(value))
    return found


def _plain(text: str) -> str:
    if "%" not in text and "+" not in text:
        return to_text(text.encode("latin-1", "replace"))
    return to_text(unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace")))


_ID = re.compile(r"[0-9A-Fa-f]{16}")


def id_of(text: str) -> str | None:
    """The id that a text spells, in lower case: 16 hexadecimal digits, not all zero; None if it is no id
    (influxdb kit/platform/id.go)."""
    if _ID.fullmatch(text) and text != "0" * 16:
        return text.lower()
    return None


def id_fault(text: str) -> str:
    """Why a text is no id, as kinds of outcomes have it: ``length`` or ``digits``."""
    return "length" if len(text) != 16 else "digits"
