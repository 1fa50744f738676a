"""Rubbish, and requests with a few bytes changed: the server never hangs, never dies, and serves the next client."""

import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockflux.server.wire import HARD_PROBLEMS, Chunks, Unreadable, read_head

GOOD = [
    b"POST /api/v2/write?org=a&bucket=b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nm v=1",
    b"POST /w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nm v\r\n2;e=f\r\n=1\r\n0\r\nT: u\r\n\r\n",
    b"GET http://x/ping HTTP/1.0\r\nConnection: keep-alive\r\nUpgrade: h2c\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
]
BYTES = b"\r\n :0129aAfF\x00\xff;,/%!GETHTTP"


@st.composite
def mutated(draw):
    raw = bytearray(b"".join(draw(st.lists(st.sampled_from(GOOD), min_size=1, max_size=3))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        new = bytes(draw(st.lists(st.sampled_from(BYTES), max_size=3)))
        raw[at : at + draw(st.integers(0, 3))] = new
    return bytes(raw)


@pytest.fixture
def hook(monkeypatch):
    seen = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args))
    return seen


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.one_of(mutated(), st.binary(max_size=300)), cut=st.integers(0, 400))
def test_no_bytes_hang_or_kill_the_server(app, server, hook, raw, cut):
    with socket.create_connection((server.host, server.port), timeout=20) as sock:
        try:
            sock.sendall(raw[:cut])
            sock.sendall(raw[cut:])
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except OSError:  # refused and closed by the server before all of it was sent
            pass
    with socket.create_connection((server.host, server.port), timeout=20) as sock:
        sock.sendall(GOOD[0])
        assert sock.recv(65536).startswith(b"HTTP/1.1 204 ")
    assert (hook, app.failures) == ([], [])


@settings(max_examples=300, deadline=None)
@given(raw=st.one_of(mutated(), st.binary(max_size=300)))
def test_a_head_is_read_or_refused(raw):
    try:
        problem, length = None, read_head(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").length
    except Unreadable as complaint:
        problem, length = complaint.problem, None
    assert problem is None or problem in HARD_PROBLEMS
    assert length is None or length >= 0


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    trailers=st.sampled_from([b"", b"X: y\r\n", b"A:\r\nB: c\r\n"]),
    rest=st.binary(max_size=30),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_chunks_are_joined_and_their_end_is_found_in_any_pieces(parts, trailers, rest, cuts):
    raw = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"
    whole, chunks, at = raw + rest, Chunks(10_000, 10_000), 0
    for cut in [*sorted(cut for cut in cuts if cut < len(whole)), len(whole)]:
        if cut > at and not chunks.done:
            chunks.feed(whole[at:cut])
            at = cut
    assert chunks.done
    assert chunks.problem is None
    assert chunks.body == b"".join(parts)
    assert chunks.rest + whole[at:] == rest
