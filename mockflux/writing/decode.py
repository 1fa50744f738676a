"""Content encodings of a request body, undone with bounds.

The kinds of failure are those that a running InfluxDB 2 tells apart (influxdb http/points, Go's compress/gzip).
"""

from __future__ import annotations

import zlib

#: Content-Encoding values that mean gzip; matched as written (influxdb http/points/batch_reader.go).
GZIP = ("gzip", "x-gzip")
#: How much is inflated at once: bounds the memory that a bomb can take beyond the limit.
_STEP = 1 << 20
_MAGIC = b"\x1f\x8b\x08"
_FHCRC, _FEXTRA, _FNAME, _FCOMMENT = 2, 4, 8, 16


class DecodeError(Exception):
    """The body cannot be inflated. ``kind`` is one of ``not_gzip truncated corrupt checksum trailing``; ``offset``
    is the byte of the compressed data before which the fault lies (for ``corrupt``)."""

    def __init__(self, kind: str, offset: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.offset = offset


class TooLarge(Exception):
    """The body inflates to more bytes than the limit."""


def has_gzip_header(body: bytes) -> bool:
    """Whether the body begins with a whole gzip header (RFC 1952), as Go's gzip.NewReader demands."""
    return _header_end(body, 0) is not None


def _header_end(body: bytes, start: int) -> int | None:
    """Where the gzip header that begins at ``start`` ends; None if there is none, or not all of it."""
    if body[start : start + 3] != _MAGIC or len(body) < start + 10:
        return None
    flags, end = body[start + 3], start + 10
    if flags & _FEXTRA:
        if len(body) < end + 2:
            return None
        end += 2 + int.from_bytes(body[end : end + 2], "little")
    for flag in (_FNAME, _FCOMMENT):
        if flags & flag:
            zero = body.find(b"\0", end)
            if zero < 0:
                return None
            end = zero + 1
    if flags & _FHCRC:
        if body[end : end + 2] != (zlib.crc32(body[start:end]) & 0xFFFF).to_bytes(2, "little"):
            return None
        end += 2
    return end if end <= len(body) else None


def inflate(body: bytes, limit: int) -> bytes:
    """The content of a gzip body, all its members joined.

    Raises DecodeError where the body is broken, TooLarge as soon as more than ``limit`` bytes have come out; at most
    a step of 1 MiB more than that is ever held.
    """
    parts: list[bytes] = []
    room = limit
    start = 0
    while True:
        if _header_end(body, start) is None:
            raise DecodeError("not_gzip" if start == 0 else _behind_a_member(body, start))
        start, room = _member(body, start, room, parts)
        if start == len(body):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _behind_a_member(body: bytes, start: int) -> str:
    """What Go makes of something behind a member that is no header: it reads ten bytes before it looks at them."""
    whole = len(body) - start >= 10
    return "trailing" if whole and body[start : start + 3] != _MAGIC else "truncated"


def _member(body: bytes, start: int, room: int, parts: list[bytes]) -> tuple[int, int]:
    """Inflate one member into ``parts``; where it ends, and how much room is left."""
    reader = zlib.decompressobj(wbits=31)
    data = memoryview(body)[start:]
    while not reader.eof:
        try:
            part = reader.decompress(data, _STEP)
        except zlib.error as error:
            raise _told_apart(body, start, error) from None
        room -= len(part)
        if room < 0:
            raise TooLarge
        if part:
            parts.append(part)
        elif not reader.eof and not reader.unconsumed_tail:
            raise DecodeError("truncated")
        data = memoryview(reader.unconsumed_tail)
    return len(body) - len(reader.unused_data), room


def _told_apart(body: bytes, start: int, error: zlib.error) -> DecodeError:
    """zlib's failure as one that Go tells apart: a wrong trailer, or broken data before some byte."""
    if "data check" in str(error) or "length check" in str(error):
        return DecodeError("checksum")
    header_end = _header_end(body, start) or start
    return DecodeError("corrupt", _corrupt_before(body[header_end:]))


def _corrupt_before(deflated: bytes) -> int:
    """How many bytes of deflate data are read before the fault shows, counted as Go does, byte by byte.

    Fed in pieces, then the piece that has the fault in smaller ones: a long body costs no more than inflating it.
    """
    reader, start = zlib.decompressobj(wbits=-15), 0
    for size in (4096, 64, 1):
        while start < len(deflated):
            before = reader.copy()
            try:
                reader.decompress(deflated[start : start + size])
            except zlib.error:
                reader = before
                break
            start += size
    return min(start + 1, len(deflated))
