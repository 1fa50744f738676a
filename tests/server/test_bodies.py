"""Bodies: by length and in chunks, whole and broken, too large, and with all that disguises them."""

import gc
import socket
import time

import pytest

from mockflux.server.wire import Chunks, size_line_problem

CHUNKED = b"POST /write HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_h2c_upgrade_with_a_length(app, client):
    assert client.ask(b"POST /w HTTP/1.1\r\nContent-Length: 5\r\nHost: x\r\n", UPGRADE, b"\r\nm v=1").status == 204
    assert app.requests[0].body == b"m v=1"
    assert ("Upgrade", "h2c") in app.requests[0].headers
    assert app.requests[0].headers[0] == ("Content-Length", "5")
    assert client.alive()


def test_h2c_upgrade_with_chunks(app, client):
    assert client.ask(CHUNKED, UPGRADE, b"\r\n3\r\nm v\r\n2\r\n=1\r\n0\r\n\r\n").status == 204
    assert app.requests[0].body == b"m v=1"
    assert [name for name, _ in app.requests[0].headers] == [
        "Host", "Transfer-Encoding", "Connection", "Upgrade", "HTTP2-Settings",
    ]  # fmt: skip
    assert client.alive()


def test_h2c_upgrade_in_other_letters(app, client):
    client.ask(b"POST / HTTP/1.1\r\ncontent-length: 2\r\nhost: x\r\nconnection: upgrade\r\nuPGRADE: h2c\r\n\r\nhi")
    assert app.requests[0].body == b"hi"
    assert ("uPGRADE", "h2c") in app.requests[0].headers


@pytest.mark.parametrize("size", [0, 1, 65_000, 70_000, 300_000])
def test_bodies_by_length(app, client, size):
    body = bytes(range(256)) * (size // 256 + 1)
    assert client.post(body[:size]).status == 204
    assert app.requests[0].body == body[:size]
    assert client.alive()


@pytest.mark.parametrize(
    ("body", "joined"),
    [
        (b"0\r\n\r\n", b""),
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"1\r\na\r\n00002\r\nbc\r\n000\r\n\r\n", b"abc"),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"01234567890123456789"),
        (b"3;ext=1\r\nabc\r\n0;last\r\n\r\n", b"abc"),
        (b"3 \r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\nX-Trailer: y\r\nX-B: z\r\n\r\n", b"abc"),
        (b"7\r\na\r\n0\r\n\r\r\n0\r\n\r\n", b"a\r\n0\r\n\r"),
    ],
)
@pytest.mark.parametrize("pieces", ["whole", "bytes"])
def test_bodies_in_chunks(app, client, body, joined, pieces):
    """Trailers and extensions are dropped, and the next request is found, however the bytes arrive."""
    raw = CHUNKED + b"\r\n" + body
    for piece in [raw] if pieces == "whole" else [raw[at : at + 1] for at in range(len(raw))]:
        client.send(piece)
    assert client.answer().status == 204
    assert (app.requests[0].body, app.requests[0].length) == (joined, len(joined))
    assert app.requests[0].header("x-trailer") is None
    assert client.alive()


def test_many_large_chunks(app, client):
    body = bytes(range(256)) * 1000
    raw = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 7777]), body[at : at + 7777]) for at in range(0, len(body), 7777)
    )
    assert client.ask(CHUNKED, b"\r\n", raw, b"0\r\n\r\n").status == 204
    assert app.requests[0].body == body


@pytest.mark.parametrize("length", [b"5", b"abc", b""])
def test_chunks_count_more_than_a_length(app, client, length):
    reply = client.ask(CHUNKED, b"Content-Length: ", length, b"\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n")
    assert reply.status == 204
    assert app.requests[0].body == b"abcdef"
    assert client.alive()


def test_chunked_in_other_letters(app, client):
    raw = b"POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: Chunked \r\n\r\n1\r\na\r\n0\r\n\r\n"
    assert client.ask(raw).status == 204
    assert app.requests[0].body == b"a"


def test_the_same_length_twice_passes(app, client):
    assert client.post(b"m v=1", "Content-Length: 5").status == 204
    assert app.requests[0].body == b"m v=1"


@pytest.mark.parametrize(
    ("body", "problem", "kept"),
    [
        (b"zz\r\nm v=1\r\n0\r\n\r\n", "invalid byte in chunk length", b""),
        (b"3\r\nm v=1\r\n0\r\n\r\n", "malformed chunked encoding", b"m v"),
        (b"-1\r\nm v=1\r\n0\r\n\r\n", "invalid byte in chunk length", b""),
        (b"\r\nm v=1\r\n0\r\n\r\n", "empty hex number for chunk length", b""),
        (b"fffffffffffffffff\r\nx\r\n0\r\n\r\n", "http chunk length too large", b""),
        (b"m v=1 1700000000000000000\r\n\r\n", "invalid byte in chunk length", b""),
        (b"1\r\na\r\n\r\nm v=1\r\n", "empty hex number for chunk length", b"a"),
        (b"1\r\na\r\n1;x=y\r\nb\r\nxyz\r\n", "invalid byte in chunk length", b"ab"),
        (b"1\na\n0\n\n", "chunked line ends with bare LF", b""),
        (b"1\r\na\r\n0\r\nno trailer\r\n\r\n", "malformed MIME header line", b"a"),
        (b"1\r\na\r\n1;" + b"x" * 70_000, "header line too long", b"a"),
    ],
)
def test_broken_chunks_reach_the_application_in_words(app, client, body, problem, kept):
    app.says(500, "Internal Server Error", b"{}")
    reply = client.ask(CHUNKED, b"\r\n", body)
    assert (app.requests[0].problem, app.requests[0].body) == (problem, kept)
    assert reply.headers == [("Content-Length", "2"), ("Connection", "close")]
    assert client.closed()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_broken_chunks_are_worded_alike_in_any_pieces(size):
    for body, problem in [
        (b"1\r\na\r\n\r\n", "empty hex number for chunk length"),
        (b"1\r\na\r\n2\r\nabc", "malformed chunked encoding"),
        (b"2\r\nab\r\nabg\r\n", "invalid byte in chunk length"),
        (b"2\r\nab\r\n11111111111111111\r\n", "http chunk length too large"),
    ]:
        chunks = Chunks(100, 100)
        for at in range(0, len(body), size):
            if chunks.problem is None:
                chunks.feed(body[at : at + size])
        assert chunks.problem == problem


def test_words_for_size_lines():
    assert size_line_problem(b"1\rx\r\n") == "invalid CR in chunked line"
    assert size_line_problem(b"1\n") == "chunked line ends with bare LF"
    assert size_line_problem(b" ;ext\r\n") == "empty hex number for chunk length"
    assert size_line_problem(b"1;\x00\r\n") == "malformed chunked encoding"


def test_a_body_over_the_limit_is_drained_and_the_connection_goes_on(app, client):
    app.max_body = 1000
    app.says(413, "Request Entity Too Large", b"too large")
    reply = client.post(b"x" * 3_000_000)
    assert (reply.status, reply.body) == (413, b"too large")
    request = app.requests[0]
    assert (request.problem, request.length, request.body) == ("too_large", 3_000_000, b"")
    assert client.alive()


def test_a_chunked_body_over_the_limit(app, client):
    app.max_body = 1000
    assert client.ask(
        CHUNKED, b"\r\n", b"258\r\n" + b"x" * 600 + b"\r\n", b"258\r\n" + b"y" * 600 + b"\r\n", b"0\r\n\r\n"
    )
    request = app.requests[0]
    assert (request.problem, request.length, request.body) == ("too_large", 1200, b"")
    assert client.alive()


def test_a_body_at_the_limit(app, client):
    app.max_body = 1000
    client.post(b"x" * 1000)
    client.post(b"x" * 1001)
    assert [request.problem for request in app.requests] == [None, "too_large"]


def test_what_is_drained_is_not_kept():
    chunks = Chunks(1000, 1000)
    for _ in range(50):
        chunks.feed(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert len(chunks.body) <= 1000
    assert chunks.length == 50 * 4096


def test_chunks_leave_nothing_for_the_collector():
    gc.collect()
    gc.disable()
    try:
        for _ in range(200):
            for body in (b"1\r\na\r\n0\r\n\r\n", b"nonsense\r\n"):
                Chunks(100, 100).feed(body)
        assert gc.collect() < 200, "what other threads leave is little beside one cycle each"
    finally:
        gc.enable()


def test_http_1_0_knows_no_chunks(app, client):
    client.ask(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")
    assert app.requests[0].body == b"0\r\n\r\n"


def test_a_length_alone_takes_no_memory(app, client):
    """A client may announce what it never sends."""
    app.max_body = 2**62
    client.send(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {2**62}\r\n\r\nabc")
    client.sock.shutdown(socket.SHUT_WR)
    assert client.closed()


def test_early_errors_come_after_the_body(app, client):
    """Else the rest of the body would be taken for the next request."""
    app.says(401, "Unauthorized", b"no")
    for _ in range(3):
        assert client.post(b"GET / HTTP/1.1\r\n\r\n" * 10_000).status == 401
    assert len(app.requests) == 3


def test_expect_continue(app, client):
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert client.answer().line == "HTTP/1.1 100 Continue"
    assert app.requests == []
    assert client.ask(b"m v=1").status == 204
    assert app.requests[0].body == b"m v=1"


def test_expect_continue_is_said_once_also_when_the_body_is_there(app, client):
    client.send(CHUNKED, b"Expect: 100-Continue\r\n\r\n1\r\na\r\n0\r\n\r\n")
    assert [client.answer().status, client.answer().status] == [100, 204]
    assert client.alive()


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_expect_continue_is_not_said_in_vain(app, client, version):
    """Not without a body, not to HTTP/1.0, which knows no 100."""
    length = 0 if version == "1.1" else 2
    raw = f"POST / HTTP/{version}\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    assert client.ask(raw + "hi"[:length]).status == 204


def test_one_byte_after_the_other(app, client, post):
    for byte in post(b"m v=1", "X: y"):
        client.send(bytes([byte]))
    assert client.answer().status == 204
    assert app.requests[0].body == b"m v=1"


@pytest.mark.parametrize(
    "part",
    [
        b"POST /wri",
        b"POST / HTTP/1.1\r\nHost",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nm v",
        CHUNKED + b"\r\n9\r\nm",
    ],
    ids=["line", "header", "body", "chunk"],
)
@pytest.mark.parametrize("how", ["half", "close", "reset"])
def test_a_client_that_goes_away_is_not_answered(app, connect, post, part, how, capfd):
    client = connect()
    client.send(part)
    if how == "half":
        client.sock.shutdown(socket.SHUT_WR)
        assert client.closed()
    else:
        if how == "reset":
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.sock.close()
    assert connect().post(b"ok").status == 204
    assert [request.body for request in app.requests] == [b"ok"]
    assert capfd.readouterr() == ("", "")


def test_a_client_that_has_said_all_gets_its_answer(app, client, post):
    client.send(post(b"a"), post(b"b"))
    client.sock.shutdown(socket.SHUT_WR)
    assert [client.answer().status, client.answer().status] == [204, 204]
    assert client.closed()


def test_a_client_that_leaves_before_the_answer(app, connect, post, capfd):
    client = connect()
    app.says(200, "OK", b"x" * 5_000_000)
    client.send(post(b"a"))
    wait_until(lambda: app.requests)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.sock.close()
    app.says(200, "OK", b"x")
    assert connect().post(b"ok").status == 200
    assert capfd.readouterr() == ("", "")
