r"""The grammar ``go``: line protocol as InfluxDB 1 and 2 parse it, with their complaints word for word.

The source of behaviour is influxdb ``models/points.go`` (function names in comments are of that file), checked
against what a 2.9.1 and a 1.6.7 server answer.

A line is read in the server's order, and the first complaint wins: measurement and tags (the *head*), the length of
the key, the fields, the timestamp. Most oddities come from one habit of the original: it looks at the same bytes
several times, and each look has its own idea of an escape.

- *Look-behind*: a byte is escaped if the byte before it is a backslash, even when that one is escaped itself. So the
  head is read, and so a field key is told from its value.
- *Pairs*: a backslash takes the next byte along. So the body is cut into lines, and so the fields are checked.

A key that ends in two backslashes is where they part: ``m a\\=1`` passes the check, but then has no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mockflux.lineprotocol import BadLine, Field, Line, Tags, to_text
from mockflux.lineprotocol.govalues import INT64_MAX, INT64_MIN, Malformed, Value, bare, integer, string

#: The complaint of a line that ends where its fields should begin.
NO_FIELDS = "missing fields"

#: The longest series key, and the longest series key with a field.
MAX_KEY_LENGTH = 65535
#: Nanoseconds: int64 without its two lowest values and its highest, which the storage engine keeps for itself.
MIN_TIME, MAX_TIME = INT64_MIN + 2, INT64_MAX - 1

# What stands between the series key and the field in the storage engine's key.
_FIELD_SEPARATOR_LENGTH = 4

# As the complaint quotes them. v1 has no such list; there, storage refuses a tag named time.
_RESERVED_TAG_KEYS = {
    b"time": "time",
    b"_field": "_field",
    b"_measurement": "_measurement",
    b"\x00": r"\x00",
    b"\xff": r"\xff",
}

_BLANKS = b" \t\x00"
_SPACE, _QUOTE, _COMMA, _EQUALS, _BACKSLASH = b' ",=\\'

# Ends found by look-behind.
_HEAD_END = re.compile(rb"(?<!\\) ")
_TAG_COMMA = re.compile(rb"(?<!\\),")
_KEY_END = re.compile(rb"(?<!\\)=")

# What has a meaning somewhere, escapes being taken as pairs.
_BEFORE_FIELDS = re.compile(rb"\\.|[ \n]", re.DOTALL)
_AMONG_FIELDS = re.compile(rb'\\.|[=,"\n]', re.DOTALL)
_FIELD_MARK = re.compile(rb'\\.|[=," ]', re.DOTALL)
_IN_STRING = re.compile(rb'\\.|"', re.DOTALL)

_BARE_END = re.compile(rb"[, ]")
_VALUE_MARK = re.compile(rb'\\["\\]|[",]')
_NOT_BLANK = re.compile(rb"[^ \t\x00]")
_TIMESTAMP = re.compile(rb"-?[0-9]*")

# What a backslash takes its own meaning from. It is none of these itself, so that one can be resolved after the other.
_TAG_ESCAPES = ((b"\\,", b","), (b"\\=", b"="), (b"\\ ", b" "))
_NAME_ESCAPES = (*_TAG_ESCAPES, (b'\\"', b'"'))


class Dialect(NamedTuple):
    """In what servers of this grammar differ: how a value without quotes is read (raises Malformed), and which keys no
    tag may have, with how they are told."""

    read: Callable[[bytes], Value]
    reserved_tags: Mapping[bytes, str]


#: As InfluxDB 2 has it.
DIALECT = Dialect(bare, _RESERVED_TAG_KEYS)


class _Head(NamedTuple):
    measurement: str
    tags: Tags


def parse(body: bytes, multiplier: int = 1, dialect: Dialect = DIALECT) -> list[Line | BadLine]:
    r"""Every line of ``body`` in order, as a point or as a complaint; blank lines and comments give nothing.

    ``multiplier`` is the nanoseconds in one unit of the request's precision. ``Line.time`` stays as sent, but a time
    that leaves the range once scaled is a complaint. Never raises, whatever the bytes.

    Where check and split of the fields disagree, a value can come about that nothing has checked, as ``y",b=2`` in
    ``m a\\="x=y",b=2``. A real server fails on those only when storing: a 500 (``unable to parse bool value``), for
    a lone quote a panic. Here such a line is malformed.
    """
    parsed: list[Line | BadLine] = []
    heads: dict[bytes, _Head] = {}  # a batch repeats few heads many times
    for number, text, _ in _lines(body):
        parsed.append(_parsed(number, text, multiplier, heads, dialect))
    return parsed


def parse_next(
    body: bytes, start: int, multiplier: int = 1, dialect: Dialect = DIALECT
) -> tuple[Line | BadLine | None, int]:
    """The first line at or behind ``start``, where a line begins, with its number counted from there; None if there is
    none. The second value is where the next one begins."""
    for number, text, end in _lines(body, start):
        return _parsed(number, text, multiplier, {}, dialect), end
    return None, len(body)


def _parsed(number: int, text: bytes, multiplier: int, heads: dict[bytes, _Head], dialect: Dialect) -> Line | BadLine:
    try:
        return _line(number, text, multiplier, heads, dialect)
    except Malformed as error:
        return BadLine(number, text, str(error))


# ---------------------------------------------------------------------------------------------------------- lines


def _lines(body: bytes, start: int = 0) -> Iterator[tuple[int, bytes, int]]:
    """Number and text of each line that is to be parsed, and where the next one begins.

    Comments are told from points only after the cut: a comment with an open string takes the following lines along.
    """
    number, size = 1, len(body)
    while start < size:
        newline = body.find(b"\n", start)
        end = size if newline < 0 else newline
        newlines = 1
        if body.find(b'"', start, end) >= 0 or body.find(b"\\", start, end) >= 0:
            end = _line_end(body, start)
            newlines += body.count(b"\n", start, end)
        text = body[start:end].lstrip(_BLANKS)
        if text and not text.startswith(b"#"):
            yield number, text.removesuffix(b"\n"), end + 1
        start = end + 1
        number += newlines


def _line_end(body: bytes, start: int) -> int:
    """Where the line ends: at a newline that is neither escaped nor in a string, or with the body (scanLine).

    Anything behind the first space counts as fields here, so that quotes in a timestamp open strings too.
    """
    fields = False
    equals = commas = 0
    position = start
    while mark := (_AMONG_FIELDS if fields else _BEFORE_FIELDS).search(body, position):
        position = mark.end()
        match mark[0]:
            case b"\n":
                return mark.start()
            case b" ":
                fields = True
            case b"=":
                equals += 1
            case b",":
                commas += 1
            case b'"' if equals > commas:
                position = _string_end(body, position, len(body))
                if position < 0:
                    break
    return len(body)


def _string_end(text: bytes, start: int, stop: int) -> int:
    """The position behind the quote that closes the string whose inside begins at ``start``; -1 if none does."""
    end = text.find(b'"', start, stop)
    if end < 0 or text[end - 1] != _BACKSLASH:
        return -1 if end < 0 else end + 1
    for mark in _IN_STRING.finditer(text, start, stop):
        if mark[0] == b'"':
            return mark.end()
    return -1


# ------------------------------------------------------------------------------------------------------- one line


def _line(number: int, text: bytes, multiplier: int, heads: dict[bytes, _Head], dialect: Dialect) -> Line:
    space = _HEAD_END.search(text)
    raw_head = text[: space.start()] if space else text
    head = heads.get(raw_head)
    if head is None or space is None:
        head = heads[raw_head] = _read_head(raw_head, dialect, ended=space is not None)
    fields_start = _skip_blanks(text, len(raw_head))
    fields_end, bare_values = _check_fields(text, fields_start, dialect)
    raw_fields = _split_fields(text, fields_start, fields_end, bare_values, len(raw_head))
    time = _read_time(text, fields_end, multiplier)
    fields = tuple([_field(key, value) for key, value in raw_fields])
    return Line(number, text, head.measurement, head.tags, fields, time)


def _skip_blanks(text: bytes, start: int) -> int:
    """Only a space separates, but once it has, tabs and NULs are skipped like spaces (skipWhitespace)."""
    found = _NOT_BLANK.search(text, start)
    return found.start() if found else len(text)


def _read_head(raw: bytes, dialect: Dialect, *, ended: bool) -> _Head:
    """Measurement and tags. ``ended``: a space follows, there is something else on the line (scanKey)."""
    measurement, *raw_tags = _TAG_COMMA.split(raw)
    if not measurement:
        raise Malformed("missing measurement")
    pairs = [_split_tag(tag) for tag in raw_tags]
    if not ended:
        raise Malformed("missing fields")
    for key, _ in pairs:
        if key in dialect.reserved_tags:
            raise Malformed(f'cannot use reserved tag key "{dialect.reserved_tags[key]}"')
    tags = dict(pairs)
    if len(tags) < len(pairs):
        raise Malformed("duplicate tags")
    _check_key_length(len(raw))
    unescaped = sorted((_unescape_tag(key), _unescape_tag(value)) for key, value in tags.items())
    return _Head(
        to_text(_unescape_name(measurement)),
        tuple([(to_text(key), to_text(value)) for key, value in unescaped]),
    )


def _split_tag(raw: bytes) -> tuple[bytes, bytes]:
    """Key and value of what stands between two commas (scanTagsKey, scanTagsValue).

    The first byte of a value is not looked at: ``t==x`` is the value ``=x``, while ``t=a=b`` is a complaint.
    """
    if not raw or raw.startswith(b"="):
        raise Malformed("missing tag key")
    equals = _KEY_END.search(raw)
    if equals is None or equals.end() == len(raw):
        raise Malformed("missing tag value")
    if _KEY_END.search(raw, equals.end() + 1):
        raise Malformed("invalid tag format")
    return raw[: equals.start()], raw[equals.end() :]


def _check_key_length(length: int) -> None:
    if length > MAX_KEY_LENGTH:
        raise Malformed(f"max key length exceeded: {length} > {MAX_KEY_LENGTH}")


def _unescape_name(raw: bytes) -> bytes:
    """Measurements and field keys (pkg/escape). A backslash before anything else stays, one before it too."""
    return _unescape(raw, _NAME_ESCAPES) if b"\\" in raw else raw


def _unescape_tag(raw: bytes) -> bytes:
    r"""Tag keys and values: as names, but ``\"`` stays as it is."""
    return _unescape(raw, _TAG_ESCAPES) if b"\\" in raw else raw


def _unescape(raw: bytes, escapes: tuple[tuple[bytes, bytes], ...]) -> bytes:
    # Not by re.sub, which makes two objects of each escape.
    for escaped, plain in escapes:
        raw = raw.replace(escaped, plain)
    return raw


# --------------------------------------------------------------------------------------------------------- fields


#: The numbers and booleans that the check of the fields came across: by their position, with the position of their end.
_BareValues = dict[int, tuple[Value, int]]


def _check_fields(text: bytes, start: int, dialect: Dialect) -> tuple[int, _BareValues]:
    """Where the fields end, and the numbers and booleans among them by their position (scanFields).

    The balance of equals signs and commas is all that is checked of the structure. So a comma at the end makes up
    for an equals sign too many: ``a="x"=5,`` passes, as a string with an odd end.
    """
    equals = commas = 0
    values: _BareValues = {}
    position, end = start, len(text)
    while mark := _FIELD_MARK.search(text, position):
        at, position = mark.span()
        byte = text[at]
        if byte == _EQUALS:
            equals += 1
            _check_around_equals(text, at)
            if text[position] != _QUOTE:
                stop = _BARE_END.search(text, position)
                value_end = stop.start() if stop else end
                values[position] = (dialect.read(text[position:value_end]), value_end)
                position = value_end
        elif byte == _COMMA:
            commas += 1
        elif byte == _QUOTE:
            if equals > commas:  # else it is part of a key
                position = _string_end(text, position, end)
                if position < 0:
                    raise Malformed("unbalanced quotes")
        elif byte == _SPACE:
            end = at
            break
    if equals == 0 or commas != equals - 1:
        raise Malformed("invalid field format")
    return end, values


def _check_around_equals(text: bytes, at: int) -> None:
    """There must be a key before the equals sign and a value after it.

    A key is missed only behind a space or comma: behind a skipped tab, ``m \t=1`` is a field with an empty name.
    """
    if text[at - 1] in b" ," and text[at - 2] != _BACKSLASH:
        raise Malformed("missing field key")
    if at + 1 == len(text) or text[at + 1] in b" ,":
        raise Malformed("missing field value")


def _split_fields(
    text: bytes, start: int, end: int, bare_values: _BareValues, head_length: int
) -> list[tuple[bytes, bytes | Value]]:
    """Raw keys, each with its value as checked or, where none was, with the value's text (walkFields)."""
    fields: list[tuple[bytes, bytes | Value]] = []
    position = start
    while position < end:
        found = _KEY_END.search(text, position, end)
        equals = found.start() if found else end
        key = text[position:equals]
        if equals > end - 2:
            raise Malformed(f"invalid value: field-key={to_text(key)}")
        _check_key_length(head_length + _FIELD_SEPARATOR_LENGTH + len(key))
        known = bare_values.pop(equals + 1, None)  # no longer needed: a line of many fields takes memory enough
        if known:
            value, value_end = known
            fields.append((key, value))
        else:
            value_end = _value_end(text, equals + 1, end)
            fields.append((key, text[equals + 1 : value_end]))
        position = value_end + 1
    return fields


def _value_end(text: bytes, start: int, end: int) -> int:
    """The first comma outside quotes. A third idea of escapes: only quote and backslash have one (scanFieldValue)."""
    position = start
    while mark := _VALUE_MARK.search(text, position, end):
        position = mark.end()
        if mark[0] == b",":
            return mark.start()
        if mark[0] == b'"':
            position = _string_end(text, position, end)
            if position < 0:
                break
    return end


def _field(raw_key: bytes, found: bytes | Value) -> Field:
    if not isinstance(found, Value):
        if not found:
            raise Malformed("missing field value")
        found = string(found) if found[0] == _QUOTE else bare(found)
    return Field(to_text(_unescape_name(raw_key)), found.type, found.value)


# ----------------------------------------------------------------------------------------------------------- time


def _read_time(text: bytes, start: int, multiplier: int) -> int | None:
    """The timestamp as sent, None if there is none (scanTime, SafeCalcTime).

    A newline ends a timestamp as a space does. Where there is no timestamp before it, what follows it is never
    looked at: a string that only the cut into lines took for one can hide anything there.
    """
    found = _TIMESTAMP.match(text, _skip_blanks(text, start))
    assert found is not None  # it matches nothing at all, too
    end = found.end()
    if end < len(text) and text[end] not in b" \n":
        raise Malformed("bad timestamp")
    if not found[0]:
        return None
    time = integer(found[0], "ParseInt", INT64_MIN, INT64_MAX)
    if not MIN_TIME <= time * multiplier <= MAX_TIME:
        raise Malformed(f"time outside range {MIN_TIME} - {MAX_TIME}")
    if text[end:].strip(b" "):
        raise Malformed("point is invalid")
    return time
