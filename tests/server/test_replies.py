"""What goes out: heads to the byte, framing, closing, HTTP/1.0, delays and broken transmissions."""

import socket
import time

import pytest

from mockflux.reply import Reply
from mockflux.server import connection, heads

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEEP = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def say(app, *headers, body=b"", status=200, reason="OK", **attributes):
    def reply(request):
        made = Reply(status, reason, list(headers), body)
        for name, value in attributes.items():
            setattr(made, name, value)
        return made

    app.reply = reply


def sized(app, body, *headers, **attributes):
    say(app, ("Content-Length", str(len(body))), *headers, body=body, **attributes)


def test_the_head_is_what_the_application_says(app, client):
    say(app, ("x-lower", "a"), ("Content-Length", "2"), ("X-B", "ü"), body=b"hi", status=299, reason="Really  fine")
    client.send(CLOSE)
    assert client.rest() == (
        "HTTP/1.1 299 Really  fine\r\nx-lower: a\r\nContent-Length: 2\r\nX-B: ü\r\nConnection: close\r\n\r\nhi"
    ).encode("latin-1")


def test_text_beyond_latin_1_goes_as_utf_8(app, client):
    say(app, ("X", "日本"), status=204)
    assert client.ask(GET).headers == [("X", "日本".encode().decode("latin-1"))]


def test_keep_alive_on_the_same_socket(app, client):
    sized(app, b"x")
    for number in range(200):
        assert client.post(b"%d" % number).headers == [("Content-Length", "1")]
    assert [request.body for request in app.requests] == [b"%d" % number for number in range(200)]


def test_replies_do_not_wait_for_acknowledgements(app, client, server):
    """A reply in two packets costs 44 ms without TCP_NODELAY."""
    client.ask(GET)
    (connection,) = server._open
    assert connection._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    sized(app, b"x" * 200)
    begun = time.monotonic()
    for _ in range(500):
        client.ask(GET)
    assert time.monotonic() - begun < 10


def test_a_small_reply_is_one_segment(app, client, server):
    """Seen by a client that takes whatever is there: never the head alone."""
    sized(app, b"x" * 100)
    for _ in range(300):
        client.send(GET)
        assert len(client.sock.recv(65536)) == len(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n") + 100


def test_pipelined_requests_are_answered_in_order(app, client, post):
    app.reply = lambda request: Reply(200, "OK", [("Content-Length", str(len(request.body)))], request.body)
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\nT: y\r\n\r\n"
    client.send(post(b"a"), chunked, post(b""), chunked, post(b"c" * 1000), GET)
    assert [client.answer().body for _ in range(6)] == [b"a", b"b", b"", b"b", b"c" * 1000, b""]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [200, 204, 304])
def test_replies_without_a_body(app, client, method, status):
    """HEAD, 204 and 304 send none, whatever the application gives; their headers stay."""
    sized(app, b"hello", status=status)
    for _ in range(2):
        reply = client.ask(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n", method=method)
        assert reply.headers == [("Content-Length", "5")]
        assert reply.body == (b"hello" if (method, status) == ("GET", 200) else b"")


def test_head_of_a_chunked_reply(app, client):
    say(app, ("Transfer-Encoding", "chunked"), body=b"hello")
    assert client.ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", method="HEAD").headers == [("Transfer-Encoding", "chunked")]
    assert client.ask(GET).body == b"hello"


@pytest.mark.parametrize("body", [b"", b"a", b"hello\r\n0\r\n\r\n", b"x" * 200_000])
@pytest.mark.parametrize("name", ["Transfer-Encoding", "transfer-encoding"])
def test_chunked_replies(app, client, body, name):
    say(app, (name, "chunked"), body=body)
    for _ in range(2):
        reply = client.ask(GET)
        assert (reply.framing, reply.body, reply.headers) == ("chunked", body, [(name, "chunked")])


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_old_clients_get_chunked_replies_unframed(app, client, body):
    say(app, ("A", "b"), ("Transfer-Encoding", "chunked"), body=body)
    client.send(OLD_KEEP)
    assert client.rest() == b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n" + body


def test_large_replies(app, client):
    body = bytes(range(256)) * 40_000
    sized(app, body)
    for _ in range(2):
        assert client.ask(GET).body == body


def test_a_reply_of_unknown_length_ends_with_the_connection(app, client):
    say(app, ("A", "b"), body=b"hello")
    reply = client.ask(GET)
    assert (reply.framing, reply.body, reply.headers) == ("close", b"hello", [("A", "b"), ("Connection", "close")])


# ---------------------------------------------------------------------- who closes, and how it is said


def test_close_on_request(app, client):
    sized(app, b"hi", ("Date", "now"))
    reply = client.ask(CLOSE)
    assert reply.headers == [("Content-Length", "2"), ("Date", "now"), ("Connection", "close")]
    assert client.closed()


def test_close_by_the_application(app, client):
    sized(app, b"hi", close=True)
    assert client.ask(GET).headers == [("Content-Length", "2"), ("Connection", "close")]
    assert client.closed()


def test_close_is_said_as_the_edition_says_it(app, client):
    app.close_header, app.close_before = ("connection", "close"), frozenset({"content-length", "date"})
    sized(app, b"hi", ("date", "now"))
    assert client.ask(CLOSE).headers == [("connection", "close"), ("Content-Length", "2"), ("date", "now")]


def test_close_before_a_header_that_is_missing_is_last(app, client):
    app.close_before = frozenset({"transfer-encoding"})
    sized(app, b"hi")
    assert client.ask(CLOSE).headers == [("Content-Length", "2"), ("Connection", "close")]


@pytest.mark.parametrize("request_bytes", [GET, CLOSE])
def test_close_is_not_said_twice(app, client, request_bytes):
    sized(app, b"hi", ("connection", "close"), close=True)
    assert client.ask(request_bytes).headers == [("Content-Length", "2"), ("connection", "close")]
    assert client.closed()


def test_what_the_application_says_about_closing_is_done(app, client):
    sized(app, b"hi", ("Connection", "close"))
    client.ask(GET)
    assert client.closed()


def test_nothing_after_the_request_that_closes_is_read(app, client):
    sized(app, b"hi")
    reply = client.ask(CLOSE + GET)
    assert reply.body == b"hi"
    assert client.closed()
    assert len(app.requests) == 1


def test_http_1_0_closes(app, client):
    sized(app, b"hi")
    client.send(OLD)
    assert client.rest() == b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def test_http_1_0_keeps_alive_on_request(app, client):
    sized(app, b"hi", ("Date", "now"))
    for _ in range(3):
        reply = client.ask(OLD_KEEP)
        assert reply.line == "HTTP/1.0 200 OK"
        assert reply.headers == [("Content-Length", "2"), ("Date", "now"), ("Connection", "keep-alive")]
    say(app, status=204)
    assert client.ask(OLD_KEEP).headers == [("Connection", "keep-alive")]
    sized(app, b"hi", close=True)
    assert client.ask(OLD_KEEP).headers == [("Content-Length", "2")]
    assert client.closed()


def test_later_minor_versions_are_1_1(app, client):
    sized(app, b"hi")
    assert client.ask(b"GET / HTTP/1.2\r\nHost: x\r\n\r\n").line == "HTTP/1.1 200 OK"
    assert client.alive()


# ---------------------------------------------------------------------- faults


def test_a_delay_holds_up_nobody_else(app, connect):
    sized(app, b"late", delay=3600.0)
    connect().send(GET)
    while not app.requests:
        time.sleep(0.001)
    sized(app, b"now")
    assert connect().ask(GET).body == b"now"


def test_a_delayed_reply_comes(app, client):
    sized(app, b"late", delay=0.05)
    begun = time.monotonic()
    assert client.ask(GET).body == b"late"
    assert time.monotonic() - begun >= 0.05
    assert client.alive()


def test_a_delay_ends_with_the_server(app, client, server):
    sized(app, b"hi", delay=3600.0)
    client.send(GET)
    while not app.requests:
        time.sleep(0.001)
    server.stop()
    assert client.closed()


def test_reset(app, client):
    sized(app, b"hi", transport="reset")
    client.send(GET)
    with pytest.raises(ConnectionResetError):
        client.sock.recv(1)


def test_reset_after_a_delay(app, client):
    sized(app, b"hi", transport="reset", delay=0.01)
    client.send(GET)
    with pytest.raises(ConnectionResetError):
        client.sock.recv(1)


def test_truncated_body(app, client):
    sized(app, b"0123456789", transport="truncate")
    client.send(GET)
    assert client.rest() == b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"


def test_truncated_chunks(app, client):
    say(app, ("Transfer-Encoding", "chunked"), body=b"0123456789", transport="truncate")
    client.send(GET)
    assert client.rest() == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n01234"


def test_truncated_head(app, client):
    """No client may take it for a reply, not even for one with fewer headers."""
    say(app, status=204, reason="No Content", transport="truncate")
    client.send(GET)
    assert client.rest() == b"HTTP/1"


def test_a_client_that_does_not_read_holds_up_nobody(app, connect, server):
    app.reply = lambda request: Reply(200, "OK", [("Content-Length", "30000000")], b"x" * 30_000_000)
    deaf = connect()
    deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.send(GET)
    while not app.requests:
        time.sleep(0.001)
    app.reply = lambda request: Reply(204, "No Content", [])
    assert connect().ask(GET).status == 204
    server.stop()


@pytest.mark.parametrize("kind", [ZeroDivisionError, OSError, RecursionError, MemoryError])
def test_an_application_that_raises_costs_only_its_connection(app, connect, kind):
    """It should not; if it does, it is told, words the answer itself, and the server goes on."""

    def broken(request):
        raise kind

    app.reply = broken
    client = connect()
    answer = client.ask(GET)
    assert (answer.status, answer.body, ("Connection", "close") in answer.headers) == (500, b"oops", True)
    assert client.closed()
    app.says(200, "OK")
    assert connect().ask(GET).status == 200
    assert [(type(error), head) for error, head in app.failures] == [(kind, GET)]


@pytest.mark.parametrize(
    ("module", "where", "sent", "head"),
    [
        (heads, "read_head", GET, None),
        (connection, "Chunks", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", -5),
        (connection, "Request", GET, None),
        (connection, "frame", GET, None),
    ],
)
def test_a_server_that_is_broken_itself_tells_the_application(app, connect, monkeypatch, module, where, sent, head):
    """Whatever goes wrong below the application: it is told with what there is of the head, and answers if it can."""
    good, broken = getattr(module, where), [None]
    with monkeypatch.context() as patch:
        # Once only: what the answer to it needs is whole again.
        patch.setattr(module, where, lambda *a, **k: broken.pop().nothing if broken else good(*a, **k))
        client = connect()
        client.send(sent)
        client.sock.shutdown(socket.SHUT_WR)
        rest = client.rest()
    assert rest.startswith(b"HTTP/1.1 500 ")
    [(error, shown)] = app.failures
    assert isinstance(error, AttributeError)
    assert shown == sent[:head]
    assert connect().ask(GET).status == 204


def test_a_reply_that_always_says_keep_alive(app, client):
    """As one through nginx does; the last one of a connection says that it is."""
    app.reply = lambda request: Reply(204, "No Content", [("Date", "x"), ("Connection", "keep-alive"), ("X-Y", "z")])
    kept = client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert kept.headers == [("Date", "x"), ("Connection", "keep-alive"), ("X-Y", "z")]
    last = client.ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert last.headers == [("Date", "x"), ("Connection", "close"), ("X-Y", "z")]
    assert client.closed()
