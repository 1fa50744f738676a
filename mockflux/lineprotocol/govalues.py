"""Field values and integers as InfluxDB 1 and 2 read them: text of the line in, typed value or complaint out.

Everything here is a function of the value's own text; finding where that text ends is the business of ``go``.
The wording is that of InfluxDB and, for integers, of Go's ``strconv``, which shines through in its messages.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from mockflux.lineprotocol import FieldType, FieldValue, to_text

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
UINT64_MAX = (1 << 64) - 1

#: More digits than this (leading zeros aside) are beyond 64 bits; Python refuses to convert the really long ones.
_MAX_DIGITS = 20

_BACKSLASH = ord("\\")

_BOOLEANS = {
    spelling: value
    for value, spellings in ((True, b"t T true True TRUE"), (False, b"f F false False FALSE"))
    for spelling in spellings.split()
}

_NUMBER_BEGINS = frozenset(b"0123456789.-nN")
_FLOAT = re.compile(rb"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(rb"-?[0-9]+")

# What passes for scientific notation at first sight: signs only after an e, one decimal point (1e, -e5, 1e5e5, .e).
_LOOKS_SCIENTIFIC = re.compile(rb"-?(?=[0-9.]*[eE])[0-9eE+-]*(?:\.[0-9eE+-]*)?")
_STRAY_SIGN = re.compile(rb"(?<![eE])[+-]")

_ESCAPED = {special: re.compile(rb"\\[" + re.escape(special) + rb"]") for special in (b'"\\', b", \\", b",= \\")}


class Malformed(Exception):
    """A line does not follow the grammar. The argument is the complaint, word for word."""


class Value(NamedTuple):
    """A field value with the type that its spelling gives it."""

    type: FieldType
    value: FieldValue


def bare(raw: bytes) -> Value:
    """The value written without quotes: a number if its first byte can begin one, else a boolean.

    ``n`` and ``N`` count as beginnings of a number, for NaN's sake: ``null`` is an invalid number, ``undefined``
    an invalid boolean (recorded from 2.9.1). Raises Malformed.
    """
    if raw[0] in _NUMBER_BEGINS:
        return number(raw)
    try:
        return Value("boolean", _BOOLEANS[raw])
    except KeyError:
        raise Malformed("invalid boolean") from None


def number(raw: bytes) -> Value:
    """A float, an integer (``i``) or an unsigned integer (``u``). Raises Malformed (influxdb models/points.go
    scanNumber)."""
    if _FLOAT.fullmatch(raw):
        value = float(raw)
        if math.isinf(value):
            raise Malformed("invalid float")
        return Value("float", value)
    digits, suffix = raw[:-1], raw[-1:]
    if suffix == b"i" and _INTEGER.fullmatch(digits):
        return Value("integer", _sized(digits, "integer", "ParseInt", INT64_MIN, INT64_MAX))
    if suffix == b"u" and digits.isdigit():
        return Value("unsigned", _sized(digits, "unsigned", "ParseUint", 0, UINT64_MAX))
    # A float is converted only when it has an exponent, and only then the failure has a complaint of its own.
    if _LOOKS_SCIENTIFIC.fullmatch(raw) and not _STRAY_SIGN.search(raw, 1):
        raise Malformed("invalid float")
    raise Malformed("invalid number")


def string(raw: bytes) -> Value:
    r"""What is between the first and the last byte of ``raw``, with ``\"`` and ``\\`` resolved.

    ``raw`` begins with a quote; it need not end with one. Whatever byte comes last is cut off: ``"x"17`` is the
    string ``x"1`` (recorded from 2.9.1). Raises Malformed for a lone quote, which becomes a value only where check and
    split of the fields disagree (see ``go``), and is the end of a real server: it panics.
    """
    if len(raw) < 2:
        raise Malformed("unbalanced quotes")
    inside = raw[1:-1]
    if b"\\" in inside:
        inside = unescaped(inside, b'"\\')
    return Value("string", to_text(inside))


def unescaped(raw: bytes, specials: bytes) -> bytes:
    """``raw`` without the backslash that stands before one of ``specials``, which are a backslash and others; taken
    from left to right, so that of two backslashes the second is no mark of its own.

    Not by ``re.sub``, which makes two objects of each escape: fifty times the memory of a text full of them.
    """
    if b"\0" not in raw:  # it can stand for what was a pair of backslashes
        raw = raw.replace(b"\\\\", b"\0")
        for special in specials:
            if special != _BACKSLASH:
                raw = raw.replace(b"\\%c" % special, b"%c" % special)
        return raw.replace(b"\0", b"\\")
    kept, start = bytearray(), 0
    for found in _ESCAPED[specials].finditer(raw):
        kept += raw[start : found.start()]
        kept.append(raw[found.end() - 1])
        start = found.end()
    return bytes(kept + raw[start:])


def integer(raw: bytes, function: str, lowest: int, highest: int) -> int:
    """``raw`` as Go's ``strconv.ParseInt`` or ``ParseUint`` (``function``) converts it in base 10.

    ``raw`` holds nothing but digits after an optional minus. Raises Malformed in strconv's words.
    """
    if not _INTEGER.fullmatch(raw):
        raise Malformed(f'strconv.{function}: parsing "{to_text(raw)}": invalid syntax')
    digits = raw.lstrip(b"-").lstrip(b"0") or b"0"
    if len(digits) <= _MAX_DIGITS:
        value = -int(digits) if raw.startswith(b"-") else int(digits)
        if lowest <= value <= highest:
            return value
    raise Malformed(f'strconv.{function}: parsing "{to_text(raw)}": value out of range')


def _sized(digits: bytes, name: str, function: str, lowest: int, highest: int) -> int:
    try:
        return integer(digits, function, lowest, highest)
    except Malformed as error:
        raise Malformed(f"unable to parse {name} {to_text(digits)}: {error}") from None
