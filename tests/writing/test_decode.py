"""Gzip bodies: whole, in several members, broken in each way that a server tells apart, and bombs."""

from __future__ import annotations

import gzip
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


def kind(body: bytes, limit: int = BIG) -> tuple[str, int]:
    with pytest.raises(decode.DecodeError) as caught:
        decode.inflate(body, limit)
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


# ---------------------------------------------------------------- bounds


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
