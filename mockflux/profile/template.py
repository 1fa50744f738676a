"""Templates of a profile: ``$name`` and ``${name:filter}`` filled with facts.

In bare text a fact is put in as it is; inside a JSON body it is encoded as a JSON value (a string with its quotes),
in the style that the envelope names. ``$$`` is a dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from mockflux.lineprotocol import to_bytes
from mockflux.profile.errors import ProfileError, one_of
from mockflux.reply import go_quote

_PLACE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>[a-z_]+)|\{(?P<long>[a-z_]+)(?::(?P<filter>[a-z0-9]+))?\})")

Encode = Callable[[Any], str]


def go_duration(ns: int) -> str:
    """A duration as Go's time.Duration prints it: ``1h0m0s``, ``1.5s``, ``300ms``, ``0s``."""
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    if ns < 1_000_000_000:
        for unit, size in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if ns >= size:
                return f"{sign}{_decimal(ns, size)}{unit}"
        return "0s"
    minutes, rest = divmod(ns, 60 * 1_000_000_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{head}{_decimal(rest, 1_000_000_000)}s"


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    digits = f"{rest:0{len(str(size)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def rfc3339nano(ns: int) -> str:
    """A time in ns since the epoch as Go's RFC3339Nano, UTC: trailing zeros of the fraction are left out."""
    seconds, rest = divmod(ns, 1_000_000_000)
    # datetime covers every second that 64-bit nanoseconds can name (1677 to 2262)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{text}{fraction}Z"


def rfc3339(ns: int) -> str:
    """A time in ns since the epoch as Rust's chrono writes it (to_rfc3339), UTC: ``2023-07-30T11:05:48.178+00:00``, the
    fraction left out or of 3, 6 or 9 digits."""
    seconds, rest = divmod(ns, 1_000_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{rest:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}+00:00" if digits else f"{text}+00:00"


def single_quoted(text: str) -> str:
    """A grammar's complaint with the backticks around the value that it quotes made into single quotes."""
    first, last = text.find("`"), text.rfind("`")
    return text if first == last else f"{text[:first]}'{text[first + 1 : last]}'{text[last + 1 :]}"


def first_20_bytes(text: str) -> str:
    """The beginning of a text, 20 bytes of UTF-8 at most, down to the end of a character."""
    return text.encode("utf-8", "surrogateescape")[:20].decode("utf-8", "ignore")


def one_line(text: str) -> str:
    """A text as Go writes it into a header: line ends are blanks, those around it are gone (net/http, header.go); of
    1,024 bytes at most (influxdb 1.6, services/httpd/handler.go, httpError). One character is one byte, as in all
    headers here."""
    cut = to_bytes(text)[:1024].decode("latin-1")
    return cut.replace("\n", " ").replace("\r", " ").strip(" \t")


#: What may stand behind the colon of ``${name:filter}``.
FILTERS: dict[str, Callable[[Any], str]] = {
    "q": lambda value: go_quote(str(value)),
    "duration": go_duration,
    "rfc3339nano": rfc3339nano,
    "rfc3339": rfc3339,
    "quoted": single_quoted,
    "cut20": first_20_bytes,
    "title": str.title,
    "line": one_line,
}
#: Those that take numbers only.
_OF_NUMBERS = frozenset(("duration", "rfc3339nano", "rfc3339"))
#: Those that take text only.
_OF_TEXT = frozenset(("quoted", "cut20", "title", "line"))


class Template:
    """A compiled template. ``names`` are the facts that it uses, ``filtered`` those with a filter, by its name."""

    __slots__ = ("_parts", "filtered", "names", "source")

    def __init__(self, source: str) -> None:
        """Raises ValueError, in words that a profile's author understands, for an unknown filter or a lone ``$``."""
        self.source = source
        self._parts: list[str | tuple[str, Callable[[Any], str] | None]] = []
        self.filtered: list[tuple[str, str]] = []
        position = 0
        for match in _PLACE.finditer(source):
            self._literal(source[position : match.start()])
            position = match.end()
            if match["dollar"]:
                self._parts.append("$")
            else:
                name = match["name"] or match["long"]
                self._parts.append((name, _filter(match["filter"])))
                if match["filter"]:
                    self.filtered.append((name, match["filter"]))
        self._literal(source[position:])
        self.names = frozenset(part[0] for part in self._parts if isinstance(part, tuple))

    def _literal(self, text: str) -> None:
        if "$" in text:
            raise ValueError(f"a lone $ in {text!r}: write $name, ${{name:filter}}, or $$ for a dollar sign")
        if text:
            self._parts.append(text)

    def unknown(self, known: Collection[str]) -> list[str]:
        """The placeholders that are not among the known facts, sorted."""
        return sorted(self.names - set(known))

    def put_in(self, texts: Mapping[str, str]) -> str:
        """The template's source with some of its placeholders replaced by texts, the others as they stand."""
        return _PLACE.sub(lambda match: texts.get(match["name"] or match["long"] or "", match[0]), self.source)

    def fill(self, facts: Mapping[str, Any], encode: Encode = str) -> str:
        """The text with each placeholder replaced by its fact, passed through ``encode``."""
        return "".join(
            part if isinstance(part, str) else encode(part[1](facts[part[0]]) if part[1] else facts[part[0]])
            for part in self._parts
        )


def _filter(name: str | None) -> Callable[[Any], str] | None:
    if name is None:
        return None
    if name not in FILTERS:
        raise ValueError(f"unknown filter {name!r}; expected one of {', '.join(sorted(FILTERS))}")
    return FILTERS[name]


def compiled(source: str, file: str, key: str, facts: Mapping[str, type]) -> Template:
    """A template that a profile has in ``file`` under ``key``, and that may use these facts (name: type).

    Raises ProfileError for a placeholder, a filter or a use of a filter that there is not.
    """
    try:
        template = Template(source)
    except ValueError as error:
        raise ProfileError(file, key, str(error)) from None
    unknown = template.unknown(facts)
    if unknown:
        raise ProfileError(file, key, f"unknown placeholder ${unknown[0]}; {one_of(sorted(facts))}")
    for name, filter in template.filtered:
        if filter in _OF_NUMBERS and facts[name] is not int:
            numbers = sorted(fact for fact, type in facts.items() if type is int)
            raise ProfileError(file, key, f"the filter {filter} takes a number, and {name} is none; {one_of(numbers)}")
        if filter in _OF_TEXT and facts[name] is not str:
            texts = sorted(fact for fact, type in facts.items() if type is str)
            raise ProfileError(file, key, f"the filter {filter} takes a text, and {name} is none; {one_of(texts)}")
    return template
