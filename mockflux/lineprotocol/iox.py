r"""The grammar ``iox``: line protocol as InfluxDB 3 parses it, with its complaints word for word.

The source of behaviour is the crate ``influxdb_line_protocol`` that all editions of InfluxDB 3 share (function names
in comments are of its ``lib.rs``), checked against what a Core 3.10.0 answers.

A line is read from left to right, and the first complaint wins: measurement, tags, a space, fields, the timestamp.
There is one idea of an escape, the *pair*: a backslash takes the next byte along. What can be read is taken, and what
is left over at the end is the complaint: ``v=1x`` is the float 1 with trailing content, ``v=tru`` is true with some.

Only a space separates. A tab ends a name as a newline does, but nothing can follow it; a carriage return and, behind
the measurement, a NUL are bytes like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from mockflux.lineprotocol import BadLine, Field, Line, LineAsWritten, Tags, to_bytes, to_text
from mockflux.lineprotocol.govalues import INT64_MAX, INT64_MIN, UINT64_MAX, Malformed, unescaped

#: The complaint of a line that ends where its fields should begin.
NO_FIELDS = "No fields were provided"

#: The longest measurement, tag key, tag value, field key and string value in bytes, escapes resolved. The shared crate
#: has 64 KiB by default and 1 MiB as Core and Enterprise are built (its feature ``large-strings``).
MAX_STRING_LENGTH = 1 << 20

# A text that a message quotes is cut to this many characters, once it has more than as many bytes.
_MAX_QUOTED = 10

# More digits than this (leading zeros aside) are beyond 64 bits; Python refuses to convert the really long ones.
_MAX_DIGITS = 20


def _name(ends: bytes) -> bytes:
    """The pattern of a name that goes on to the first of the bytes ``ends``, which are those of a character class.

    A backslash that nothing follows belongs to it, too. Possessive, so that time and memory stay in bounds.
    """
    normal = rb"[^\\" + ends + rb"]*+"
    return normal + rb"(?:\\." + normal + rb")*+\\?"


_MEASUREMENT = re.compile(_name(rb" \t\n\x00,"), re.DOTALL)
_KEY = re.compile(_name(rb" \t\n="), re.DOTALL)
_TAG_VALUE = re.compile(_name(rb" \t\n,"), re.DOTALL)
_FIELD = re.compile(
    rb"(?!=)(" + _name(rb" \t\n=") + rb")="
    rb"(?:(-?[0-9]++)i"
    rb"|([0-9]++)u"
    rb"|(-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    rb'|"([^"\\]*+(?:\\["\\]?+[^"\\]*+)*+)"'
    rb"|(true|True|TRUE|[tT]|false|False|FALSE|[fF]))",
    re.DOTALL,
)
_KEY_GROUP, _INTEGER, _UNSIGNED, _FLOAT, _STRING, _BOOLEAN = range(1, 7)  # the groups of a field
_TIME = re.compile(rb" +(-?[0-9]++) *")

_HEAD_END = re.compile(rb"(?<!\\) ")
_SPACES = re.compile(rb" *")
_BLANKS = re.compile(rb"[ \t\n]*")
_CUT_MARK = re.compile(rb'\\.|[ =,"\n]', re.DOTALL)

# What a backslash takes its own meaning from.
_MEASUREMENT_SPECIALS, _NAME_SPECIALS, _STRING_SPECIALS = b", \\", b",= \\", b'"\\'


class _Head(NamedTuple):
    measurement: str
    tags: Tags
    written: Tags


def parse(body: bytes, multiplier: int = 1) -> list[Line | BadLine]:
    """Every line of ``body`` in order, as a point or as a complaint; blank lines and comments give nothing.

    So the place in the list is what InfluxDB 3 itself calls a line's number. ``multiplier`` is of no account:
    ``Line.time`` stays as sent, and whether it leaves the range once scaled is asked of the point, not of the line.
    A float too large is infinite. A tag key may stand twice; ``Line.written`` has both. Never raises, whatever the
    bytes.
    """
    parsed: list[Line | BadLine] = []
    heads: dict[bytes, _Head] = {}  # a batch repeats few heads many times
    for number, text, _ in _lines(body):
        parsed.append(_parsed(number, text, heads))
    return parsed


def parse_next(body: bytes, start: int, multiplier: int = 1) -> tuple[Line | BadLine | None, int]:
    """The first line at or behind ``start``, where a line begins, with its number counted from there; None if there is
    none. The second value is where the next one begins."""
    for number, text, end in _lines(body, start):
        return _parsed(number, text, {}), end
    return None, len(body)


def _parsed(number: int, text: bytes, heads: dict[bytes, _Head]) -> Line | BadLine:
    try:
        return _line(number, text, heads)
    except Malformed as error:
        return BadLine(number, text, str(error))


# ---------------------------------------------------------------------------------------------------------- lines


def _lines(body: bytes, start: int = 0) -> Iterator[tuple[int, bytes, int]]:
    """Number and text of each line that is to be parsed, and where the next one begins (parse_lines)."""
    number, size = 1, len(body)
    while start < size:
        newline = body.find(b"\n", start)
        end = size if newline < 0 else newline
        over_several = False
        if body.find(b'"', start, end) >= 0 or body.find(b"\\", start, end) >= 0:
            end = _line_end(body, start)
            over_several = True
        begin = _skip_leading(body, start, end) if body[start] in b" \t\n#" else start
        if begin < end:
            yield number + (body.count(b"\n", start, begin) if over_several else 0), body[begin:end], end + 1
        number += 1 + (body.count(b"\n", start, end) if over_several else 0)
        start = end + 1


def _line_end(body: bytes, start: int) -> int:
    """Where the line ends: at a newline that is neither escaped nor in a string, or with the body (split_lines).

    Anything behind the first space counts as fields here, so that quotes in a timestamp or comment open strings too.
    """
    fields = quoted = False
    equals = commas = 0
    for mark in _CUT_MARK.finditer(body, start):
        byte = mark[0]
        if quoted:
            quoted = byte != b'"'
        elif byte == b"\n":
            return mark.start()
        elif byte == b" ":
            fields = True
        elif fields:
            if byte == b"=":
                equals += 1
            elif byte == b",":
                commas += 1
            elif byte == b'"':
                quoted = equals > commas
    return len(body)


def _skip_leading(body: bytes, start: int, end: int) -> int:
    """Where the line begins behind blanks and comments, ``end`` if it has nothing else (trim_leading).

    A quote or a backslash can make the cut take a comment for longer than its physical line. It is a comment only as
    far as that goes; behind it, a line begins.
    """
    while True:
        found = _BLANKS.match(body, start, end)
        assert found is not None  # it matches nothing at all, too
        start = found.end()
        if not body.startswith(b"#", start, end):
            return start
        newline = body.find(b"\n", start, end)
        start = end if newline < 0 else newline


# ------------------------------------------------------------------------------------------------------- one line


def _line(number: int, text: bytes, heads: dict[bytes, _Head]) -> Line:
    """Raises Malformed (parse_line)."""
    space = _HEAD_END.search(text)
    head = heads.get(text[: space.start()]) if space else None
    if space and head:
        position = space.start()
    else:
        head, position = _read_head(text)
        if space and space.start() == position:
            heads[text[:position]] = head
    fields_start = _skip_spaces(text, position)
    fields, position = _read_fields(text, fields_start)
    time = None
    if position < len(text):
        time, position = _read_time(text, position)
        if position < len(text):
            raise Malformed(f"Could not parse entire line. Found trailing content: `{_quoted(text, position)}`")
    if not head.written:
        return Line(number, text, head.measurement, head.tags, tuple(fields), time)
    line = LineAsWritten(number, text, head.measurement, head.tags, tuple(fields), time)
    line.written = head.written
    return line


def _skip_spaces(text: bytes, start: int) -> int:
    found = _SPACES.match(text, start)
    assert found is not None  # it matches nothing at all, too
    if found.end() == start:
        if start == len(text):
            raise Malformed(_ended("at least one space character"))
        # The one complaint that quotes all that is left, however long.
        raise Malformed(f"Expected at least one space character, got `{to_text(text[start:])}`")
    return found.end()


def _read_head(text: bytes) -> tuple[_Head, int]:
    """Measurement and tags, and where they end (series)."""
    raw, position = _matched(_MEASUREMENT, text, 0)
    if not raw:
        raise Malformed("Invalid measurement was provided")
    measurement = _unescaped(raw, _MEASUREMENT_SPECIALS)
    raw_tags: list[tuple[bytes, bytes]] = []
    tags_start = position + 1
    while text.startswith(b",", position):
        raw_key, after_key = _matched(_KEY, text, position + 1)
        if not raw_key:
            raise Malformed(_unexpected("tag key", text, after_key))
        key = _unescaped(raw_key, _NAME_SPECIALS)
        if not text.startswith(b"=", after_key):
            raise Malformed(f"Tag set malformed: could not find equals sign in `{_quoted(text, tags_start)}`")
        raw_value, position = _matched(_TAG_VALUE, text, after_key + 1)
        if not raw_value:
            raise Malformed(_unexpected("tag value", text, position))
        raw_tags.append((key, _unescaped(raw_value, _NAME_SPECIALS)))
    written = _as_text(raw_tags)
    tags = _as_text(sorted(dict(raw_tags).items()))
    return _Head(to_text(measurement), tags, () if written == tags else written), position


def _as_text(tags: list[tuple[bytes, bytes]]) -> Tags:
    return tuple([(to_text(key), to_text(value)) for key, value in tags])


def _matched(pattern: re.Pattern[bytes], text: bytes, start: int) -> tuple[bytes, int]:
    """What ``pattern``, which matches nothing at all too, matches at ``start``, and where that ends."""
    found = pattern.match(text, start)
    assert found is not None
    return found[0], found.end()


def _unescaped(raw: bytes, specials: bytes) -> bytes:
    """A name as it is meant: a backslash before what ``specials`` has is gone, before anything else it stays.

    Raises Malformed for a name that ends in a backslash, a doubled one too, or is too long (escape_or_fallback).
    """
    if b"\\" in raw:
        if raw.endswith(b"\\"):
            raise Malformed("Measurements, tag keys and values, and field keys may not end with a backslash")
        raw = unescaped(raw, specials)
    _check_length(raw)
    return raw


def _check_length(string: bytes) -> None:
    if len(string) > MAX_STRING_LENGTH:
        raise Malformed("String is greater than 1MB")


def _quoted(text: bytes, start: int) -> str:
    """What is left of the line, as messages quote it (maybe_truncate_context)."""
    if len(text) - start <= _MAX_QUOTED:
        return to_text(text[start:])
    # No character has more than four bytes, so that the cut through one is behind what is taken.
    return to_text(text[start : start + 4 * _MAX_QUOTED])[:_MAX_QUOTED] + "..."


def _unexpected(expected: str, text: bytes, start: int) -> str:
    """The complaint of something else, or of nothing, where ``expected`` should begin."""
    return f"Expected {expected}, got `{_quoted(text, start)}`" if start < len(text) else _ended(expected)


@cache
def _ended(expected: str) -> str:
    """The complaint of a line that ends where ``expected`` should begin: one text, however many lines have it."""
    return f"Expected {expected}, got end of input"


# --------------------------------------------------------------------------------------------------------- fields


def _read_fields(text: bytes, start: int) -> tuple[list[Field], int]:
    """The fields as far as there are some, and where they end (field_set).

    A comma behind the first field is taken even if no second one follows: ``v=1, 17`` is a field and a timestamp.
    From the second field on it is left over.
    """
    fields: list[Field] = []
    position = end = start
    while found := _FIELD.match(text, position):
        fields.append(_field(found))
        end = found.end()
        if not text.startswith(b",", end):
            return fields, end
        position = end + 1
    # What is here is no field, but if it begins with a name that cannot be, the complaint is about that.
    _unescaped(_matched(_KEY, text, position)[0], _NAME_SPECIALS)
    if not fields:
        raise Malformed(NO_FIELDS)
    return fields, position if len(fields) == 1 else end


def _field(found: re.Match[bytes]) -> Field:
    """The field of a match of ``_FIELD``. Raises Malformed."""
    key = to_text(_unescaped(found[_KEY_GROUP], _NAME_SPECIALS))
    kind = found.lastindex
    assert kind is not None
    raw = found[kind]
    if kind == _FLOAT:
        return Field(key, "float", float(raw))
    if kind == _INTEGER:
        return Field(key, "integer", _sized(raw, "integer", INT64_MIN, INT64_MAX))
    if kind == _STRING:
        string = unescaped(raw, _STRING_SPECIALS) if b"\\" in raw else raw
        _check_length(string)
        return Field(key, "string", to_text(string))
    if kind == _BOOLEAN:
        return Field(key, "boolean", raw[0] in b"tT")
    return Field(key, "unsigned", _sized(raw, "unsigned integer", 0, UINT64_MAX))


def _sized(raw: bytes, name: str, lowest: int, highest: int) -> int:
    """``raw``, which is digits after an optional minus, as an integer. Raises Malformed if it is out of range."""
    if len(raw) > _MAX_DIGITS:
        digits = raw.lstrip(b"-").lstrip(b"0") or b"0"
        value = int(digits) if len(digits) <= _MAX_DIGITS else UINT64_MAX + 1
        if raw.startswith(b"-"):
            value = -value
    else:
        value = int(raw)
    if not lowest <= value <= highest:
        raise Malformed(f"Unable to parse {name} value `{to_text(raw)}`")
    return value


def _read_time(text: bytes, start: int) -> tuple[int | None, int]:
    """The timestamp and where it ends; if there is none, None and ``start``.

    Spaces belong to the timestamp that they stand before or behind: without one, a space at the end is left over.
    """
    found = _TIME.match(text, start)
    if found is None:
        return None, start
    return _sized(found[1], "timestamp", INT64_MIN, INT64_MAX), found.end()


# ------------------------------------------------------------------------------------------------------- rendered

_MEASUREMENT_SPECIAL = re.compile("([, ])")
_NAME_SPECIAL = re.compile("([,= ])")


def rendered(line: Line) -> bytes:
    r"""The line as Core renders it anew where it quotes one that it has parsed (``Display`` of ``ParsedLine``).

    Tags as written, numbers without needless zeros and exponents (``1e3`` is ``1000``, ``0017`` is ``17``, ``-0.0``
    is ``-0``), booleans in full, strings without their quotes but with those inside them still escaped. It is not
    line protocol: backslashes that stand for themselves are single.
    """
    head = [_MEASUREMENT_SPECIAL.sub(r"\\\1", line.measurement)]
    head += [f"{_escape_name(key)}={_escape_name(value)}" for key, value in line.written or line.tags]
    fields = ",".join([f"{_escape_name(field.key)}={_rendered_value(field)}" for field in line.fields])
    time = "" if line.time is None else f" {line.time}"
    return to_bytes(f"{','.join(head)} {fields}{time}")


def _escape_name(name: str) -> str:
    return _NAME_SPECIAL.sub(r"\\\1", name)


def _rendered_value(field: Field) -> str:
    match field.type:
        case "float":
            # repr has the shortest digits that mean the value, as Rust has; the exponent is resolved by Decimal.
            return f"{Decimal(repr(field.value)):f}".removesuffix(".0").replace("Infinity", "inf")
        case "integer":
            return f"{field.value}i"
        case "unsigned":
            return f"{field.value}u"
        case "boolean":
            return "true" if field.value else "false"
        case "string":
            return str(field.value).replace('"', r"\"")
