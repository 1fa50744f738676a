"""Names of buckets, databases and users in a vector, so that on a live server none of them is anybody else's.

What a vector's set-up makes, and what its requests name beside that, gets a name of this run, wherever it stands in the
vector. Names whose letters matter (``_internal``, one that is too long) stay: ``odd`` ones, which are asked for before
a vector is played, if the server can be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from mockflux.contract.message import Expected
from mockflux.contract.places import PLACE
from mockflux.contract.vector import Ask, Exchange, StoredPoint, Vector
from mockflux.profile.live import LiveRules

#: A name that may as well be another one: nothing but its being a name can matter to the server.
_PLAIN = re.compile(r"[a-z][a-z-]{2,19}")
#: One that a set-up makes may be anything that needs no quoting.
_MADE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,19}")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one vector: those that its set-up makes, others that may be changed, and those that may not.
    ``fixed`` are names of the set-up that may not be changed either: nothing can be made for these. ``users`` are those
    that its requests make."""

    made: tuple[str, ...]
    plain: tuple[str, ...]
    odd: tuple[str, ...]
    fixed: tuple[str, ...]
    users: tuple[str, ...]


def names_of(vector: Vector, rules: LiveRules) -> Names:
    """The names of buckets and databases in a vector, each once, places left out."""
    setup = vector.setup
    wanted = [entry["name"] for key in ("buckets", "databases") for entry in setup.get(key, ())]
    wanted += [entry["database"] for entry in setup.get("mappings", ())]
    made = _once(name for name in wanted if not PLACE.search(name))
    texts = [request_text(exchange.ask) for exchange in vector.exchanges]
    users = _once(name for text in texts for name in matches(text, rules.users) if _MADE.fullmatch(name))
    asked = _once(name for text in texts for name in found(text, rules) if name not in made)
    spelt = {unquoted(name) for name in asked if not _PLAIN.fullmatch(name)}  # one name, written in two ways
    plain = tuple(name for name in asked if _PLAIN.fullmatch(name) and name not in spelt)
    return Names(
        made=tuple(name for name in made if _MADE.fullmatch(name)),
        plain=plain,
        odd=tuple(name for name in asked if name not in plain),
        fixed=tuple(name for name in made if not _MADE.fullmatch(name)),
        users=tuple(users),
    )


def naming(exchange: Exchange, name: str, rules: LiveRules) -> bool:
    """Whether the request of an exchange has this name."""
    return name in found(request_text(exchange.ask), rules)


def request_text(ask: Ask) -> str:
    """A request as the patterns of a profile see it: "METHOD target", a blank line, the body."""
    if ask.raw is not None:
        return ask.raw.decode("utf-8", "surrogateescape")
    return f"{ask.method} {ask.target}\n\n{ask.body}"


def unquoted(name: str) -> str:
    """A name as the server reads it."""
    return unquote_plus(name, errors="surrogateescape")


def renamed(vector: Vector, names: Mapping[str, str]) -> Vector:
    """The vector with these names (old to new) changed wherever they stand by themselves."""
    if not names:
        return vector
    pattern = _standing_alone(names)

    def change(text: str) -> str:
        return pattern.sub(lambda match: names[match.group(1)], text)

    return _with(vector, change)


def with_reader(vector: Vector) -> Vector:
    """The vector with a token of its own set-up where it speaks of ``{{read_token}}``."""
    if "read_token" not in places_of(vector):
        return vector
    token = {"name": "read-only", "read": ["{{bucket}}"]}
    setup = {**vector.setup, "tokens": [*vector.setup.get("tokens", ()), token]}
    return _with(replace(vector, setup=setup), lambda text: text.replace("{{read_token}}", "{{token.read-only}}"))


def _standing_alone(names: Collection[str]) -> re.Pattern[str]:
    longest = sorted(names, key=len, reverse=True)
    before = r"(?:(?<![\w%-])|(?<=%[0-9A-Fa-f]{2}))"  # %22name stands by itself, too
    return re.compile(before + "(" + "|".join(map(re.escape, longest)) + r")(?![\w-])")


def _with(vector: Vector, change: Change) -> Vector:
    """The vector with every text changed."""
    return replace(
        vector,
        setup=_changed(vector.setup, change),
        exchanges=tuple(_exchange(exchange, change) for exchange in vector.exchanges),
        stored=_stored(vector.stored, change),
        logged=None if vector.logged is None else _stored(vector.logged, change),
    )


def places_of(vector: Vector) -> set[str]:
    """The places in a vector's requests, expectations and set-up, without braces."""
    texts: list[str] = []

    def noted(text: str) -> str:
        texts.append(text)
        return text

    _changed(vector.setup, noted)
    for exchange in vector.exchanges:
        _exchange(exchange, noted)
    for points in (vector.stored, *(exchange.stored for exchange in vector.exchanges)):
        if points is not None and not isinstance(points, str):
            texts += [text for point in points for text in (point.bucket, *point.tags.values())]
    return {match.group(0)[2:-2] for text in texts for match in PLACE.finditer(text)}


def found(text: str, rules: LiveRules) -> list[str]:
    """The names in a request's text, as they stand there."""
    query = text.partition("\n")[0].partition("?")[2].partition(" ")[0]
    pairs = [pair.partition("=") for pair in query.split("&")]
    names = [value for key, _, value in pairs if unquoted(key) in rules.params and value]
    return [name for name in names if not PLACE.search(name)] + matches(text, rules.names)


def matches(text: str, patterns: Iterable[re.Pattern[str]]) -> list[str]:
    """What patterns find in a request's text, without places."""
    names = [match.group(1) for pattern in patterns for match in pattern.finditer(text)]
    return [name for name in names if not PLACE.search(name)]


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


Change = Callable[[str], str]


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, Mapping):
        return {key: _changed(entry, change) for key, entry in value.items()}
    if isinstance(value, Collection) and not isinstance(value, str):
        return [_changed(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value


def _exchange(exchange: Exchange, change: Change) -> Exchange:
    ask, response = exchange.ask, exchange.response
    asked = replace(
        ask,
        target=change(ask.target),
        headers=tuple((name, change(value)) for name, value in ask.headers),
        body=change(ask.body),
        raw=None if ask.raw is None else _bytes(ask.raw, change),
    )
    said = response and Expected(
        response.status,
        change(response.reason),
        tuple((name, change(value)) for name, value in response.headers),
        change(response.body),
    )
    stored = None if exchange.stored is None else _stored(exchange.stored, change)
    return replace(exchange, ask=asked, response=said, stored=stored)


def _bytes(raw: bytes, change: Change) -> bytes:
    return change(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _stored(points: Any, change: Change) -> Any:
    if isinstance(points, str):
        return points
    return [_point(point, change) for point in points]


def _point(point: StoredPoint, change: Change) -> StoredPoint:
    tags = {key: change(value) for key, value in point.tags.items()}
    return replace(point, bucket=change(point.bucket), tags=tags)
