"""Line protocol: bytes in, points or exact complaints out.

A grammar is a module with a function ``parse(body, multiplier)`` and the complaint ``NO_FIELDS``. ``go`` is the parser
of InfluxDB 1 and 2, ``iox`` that of InfluxDB 3. The names here are what every grammar produces and what judging and
storing work on.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self

#: The five types of a field value, in InfluxDB's own (v2) words.
FieldType = Literal["float", "integer", "unsigned", "string", "boolean"]
#: The types of a table's columns, where tags and time are columns too.
ColumnType = Literal["float", "integer", "unsigned", "string", "boolean", "tag", "timestamp"]
FieldValue = float | int | str | bool
Tags = tuple[tuple[str, str], ...]


class Field(NamedTuple):
    """One field of a line: its key, the type that the line gave it, the value."""

    key: str
    type: FieldType
    value: FieldValue


class Line(NamedTuple):
    """One line that follows the grammar.

    ``number`` is 1-based and physical: where the line begins in the body. ``text`` is the line as messages quote
    it. Names and strings are str; bytes that are not UTF-8 are kept as surrogate escapes. ``tags`` are sorted by
    key (as bytes). ``fields`` are in the order of the line, a key may occur twice. ``time`` is as sent, in the
    request's precision; None where the line has none.
    """

    number: int
    text: bytes
    measurement: str
    tags: Tags
    fields: tuple[Field, ...]
    time: int | None

    @property
    def written(self) -> Tags:
        """The tags in the order of the line, a key as often as it stands there; empty where ``tags`` tell it all."""
        return ()


class LineAsWritten(Line):
    """A line that has its tags in another order than sorted, or a tag key twice (``tags`` then have its last value).

    ``written`` has no part in comparing: as a tuple, it is a Line like any other.
    """

    written: Tags = ()

    def _replace(self, **changes: Any) -> Self:
        line = super()._replace(**changes)
        line.written = self.written
        return line


class BadLine(NamedTuple):
    """One line that does not: where it begins, how messages quote it, and the grammar's complaint."""

    number: int
    text: bytes
    complaint: str


def to_text(raw: bytes) -> str:
    """Bytes of a line as str; what is not UTF-8 survives as surrogate escapes."""
    return raw.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """The reverse of :func:`to_text`."""
    return text.encode("utf-8", "surrogateescape")
