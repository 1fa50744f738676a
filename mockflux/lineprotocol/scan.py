r"""Lines like those that came before, read by one compiled pattern for each set of fields.

What a pattern takes is a part of line protocol in which the grammars ``go`` and ``iox`` agree: keys in which nothing is
escaped that need not be, numbers of moderate length, strings in which nothing but quotes and backslashes is escaped,
one blank between the parts. Whatever else may come is for the grammars; so they alone have to be exact.
tests/lineprotocol/test_scan.py holds both to it.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from mockflux.lineprotocol import FieldType, Line, to_bytes, to_text
from mockflux.lineprotocol.govalues import unescaped

#: Keys and types of the fields of a line, in its order.
Fields = tuple[tuple[str, FieldType], ...]

#: A series key longer than this is left to the grammars, which set a limit to those with a field; so is a field's key.
_LONGEST_KEY = 1024
#: More fields than this are left to the grammars, too: for each, a pattern takes about 100 µs to compile and a few KB.
_MOST_FIELDS = 100

_PLAIN = rb'[^\\\s,="\x00]'
_NAME, _KEY = rb"(?:%b|\\[, ])++" % _PLAIN, rb"(?:%b|\\[,= ])++" % _PLAIN
_PLAIN_HEAD = re.compile(rb"(?!#)%b(?:,%b=%b)*+" % (_NAME, _KEY, _KEY))
_PLAIN_KEY = re.compile(rb'[^\\\t\n\r\f\v"\x00]++')
_KEY_ESCAPE = re.compile(rb"[,= ]")
_NOTHING = re.compile(rb'(?:\n|#[^"\\\n]*+(?:\n|\Z))++')
#: Tags that one grammar or the other refuses.
_RESERVED_TAGS = frozenset(("time", "_field", "_measurement", "\udcff"))

#: A value of each type; one group with what is to be converted.
_VALUES: dict[FieldType, bytes] = {
    # No more digits than keep it finite.
    "float": rb"(-?[0-9]{1,19}+(?:\.[0-9]{1,40}+)?+(?:[eE][+-]?[0-9]{1,2}+)?+)",
    "integer": rb"(-?[0-9]{1,19}+)i",
    "unsigned": rb"([0-9]{1,19}+)u",
    "boolean": rb"(true|false|True|False|TRUE|FALSE|[tTfF])",
    "string": rb'"([^"\\]*+(?:\\["\\][^"\\]*+)*+)"',
}
#: Bytes around the group of a value.
_AROUND: dict[FieldType, int] = {"integer": 1, "unsigned": 1, "string": 2}
_TIME = rb"(?: (-?[0-9]{1,19}+))?+(?:\n|\Z)"
_TRUE = frozenset(b"tT")
_IN_STRING = b'"\\'
_BACKSLASH = ord("\\")

Match = Callable[[bytes, int], "re.Match[bytes] | None"]


def nothing(body: bytes, position: int) -> re.Match[bytes] | None:
    """Matches nothing: for fields that have no pattern yet."""
    return None


@lru_cache(maxsize=256)
def pattern(fields: Fields) -> Match:
    """What matches, from the blank behind a series key to the end of its line, fields with these keys and types: a
    group for each value, the last one for the time, which is None where there is none."""
    values = b",".join([re.escape(_escaped(key)) + b"=" + _VALUES[type] for key, type in fields])
    return re.compile(b" " + values + _TIME).match


class Whole:
    """Reads a body whose lines all have fields with these keys and types, and heads without escapes, in one go."""

    __slots__ = ("_find", "_plain")

    def __init__(self, fields: Fields) -> None:
        keys = [_escaped(key) for key, _ in fields]
        values = b",".join([re.escape(key) + b"=" + _VALUES[type] for key, (_, type) in zip(keys, fields, strict=True)])
        # From beginnings of lines only: else the search would look through a long head from each of its letters.
        self._find = re.compile(rb"(?m)^([^ \\\n]++) " + values + _TIME).findall
        #: Bytes of a line that are in no group: blank, keys, what joins them, what marks a type, the end of the line.
        self._plain = 1 + sum(len(key) + 2 + _AROUND.get(type, 0) for key, (_, type) in zip(keys, fields, strict=True))

    def columns(self, body: bytes) -> list[tuple[bytes, ...]] | None:
        """The heads of the lines, the values of each field, the times (empty where there is none); None if a line is of
        another kind, and for a body without lines.

        What was found lies in the order of the body and nowhere overlaps. So if it is as long as the body, nothing of
        that was passed over, and each line begins where the one before it ended.
        """
        found = self._find(body)
        if not found:
            return None
        columns: list[tuple[bytes, ...]] = list(zip(*found, strict=True))
        stamps = columns[-1]
        length = sum(sum(map(len, column)) for column in columns) + len(found) * self._plain
        length += len(stamps) - (stamps.count(b"") if b"" in stamps else 0)
        return columns if length == len(body) + (not body.endswith(b"\n")) else None


@lru_cache(maxsize=256)
def whole(fields: Fields) -> Whole:
    """The reader of bodies that have lines with these fields only."""
    return Whole(fields)


def _escaped(key: str) -> bytes:
    """A key of a field as it stands in a line."""
    return _KEY_ESCAPE.sub(rb"\\\g<0>", to_bytes(key))


def behind_nothing(body: bytes, position: int) -> int:
    """Where the next line begins behind empty ones and plain comments; ``position`` if there are none there."""
    found = _NOTHING.match(body, position)
    return found.end() if found else position


def head_end(body: bytes, position: int) -> int:
    """Where the first blank is behind which no more of a head can be; -1 if there is none."""
    end = body.find(b" ", position)
    while end > position and body[end - 1] == _BACKSLASH:
        end = body.find(b" ", end + 1)
    return end


def plain_head(line: Line) -> bytes | None:
    """Measurement and tags of a line as they stand in the body; None if they are not plain, or a tag stands twice."""
    head = line.text[: head_end(line.text, 0)]
    if len(head) > _LONGEST_KEY or not _PLAIN_HEAD.fullmatch(head):
        return None
    if head.count(b",") - head.count(b"\\,") != len(line.tags):
        return None
    return None if any(key in _RESERVED_TAGS for key, _ in line.tags) else head


def plain_fields(line: Line) -> Fields | None:
    """Keys and types of a line's fields; None if a key is not plain or stands twice, or if they are too many."""
    if len(line.fields) > _MOST_FIELDS:
        return None
    keys = {field.key for field in line.fields}
    if len(keys) < len(line.fields):
        return None
    for key in keys:
        raw = to_bytes(key)
        if len(raw) > _LONGEST_KEY or not _PLAIN_KEY.fullmatch(raw):
            return None
    return tuple([(field.key, field.type) for field in line.fields])


# ------------------------------------------------------------------------------------------- what patterns found


def _floats(column: Sequence[bytes]) -> array[float]:
    return array("d", map(float, column))


def _integers(column: Sequence[bytes]) -> array[int]:
    return array("q", map(int, column))


def _unsigned(column: Sequence[bytes]) -> array[int]:
    return array("Q", map(int, column))


def _booleans(column: Sequence[bytes]) -> bytearray:
    return bytearray([raw[0] in _TRUE for raw in column])


def _strings(column: Sequence[bytes]) -> list[str]:
    texts = {raw: sys.intern(to_text(unescaped(raw, _IN_STRING) if b"\\" in raw else raw)) for raw in set(column)}
    return [texts[raw] for raw in column]


_CONVERT: dict[FieldType, Callable[[Sequence[bytes]], Any]] = {
    "float": _floats,
    "integer": _integers,
    "unsigned": _unsigned,
    "boolean": _booleans,
    "string": _strings,
}


def converted(type: FieldType, column: Sequence[bytes]) -> Any:
    """The values of a field, as a column of a block. Raises OverflowError for an integer beyond 64 bits."""
    return _CONVERT[type](column)
