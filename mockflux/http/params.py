"""Query strings as the editions' own languages read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from mockflux.lineprotocol import to_text
from mockflux.outcomes import Outcome, PrecisionInvalid, QueryInvalid
from mockflux.profile.settings import ParamRules

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


def read_serde(query: str) -> dict[str, str]:
    """A query string as Rust's form_urlencoded reads it, the first of several values of a name: ``+`` is a blank, a bad
    escape stands for itself, what is not UTF-8 becomes U+FFFD."""
    found: dict[str, str] = {}
    for name, value in _pairs(query):
        found.setdefault(name, value)
    return found


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            yield _lossy(name), _lossy(value)


def _lossy(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace")).decode("utf-8", "replace")


def serde_fault(target: str, rules: ParamRules) -> Outcome | None:
    """What serde says of the query string of a request's target: it takes one parameter after the other, and the first
    that it minds is the fault; last it looks for those that are missing."""
    _, mark, query = target.partition("?")
    if not mark:
        return QueryInvalid("absent", rules.target)
    seen: set[str] = set()
    for name, value in _pairs(query):
        if name not in rules.known:
            continue
        if name in seen:
            return QueryInvalid("repeated", name, value)
        seen.add(name)
        if name == "precision" and value not in rules.precisions:
            return PrecisionInvalid(value, ", ".join(rules.precisions))
        if name in rules.flags and value not in ("true", "false"):
            return QueryInvalid("flag", name, value)
    missing = [name for name in rules.required if name not in seen]
    return QueryInvalid("missing", missing[0]) if missing else None


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
