"""MessagePack as InfluxDB 1 writes it (github.com/tinylib/msgp): integers with a sign, in the shortest such form."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

_INT64 = 2**63


class Time(NamedTuple):
    """A time in ns since the epoch, as an extension of type 5: seconds and nanoseconds."""

    ns: int


def pack(value: Any) -> bytes:
    """A value of tables, lists, texts, numbers, flags, times and None. Raises TypeError for any other."""
    return b"".join(_packed(value))


def _packed(value: Any) -> Iterator[bytes]:
    match value:
        case None:
            yield b"\xc0"
        case bool():
            yield b"\xc3" if value else b"\xc2"
        case int():
            yield _integer(value)
        case float():
            yield b"\xcb" + struct.pack(">d", value)
        case str():
            raw = value.encode("utf-8", "surrogateescape")
            yield _head(len(raw), (0xA0, 31), (0xD9, 0xDA, 0xDB)) + raw
        case Time(ns):
            yield b"\xc7\x0c\x05" + struct.pack(">qi", *divmod(ns, 10**9))
        case dict():
            yield _head(len(value), (0x80, 15), (None, 0xDE, 0xDF))
            for key, own in value.items():
                yield from _packed(key)
                yield from _packed(own)
        case list() | tuple():
            yield _head(len(value), (0x90, 15), (None, 0xDC, 0xDD))
            for own in value:
                yield from _packed(own)
        case _:
            raise TypeError(f"no MessagePack for {type(value).__name__}")


def _integer(value: int) -> bytes:
    if -32 <= value <= 127:
        return struct.pack("b", value)
    for mark, form, size in ((b"\xd0", "b", 7), (b"\xd1", ">h", 15), (b"\xd2", ">i", 31)):
        if -(2**size) <= value < 2**size:
            return mark + struct.pack(form, value)
    return (b"\xd3" + struct.pack(">q", value)) if value < _INT64 else b"\xcf" + struct.pack(">Q", value)


def _head(length: int, short: tuple[int, int], marks: tuple[int | None, int, int]) -> bytes:
    """What a text, a list or a table of that length begins with: ``short`` is the mark of a short one and its longest
    length, ``marks`` are those of lengths of one, two and four bytes."""
    base, longest = short
    if length <= longest:
        return bytes((base | length,))
    for mark, form, bits in zip(marks, ("B", ">H", ">I"), (8, 16, 32), strict=True):
        if mark is not None and length < 2**bits:
            return bytes((mark,)) + struct.pack(form, length)
    raise ValueError(f"{length:,} are too many for MessagePack")
