"""Heads that come again are read once, and say the same."""

from __future__ import annotations

import pytest

from mockflux.server.heads import Heads
from mockflux.server.wire import Unreadable, read_head


def raw(target: str, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in ("Host: localhost", *headers))
    return f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def told(head: object) -> dict[str, object]:
    return {name: getattr(head, name) for name in head.__slots__ if name != "again"}  # type: ignore[attr-defined]


def test_a_head_that_comes_again_is_the_one_that_was_read() -> None:
    heads = Heads()
    first = heads.read(raw("/write", "Content-Length: 3"), 0, 0)
    other = heads.read(raw("/write", "Content-Length: 4"), 0, 0)
    assert heads.read(raw("/write", "Content-Length: 3"), 0, 0) is first
    assert (first.length, other.length) == (3, 4)
    assert (first.again, other.again) == (True, False)


def test_it_says_what_a_fresh_reading_says() -> None:
    heads = Heads()
    sent = raw("http://x/write?a=%zz", "Transfer-Encoding: chunked", "Expect: 100-continue", "Connection: close")
    heads.read(sent, 0, 0)
    assert told(heads.read(sent, 0, 0)) == told(read_head(sent))


def test_what_cannot_be_read_is_refused_each_time() -> None:
    heads = Heads()
    for _ in range(2):
        with pytest.raises(Unreadable) as complaint:
            heads.read(raw("/write", "Content-Length: x"), 0, 0)
        assert complaint.value.problem == "length"


def test_other_limits_are_asked_anew() -> None:
    heads = Heads()
    sent = raw("/write", "A: 1", "B: 2")
    heads.read(sent, 0, 0)
    with pytest.raises(Unreadable) as complaint:
        heads.read(sent, 2, 0)
    assert complaint.value.problem == "headers_too_many"


def test_what_is_remembered_is_bounded() -> None:
    heads = Heads()
    long = raw("/write", "A: " + "x" * 5000)
    assert heads.read(long, 0, 0) is not heads.read(long, 0, 0)
    for number in range(1000):
        heads.read(raw(f"/{number}"), 0, 0)
    assert len(heads._known) <= 32
