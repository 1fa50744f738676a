"""What a request body is in: content encodings undone with bounds, text told from what is none.

Three readers of gzip are known, which tell failures apart in their own ways: ``go`` and ``httpd`` (Go's compress/gzip,
as InfluxDB 2 uses it in http/points and InfluxDB 1 in services/httpd) and ``flate2`` (Rust's
flate2::read::MultiGzDecoder, as InfluxDB 3 uses it).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

#: Content-Encoding values that mean gzip to each reader; matched as written (influxdb http/points/batch_reader.go;
#: influxdb 1.6, services/httpd/handler.go).
GZIP = {"go": ("gzip", "x-gzip"), "httpd": ("gzip",), "flate2": ("gzip", "x-gzip")}
#: How much is inflated at once: bounds the memory that a bomb can take beyond the limit.
_STEP = 1 << 20
#: How many compressed bytes are taken at once, first of a member and then: what zlib leaves of them it copies.
_FIRST_SIP, _SIP = 256, 1 << 16
_MAGIC = b"\x1f\x8b\x08"
_FHCRC, _FEXTRA, _FNAME, _FCOMMENT, _FRESERVED = 2, 4, 8, 16, 0xE0


class DecodeError(Exception):
    """The body cannot be inflated. ``kind`` is one of ``not_gzip empty truncated corrupt checksum trailing``;
    ``offset`` is the byte of the compressed data before which the fault lies (for ``corrupt``, as Go tells it)."""

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


def inflate(body: bytes, limit: int, reader: str = "go") -> bytes:
    """The content of a gzip body, all its members joined; ``reader`` tells what is wrong with it.

    Raises DecodeError where the body is broken, TooLarge as soon as more than ``limit`` bytes have come out; at most
    a step of 1 MiB more than that is ever held, and as much again while the parts are joined. Takes as long as the body
    and its content are, into however many members it is cut.
    """
    header_fault, data_fault = _READERS[reader]
    parts: list[bytes] = []
    room = limit
    start = 0
    while True:
        kind = header_fault(body, start)
        if kind is not None:
            raise DecodeError(kind)
        try:
            start, room = _member(body, start, room, parts)
        except zlib.error as error:
            raise data_fault(body, start, error) from None
        if start == len(body):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _member(body: bytes, start: int, room: int, parts: list[bytes]) -> tuple[int, int]:
    """Inflate one member into ``parts``; where it ends, and how much room is left. Raises zlib.error."""
    reader = zlib.decompressobj(wbits=31)
    data: bytes | memoryview = b""
    whole, sip = memoryview(body), _FIRST_SIP
    while not reader.eof:
        if not data:
            data = whole[start : start + sip]
            start += len(data)
            sip = _SIP
        # One byte more than there is room for: what is wrong behind it is not come to any more.
        part = reader.decompress(data, min(_STEP, room + 1))
        room -= len(part)
        if room < 0:
            raise TooLarge
        if part:
            parts.append(part)
        elif not reader.eof and not reader.unconsumed_tail and start == len(body):
            raise DecodeError("truncated")
        data = reader.unconsumed_tail
    return start - len(reader.unused_data), room


def _in_trailer(error: zlib.error) -> bool:
    """Whether zlib found the data itself sound, but not of the sum or length that its trailer has."""
    return "data check" in str(error) or "length check" in str(error)


# ---- how Go tells it


def _go_header_fault(body: bytes, start: int) -> str | None:
    """What is wrong with the gzip header that should begin at ``start``. Behind a member, ten bytes are read before
    they are looked at."""
    if _header_end(body, start) is not None:
        return None
    if start == 0:
        return "not_gzip"
    whole = len(body) - start >= 10
    return "trailing" if whole and body[start : start + 3] != _MAGIC else "truncated"


def _httpd_header_fault(body: bytes, start: int) -> str | None:
    """The same, where the first header is read like any other."""
    if start > 0 or _header_end(body, start) is not None:
        return _go_header_fault(body, start)
    if not body:
        return "empty"
    return "truncated" if len(body) < 10 else "not_gzip"


def _go_data_fault(body: bytes, start: int, error: zlib.error) -> DecodeError:
    """A wrong trailer, or broken data before some byte."""
    if _in_trailer(error):
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


# ---- how flate2 tells it


def _flate2_header_fault(body: bytes, start: int) -> str | None:
    """What is wrong with the gzip header that should begin at ``start``, behind a member as at the beginning: ten bytes
    are read before they are looked at, and a wrong sum of the header is one like any other (flate2 gz/mod.rs)."""
    if len(body) - start < 10:
        return "truncated"
    if body[start : start + 3] != _MAGIC or body[start + 3] & _FRESERVED:
        return "not_gzip"
    if _header_end(body, start) is not None:
        return None
    # Either its optional parts do not all come, or its sum is wrong: then it is whole without regard to the sum.
    bare = bytes((*_MAGIC, body[start + 3] & ~_FHCRC)) + body[start + 4 :]
    end = _header_end(bare, 0)
    return "truncated" if end is None or end + 2 > len(bare) else "checksum"


def _flate2_data_fault(body: bytes, start: int, error: zlib.error) -> DecodeError:
    """A wrong trailer, or broken data; it does not say where."""
    return DecodeError("checksum" if _in_trailer(error) else "corrupt")


#: By name: what is wrong with a header, or None; what is wrong with data that zlib refused.
_READERS: dict[str, tuple[Callable[[bytes, int], str | None], Callable[[bytes, int, zlib.error], DecodeError]]] = {
    "go": (_go_header_fault, _go_data_fault),
    "httpd": (_httpd_header_fault, _go_data_fault),
    "flate2": (_flate2_header_fault, _flate2_data_fault),
}


# ---- text


def utf8_fault(body: bytes) -> tuple[str, int, int] | None:
    """What keeps a body from being UTF-8: the kind, where it begins, and how many bytes it has; None for nothing.

    ``not_utf8``: the bytes there are no part of any character; ``incomplete_utf8``: the body ends within one. Both are
    told apart and counted as Rust's core::str::Utf8Error does (``valid_up_to``, ``error_len``).
    """
    if body.isascii():
        return None
    start = 0
    while start < len(body):
        # By steps, since a text can take four times the memory of its bytes.
        try:
            body[start : start + _STEP].decode()
        except UnicodeDecodeError as error:
            if start + error.end == len(body) or error.reason != "unexpected end of data":
                kind = "incomplete_utf8" if error.reason == "unexpected end of data" else "not_utf8"
                return kind, start + error.start, error.end - error.start
            start += error.start  # the step ended within a character
        else:
            start += _STEP
    return None
