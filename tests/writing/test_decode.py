"""Gzip bodies: whole, in several members, broken in each way that a server tells apart, and bombs."""

from __future__ import annotations

import gzip
import itertools
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.writing import decode

BIG = 1 << 30


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4))
def test_members_are_joined(members: list[bytes]) -> None:
    body = b"".join(map(gzip.compress, members))
    assert decode.inflate(body, BIG) == b"".join(members)
    assert decode.has_gzip_header(body)


def test_more_than_one_step() -> None:
    content = bytes(range(256)) * 12_000
    assert decode.inflate(gzip.compress(content), BIG) == content


def kind(body: bytes, limit: int = BIG, reader: str = "go") -> tuple[str, int]:
    with pytest.raises(decode.DecodeError) as caught:
        decode.inflate(body, limit, reader)
    return caught.value.kind, caught.value.offset


WHOLE = gzip.compress(b"cpu v=1 1\n" * 50)
PLAIN = zlib.compressobj(0, zlib.DEFLATED, -15)
STORED = WHOLE[:10] + PLAIN.compress(b"cpu v=1 1") + PLAIN.flush()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"", "not_gzip", id="empty"),
        pytest.param(b"cpu v=1 1", "not_gzip", id="plain"),
        pytest.param(WHOLE[:9], "not_gzip", id="half a header"),
        pytest.param(b"\x1f\x8b\x07" + WHOLE[3:], "not_gzip", id="another method"),
        pytest.param(WHOLE[:10], "truncated", id="only a header"),
        pytest.param(WHOLE[:-1], "truncated", id="trailer cut"),
        pytest.param(WHOLE[:20], "truncated", id="data cut"),
        pytest.param(WHOLE[:-8] + b"\0" * 8, "checksum", id="wrong checksum"),
        pytest.param(WHOLE[:-4] + b"\1\0\0\0", "checksum", id="wrong length"),
        pytest.param(WHOLE + b"0123456789", "trailing", id="something else behind"),
        pytest.param(WHOLE + b"0123", "truncated", id="too little behind to look at"),
        pytest.param(WHOLE + WHOLE[:-3], "truncated", id="second member cut"),
    ],
)
def test_faults(body: bytes, expected: str) -> None:
    assert kind(body)[0] == expected


def test_corrupt_data_is_located() -> None:
    """A stored block whose length does not match its complement: read as far as the four bytes of both."""
    corrupt = STORED[:11] + b"\x09\x00\x00\x00" + STORED[15:]
    assert kind(corrupt + b"\0" * 8) == ("corrupt", 5)


def header(flags: int, extra: bytes) -> bytes:
    return WHOLE[:3] + bytes([flags]) + WHOLE[4:10] + extra


@pytest.mark.parametrize(
    ("flags", "extra", "whole"),
    [
        (0, b"", True),
        (4, b"\x03\x00abc", True),
        (4, b"\x04\x00abc", False),
        (4, b"\x04", False),
        (8, b"name\0", True),
        (8, b"name", False),
        (16, b"comment\0", True),
        (8 | 16, b"name\0comment\0", True),
        (8 | 16, b"name\0comment", False),
        (2, b"\0\0", False),
        (2, b"\0", False),
    ],
)
def test_optional_parts_of_a_header(flags: int, extra: bytes, whole: bool) -> None:
    assert decode.has_gzip_header(header(flags, extra)) is whole


def test_a_header_with_its_own_checksum() -> None:
    begun = header(2, b"")
    summed = begun + (zlib.crc32(begun) & 0xFFFF).to_bytes(2, "little")
    assert decode.has_gzip_header(summed)
    assert decode.inflate(summed + WHOLE[10:], BIG) == gzip.decompress(WHOLE)


# ---------------------------------------------------------------- as flate2 tells it apart

NO_HEADER, ENDED, SUM, BROKEN = "not_gzip", "truncated", "checksum", "corrupt"
#: A body as it was sent to a running InfluxDB 3 Core 3.10, byte by byte.
RECORDED = bytes.fromhex("1f8b0800000000000203cb5548b3355430343780020010106401 10000000")


def summed(begun: bytes, wrong: int = 0) -> bytes:
    return begun + (zlib.crc32(begun) & 0xFFFF ^ wrong).to_bytes(2, "little") + WHOLE[10:]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # What a running Core answered, its words in the comment.
        pytest.param(b"m f=1 1700000000", NO_HEADER, id="plain"),  # invalid gzip header
        pytest.param(b"plain", ENDED, id="plain and short"),  # unexpected end of file
        pytest.param(b"", ENDED, id="empty"),
        pytest.param(RECORDED[:26], ENDED, id="trailer cut"),
        pytest.param(RECORDED[:15], ENDED, id="data cut"),
        pytest.param(RECORDED[:10], ENDED, id="only a header"),
        pytest.param(RECORDED[:4], ENDED, id="half a header"),
        pytest.param(RECORDED[:-8] + bytes(4) + RECORDED[-4:], SUM, id="wrong checksum"),
        pytest.param(RECORDED[:-1] + b"\x01", SUM, id="wrong length"),
        pytest.param(RECORDED + b"rubbish", ENDED, id="something short behind"),
        pytest.param(RECORDED[:10] + b"\xff" * 4 + RECORDED[14:], BROKEN, id="broken data"),  # corrupt deflate stream
        # What follows from flate2's source.
        pytest.param(RECORDED + b"0123456789", NO_HEADER, id="something long behind"),
        pytest.param(RECORDED + RECORDED[:-3], ENDED, id="second member cut"),
        pytest.param(RECORDED + RECORDED[:-1] + b"\1", SUM, id="second member wrong"),
        pytest.param(b"\x1f\x8b\x07" + WHOLE[3:], NO_HEADER, id="another method"),
        pytest.param(header(0x20, WHOLE[10:]), NO_HEADER, id="a reserved flag"),
        pytest.param(header(4, b"\x04\x00abc"), ENDED, id="extra cut"),
        pytest.param(header(8, b"name"), ENDED, id="name without an end"),
        pytest.param(header(2, b"\0"), ENDED, id="header's sum cut"),
        pytest.param(header(2 | 8, b"name"), ENDED, id="name without an end before the header's sum"),
        pytest.param(summed(header(2 | 8, b"name\0"), wrong=1), SUM, id="header's sum wrong"),
    ],
)
def test_faults_as_flate2_tells_them(body: bytes, expected: str) -> None:
    assert kind(body, reader="flate2") == (expected, 0)


def test_flate2_reads_what_is_whole() -> None:
    assert decode.inflate(RECORDED, BIG, "flate2") == b"m f=1 1700000000"
    assert decode.inflate(RECORDED * 3, BIG, "flate2") == b"m f=1 1700000000" * 3
    assert decode.inflate(summed(header(2 | 8, b"name\0")), BIG, "flate2") == gzip.decompress(WHOLE)
    assert decode.inflate(gzip.compress(b""), BIG, "flate2") == b""


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(RECORDED) * 2 - 1), st.integers(0, 255))
def test_both_readers_refuse_the_same_bodies(at: int, value: int) -> None:
    """But one with a reserved flag, which they name differently."""
    body = bytearray(RECORDED * 2)
    body[at] = value
    outcomes = []
    for reader in ("go", "flate2"):
        try:
            outcomes.append(decode.inflate(bytes(body), BIG, reader))
        except decode.DecodeError:
            outcomes.append(b"refused")
    assert outcomes[0] == outcomes[1]


# ---------------------------------------------------------------- text


def as_rust(body: bytes) -> tuple[str, int, int] | None:
    """core::str::validations::run_utf8_validation, step by step."""
    at = 0
    while at < len(body):
        first, begin = body[at], at
        width = 1 if first < 0x80 else 2 if 0xC2 <= first < 0xE0 else 3 if 0xE0 <= first < 0xF0 else 4
        if first in range(0x80, 0xC2) or first > 0xF4:
            return ("not_utf8", begin, 1)
        for step in range(1, width):
            if begin + step == len(body):
                return ("incomplete_utf8", begin, step)
            low, high = 0x80, 0xBF
            if step == 1:
                low = {0xE0: 0xA0, 0xF0: 0x90}.get(first, low)
                high = {0xED: 0x9F, 0xF4: 0x8F}.get(first, high)
            if not low <= body[begin + step] <= high:
                return ("not_utf8", begin, step)
        at += width
    return None


#: Each side of every bound that UTF-8 has.
EDGES = bytes.fromhex("00417f808f909f a0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff")


def test_utf8_is_judged_as_rust_does() -> None:
    for length in range(4):
        for body in itertools.product(EDGES, repeat=length):
            assert decode.utf8_fault(bytes(body)) == as_rust(bytes(body)), bytes(body)


@given(st.lists(st.one_of(st.text(max_size=3).map(str.encode), st.binary(max_size=4)), max_size=6))
def test_utf8_is_judged_as_rust_does_anywhere(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    assert decode.utf8_fault(body) == as_rust(body)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        # What a running Core answered: "invalid utf-8 sequence of 1 bytes from index 4" …
        pytest.param(b"m,t=\xff f=1 1700000000", ("not_utf8", 4, 1), id="no byte of any character"),
        pytest.param(b'm f=1 1700000000\nm s="\xc2(" 1700000001', ("not_utf8", 22, 1), id="begun and not gone on with"),
        pytest.param(b"\xff\xfem f=1", ("not_utf8", 0, 1), id="UTF-16"),
        pytest.param(RECORDED, ("not_utf8", 1, 1), id="gzip that is not declared"),
        # … and "incomplete utf-8 byte sequence from index 16".
        pytest.param(b"m f=1 1700000000\xe2\x82", ("incomplete_utf8", 16, 2), id="ended within one"),
    ],
)
def test_utf8_as_recorded(body: bytes, fault: tuple[str, int, int]) -> None:
    assert decode.utf8_fault(body) == fault


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize("reader", ["go", "flate2"])
def test_what_is_wrong_beyond_the_limit_is_not_seen(reader: str) -> None:
    """Nobody reads on to find it."""
    body = gzip.compress(b"x" * 200)[:-8] + bytes(8)
    with pytest.raises(decode.TooLarge):
        decode.inflate(body, 99, reader)
    assert kind(body, 200, reader) == ("checksum", 0)


@pytest.mark.parametrize("size", [0, 1, 100, 1 << 20, (1 << 20) + 1])
def test_the_limit_is_exact(size: int) -> None:
    body = gzip.compress(b"x" * size)
    assert len(decode.inflate(body, size)) == size
    if size:
        with pytest.raises(decode.TooLarge):
            decode.inflate(body, size - 1)


def test_the_limit_counts_all_members() -> None:
    body = gzip.compress(b"x" * 60) * 2
    assert len(decode.inflate(body, 120)) == 120
    with pytest.raises(decode.TooLarge):
        decode.inflate(body, 119)


class CountingInflater:
    """zlib's, counting what comes out of it."""

    produced = 0

    def __init__(self, real: Any) -> None:
        self._real = real

    def decompress(self, *args: Any) -> bytes:
        part: bytes = self._real.decompress(*args)
        CountingInflater.produced += len(part)
        return part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def bomb(size: int) -> bytes:
    """Gzip data of that many zeros, made piece by piece."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(size >> 20)) + packer.flush()


def test_a_bomb_is_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of zeros in one megabyte: no more than the limit and two steps is ever inflated."""
    body = bomb(1 << 30)
    assert len(body) < 2 << 20
    real = zlib.decompressobj
    monkeypatch.setattr(CountingInflater, "produced", 0)
    monkeypatch.setattr(decode.zlib, "decompressobj", lambda **kwargs: CountingInflater(real(**kwargs)))
    with pytest.raises(decode.TooLarge):
        decode.inflate(body, 100_000)
    assert 100_000 < CountingInflater.produced <= 100_000 + 2 * (1 << 20)


def test_a_bomb_of_many_members_is_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.compress(bytes(1 << 20)) * 300
    real = zlib.decompressobj
    monkeypatch.setattr(CountingInflater, "produced", 0)
    monkeypatch.setattr(decode.zlib, "decompressobj", lambda **kwargs: CountingInflater(real(**kwargs)))
    with pytest.raises(decode.TooLarge):
        decode.inflate(body, 2 << 20)
    assert CountingInflater.produced <= 4 << 20
