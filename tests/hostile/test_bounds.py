"""What a hostile client can take at most, in memory and time, as docs/limits.md has it.

Memory is what Python has allocated (tracemalloc), relative to what was sent. Time is looked at only where a mistake
would make it grow with the square: the sizes are such that this would take minutes.
"""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc

import pytest

from mockflux import Server, gojson
from mockflux.http import front
from mockflux.http.application import Application
from mockflux.lineprotocol import go, iox
from mockflux.profile import concrete, load_profile
from mockflux.request import Request
from mockflux.server.connection import Connection
from mockflux.server.wire import Chunks, read_head
from mockflux.writing import decode

SIZE = 50_000
#: By these an edition is told how long a body may be.
SWITCHES_OF_BODIES = ("max_body", "max_body_sent", "max_http_request_size")
LIMIT = 10_000_000
QUICK = 5.0  # seconds: ten times and more what it takes


def peak(function):
    """The most memory that a call holds at once beyond what there was: the least of some calls, since threads of other
    tests, and what is loaded on the way, count too."""
    return min(_peak(function) for _ in range(2))


def _peak(function):
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = function()
        del result
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


class Sock:
    """A socket that has something to say, a few bytes at a time."""

    def __init__(self, said, step):
        self.said, self.step, self.at, self.sent = said, step, 0, bytearray()

    def recv(self, limit):
        start = self.at
        self.at = min(len(self.said), start + min(limit, self.step))
        return self.said[start : self.at]

    def sendall(self, data):
        self.sent += data

    def setsockopt(self, *_):
        pass

    settimeout = shutdown = setsockopt


def serve(edition, said, step):
    """A server of that edition has a connection with such a socket; what it answers."""
    server, sock = Server(edition), Sock(said, step)
    Connection(sock, Application(server.profile, lambda: server.world), threading.Event()).run()
    assert server.journal.errors() == []
    return bytes(sock.sent)


# ------------------------------------------------------------------------------------------------- framing


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_body_in_tiny_chunks(size):
    body = b"ab" * (SIZE // 2)
    raw = b"".join(b"%x\r\n%s\r\n" % (size, body[at : at + size]) for at in range(0, SIZE - size, size)) + b"0\r\n\r\n"

    def join():
        chunks = Chunks(SIZE, 1000)
        for at in range(0, len(raw), 65536):
            chunks.feed(raw[at : at + 65536])
        assert chunks.done
        return bytes(chunks.body)

    assert peak(join) < 3 * SIZE + 200_000


def test_a_body_that_comes_in_tiny_pieces():
    head = b"POST /api/v2/write HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SIZE
    raw = head + b"a" * SIZE
    serve("v2-oss", raw, 70_000)  # whatever has to be loaded
    assert peak(lambda: serve("v2-oss", raw, 2)) < peak(lambda: serve("v2-oss", raw, 70_000)) + 2 * SIZE


@pytest.mark.parametrize("step", [1, 65536])
def test_the_framing_takes_its_time_by_length(step):
    """A head, and a line of chunks, in single bytes: each byte is looked at so many times and no more."""
    begun, length = time.monotonic(), 200_000
    head = b"GET /ping?" + b"a" * length + b" HTTP/1.1\r\nHost: x\r\n" + b"\r\n" * 1000 + b"a"
    assert serve("v2-oss", head, step).startswith(b"HTTP/1.1 204")
    chunks = Chunks(1000, 1_100_000)
    for _ in range(130_000 if step == 1 else 1):
        chunks.feed(b"1;eeeeee"[: 8 if not chunks._line else 0] or b"eeeeeeee")
    assert chunks.problem is None
    assert time.monotonic() - begun < QUICK


def test_a_head_of_headers():
    """The smallest header takes three bytes and becomes two texts."""
    raw = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a:\n" * (SIZE // 3) + b"\r\n"
    assert peak(lambda: read_head(raw)) < 100 * len(raw)


# ------------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize("reader", ["go", "flate2"])
def test_gzip(reader):
    limit = 2_000_000
    bomb = gzip.compress(b"#" * 20_000_000, 9)

    def inflate(body):
        with pytest.raises(decode.TooLarge):
            decode.inflate(body, limit, reader)

    for body in (bomb, gzip.compress(b"#" * 1_000_000, 9) * 20):
        assert peak(lambda body=body: inflate(body)) < 2 * limit + (2 << 20)
    begun = time.monotonic()
    members = gzip.compress(b"", mtime=0) * 200_000  # 4 MB; nine seconds when each member copied the rest
    assert decode.inflate(members, limit, reader) == b""
    assert time.monotonic() - begun < QUICK
    assert peak(lambda: decode.inflate(members[:100_000], limit, reader)) < 1_000_000


def with_limit(edition):
    """Switches by which what a body of an edition inflates to is limited to ``LIMIT``; None where there are none."""
    switches = {name: LIMIT for name in SWITCHES_OF_BODIES if name in load_profile(edition).switch_info}
    return switches if load_profile(edition, switches).settings.limits.inflated == LIMIT else None


@pytest.mark.parametrize("edition", [edition for edition in concrete() if with_limit(edition) is not None])
def test_a_bomb_at_a_server(make, edition):
    """Whatever it inflates to, not much more than the edition's limit is held at once."""
    target = make(edition, **with_limit(edition))
    raw = target.post(gzip.compress(b"#" * 5 * LIMIT, 9), "Content-Encoding: gzip")
    assert peak(lambda: target.converse([raw])) < 2.2 * LIMIT
    assert target.server.journal[-1].status == 413


def test_text_of_many_bytes():
    """Characters that take four bytes in memory each are looked at by steps."""
    body = b"a" * 4_000_000 + "😀".encode()
    assert decode.utf8_fault(body) is None
    assert peak(lambda: decode.utf8_fault(body)) < 8 << 20
    assert decode.utf8_fault(body[:-1]) == ("incomplete_utf8", 4_000_000, 3)
    assert decode.utf8_fault("é".encode() * 3_000_000 + b"\xff") == ("not_utf8", 6_000_000, 1)


# ------------------------------------------------------------------------------------------------- contents


def lines(size):
    """By name, some body and what parsing it may take, relative to its size."""
    return {
        "escapes": (b'm v="' + b"\\\\" * (size // 2) + b'"', 6),
        "escaped quotes": (b'm v="' + b'\\"' * (size // 2) + b'"', 6),
        "escapes and a NUL": (b'm v="\0' + b"\\\\" * (size // 2) + b'"', 6),
        "escapes in names": (
            b"m\\," * (size // 8) + b",t=" + b"\\=" * (size // 8) + b" " + b"\\," * (size // 8) + b"=1",
            8,
        ),
        "many fields": (b"m " + b",".join(b"f%d=1" % n for n in range(size // 9)), 70),
        "one field many times": (b"m " + b",".join([b"f=1"] * (size // 4)), 90),
        "many tags": (b"m," + b",".join(b"t%d=1" % n for n in range(size // 9)) + b" v=1", 70),
        "short lines": (b"m v=1\n" * (size // 6), 70),
        "bad lines": (b"a\n" * (size // 2), 70),
    }


LINES = lines(SIZE)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("grammar", [go, iox])
def test_lines(grammar, name):
    body, factor = LINES[name]
    assert peak(lambda: grammar.parse(body)) < factor * len(body)


@pytest.mark.parametrize("edition", concrete())
def test_a_write(edition):
    """Parsed, judged, worded and stored, a body takes at most so many times its size for a moment."""
    server = Server(edition)
    name = server.bucket or server.database
    headers = [("Host", "x"), ("Authorization", "Token my-token")]
    small = lines(SIZE // 4)
    for body in (b"w v=1", *(body for body, _ in small.values())):
        v2 = "v2-write" in server.profile.doors
        target = f"/api/v2/write?org=my-org&bucket={name}" if v2 else f"/write?db={name}"
        request = Request("POST", target, headers, body)
        taken = peak(lambda request=request: front.answer(server.world, request))
        assert taken < 100 * len(body) + 1_000_000
        server.reset()
    assert server.journal.errors() == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * SIZE,
        b"[[]," * 9_999 + b"1" + b"]" * 9_999,
        b'{"a":' * (SIZE // 5),
        b'"' + b"\\n" * (SIZE // 2) + b'"',
        b'"' + b"\xff" * SIZE + b'"',
        b"[" + b"{}," * (SIZE // 3) + b"1]",
        b"9" * SIZE,
    ],
)
def test_json(body):
    def read():
        try:
            return gojson.only(body)
        except gojson.GoJsonError as error:
            return str(error)

    assert peak(read) < 60 * len(body)


def test_json_as_deep_as_go_reads_it():
    """Python's own reader gives up at a thousand; a value that was read must also go away again."""
    value = gojson.only(b"[" * 10_000 + b"]" * 10_000)
    del value
    for body in (b"[" * 10_001, b'{"a":' * 10_001 + b"1"):
        with pytest.raises(gojson.GoJsonError, match=r"^exceeded max depth$"):
            gojson.only(body)
