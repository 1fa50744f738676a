"""One bucket or database for all vectors, where a server cannot make one for each: which of them can follow another.

Vectors take what they write to for empty. In a database that others wrote to a vector holds as well, so long as its
columns have the same types there; whatever else it is about (limits of columns and tables) needs one of its own.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from mockflux.contract.vector import Ask, Vector

#: The types of columns, by measurement and key.
Columns = dict[tuple[str, str], set[str]]

_LINE = re.compile(r"(?P<measurement>(?:[^,\s\\]|\\.)+)(?P<tags>(?:,(?:[^\s\\]|\\.)*)?) +(?P<fields>\S.*)")
_TAG = re.compile(r",((?:[^,=\\]|\\.)+)=")
_FIELD = re.compile(r'((?:[^,=\s\\]|\\.)+)=("(?:[^"\\]|\\.)*"|[^,\s]*)')
#: More columns or measurements than these are no vector's that is not about their number.
_MOST_COLUMNS, _MOST_MEASUREMENTS = 40, 10


class Ledger:
    """What vectors wrote to one target: the types of its columns, by measurement and key."""

    def __init__(self) -> None:
        self._columns: Columns = {}

    def hinders(self, vector: Vector) -> str | None:
        """Why a vector cannot follow those before it, or None."""
        columns = written(vector)
        if len(columns) > _MOST_COLUMNS or len({measurement for measurement, _ in columns}) > _MOST_MEASUREMENTS:
            return "it writes more columns than others can follow in the same place"
        for (measurement, key), kinds in columns.items():
            before = self._columns.get((measurement, key), kinds)
            if before != kinds or (len(kinds) > 1 and (measurement, key) in self._columns):
                return f"{key} of {measurement} is {_words(before)} there by now, and {_words(kinds)} in this vector"
        return None

    def add(self, vector: Vector) -> None:
        """Note what a vector wrote, or may have."""
        for (measurement, key), kinds in written(vector).items():
            self._columns.setdefault((measurement, key), set()).update(kinds)
            self._columns.setdefault((measurement, "time"), {"time"})


def _words(kinds: set[str]) -> str:
    return " and ".join(sorted(kinds))


def written(vector: Vector) -> Columns:
    """The columns that the requests and the set-up of a vector write, with every type that they do it in."""
    columns: Columns = {}
    texts = [entry["lines"] for entry in vector.setup.get("points", ())]
    texts += [body for exchange in vector.exchanges for body in _bodies(exchange.ask)]
    for text in texts:
        for line in text.split("\n"):
            for measurement, key, kind in _columns(line):
                columns.setdefault((measurement, key), set()).add(kind)
    return columns


def _bodies(ask: Ask) -> Iterator[str]:
    if ask.raw is not None:
        yield ask.raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
        return
    if ask.chunks:
        yield "".join(ask.chunks)
        return
    data = ask.encode(ask.body)
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(31).decompress(data, 1 << 20)
        except zlib.error:
            return
    yield data[: 1 << 20].decode("utf-8", "replace")


def _columns(line: str) -> Iterator[tuple[str, str, str]]:
    found = _LINE.match(line)
    if found is None or line.startswith("#"):
        return
    measurement = found["measurement"]
    for tag in _TAG.finditer(found["tags"]):
        yield measurement, tag.group(1), "tag"
    for field in _FIELD.finditer(found["fields"]):
        yield measurement, field.group(1), _kind(field.group(2))


def _kind(value: str) -> str:
    if value.startswith('"'):
        return "string"
    if value.lower() in ("t", "true", "f", "false"):
        return "boolean"
    return {"i": "integer", "u": "unsigned"}.get(value[-1:], "float")
