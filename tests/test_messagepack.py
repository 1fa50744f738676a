"""MessagePack as InfluxDB 1 writes it; an independent reader understands it."""

from __future__ import annotations

import pytest

from mockflux.messagepack import Time, pack


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        (None, "c0"), (True, "c3"), (False, "c2"), (0, "00"), (127, "7f"), (128, "d10080"), (-32, "e0"), (-33, "d0df"),
        (-129, "d1ff7f"), (32_767, "d17fff"), (32_768, "d200008000"), (10**9, "d23b9aca00"),
        (2**31, "d30000000080000000"), (-(2**63), "d38000000000000000"), (2**63, "cf8000000000000000"),
        (1.0, "cb3ff0000000000000"), ("", "a0"), ("é", "a2c3a9"), ("\udcff", "a1ff"), ("x" * 32, "d920" + "78" * 32),
        ("x" * 256, "da0100" + "78" * 256), ([], "90"), ([1] * 16, "dc0010" + "01" * 16), ({"a": [1]}, "81a1619101"),
        (Time(2_000_000_001), "c70c05000000000000000200000001"), (Time(-1), "c70c05ffffffffffffffff3b9ac9ff"),
    ],
)  # fmt: skip
def test_bytes(value: object, packed: str) -> None:
    assert pack(value).hex() == packed


def test_another_reader_understands_it() -> None:
    msgpack = pytest.importorskip("msgpack")
    value = {
        "a": [1, -5, 2**40, 1.5, None, True, "x" * 70_000],
        "b": {"c": list(range(70_000))},
        **{str(n): n for n in range(20)},
    }
    assert msgpack.unpackb(pack(value), strict_map_key=False) == value


def test_what_it_cannot_tell() -> None:
    with pytest.raises(TypeError, match="no MessagePack for set"):
        pack({1})
