"""Which heads pass, which are refused and in which word, and what the application sees of them."""

import gc
import time

import pytest

from mockflux.server.wire import HARD_PROBLEMS, SOFT_PROBLEMS, Unreadable, read_head

HOST = b"Host: x\r\n"


def seen(app):
    assert len(app.requests) == 1
    return app.requests[0]


def test_the_request_shows_what_was_sent(app, client):
    client.ask(
        b"PUT /a%20b?q=%zz&r=1 HTTP/1.1\r\nhOST: x\r\nX-A: 1\r\nx-a:2  \t\r\nEmpty:\r\nContent-Length: 3\r\n\r\nabc"
    )
    request = seen(app)
    assert (request.method, request.target, request.path, request.query) == (
        "PUT", "/a%20b?q=%zz&r=1", "/a%20b", "q=%zz&r=1",
    )  # fmt: skip
    assert request.headers == [("hOST", "x"), ("X-A", "1"), ("x-a", "2"), ("Empty", ""), ("Content-Length", "3")]
    assert (request.body, request.length, request.problem) == (b"abc", 3, None)


@pytest.mark.parametrize("method", ["get", "Post", "LINK", "PROPFIND", "X-Y", "OPTIONS", "PRI", "QUERY", "M-SEARCH"])
def test_any_token_is_a_method(app, client, method):
    assert client.ask(f"{method} /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi").status == 204
    assert (seen(app).method, seen(app).body) == (method, b"hi")


def test_connect_is_an_ordinary_method(app, client):
    assert client.ask("CONNECT a.example:80 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi").status == 204
    assert (seen(app).target, seen(app).body) == ("a.example:80", b"hi")
    assert client.alive()


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("*", "*", ""),
        ("http://example.com/ping?a=b", "/ping", "a=b"),
        ("http://example.com", "", ""),
        ("HTTP://u@h:1/x//y", "/x//y", ""),
        ("/http://example.com/", "/http://example.com/", ""),
        ("//double/slash", "//double/slash", ""),
        ("/?a=http://b/c", "/", "a=http://b/c"),
    ],
)
def test_forms_of_targets(app, client, target, path, query):
    assert client.ask(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").status == 204
    assert (seen(app).target, seen(app).path, seen(app).query) == (target, path, query)


def test_raw_bytes_in_targets_and_values_pass(app, client):
    assert client.ask("GET /ä?b=ü HTTP/1.1\r\nHost: x\r\nX-Y: ".encode(), b"\xe4\xc3\xa4\r\n\r\n").status == 204
    assert seen(app).target.encode("latin-1").decode() == "/ä?b=ü"
    assert seen(app).header("x-y").encode("latin-1") == b"\xe4\xc3\xa4"


def test_bare_line_feeds_pass(app, client):
    assert client.ask(b"POST /a HTTP/1.1\nHost: x\nX: y\r\nContent-Length: 2\n\nhi").status == 204
    assert seen(app).headers == [("Host", "x"), ("X", "y"), ("Content-Length", "2")]
    assert seen(app).body == b"hi"
    assert client.alive()


def test_empty_lines_before_a_request_are_passed_over(app, client):
    assert client.ask(b"\r\n\n\r\nGET /a HTTP/1.1\r\n" + HOST + b"\r\n").status == 204
    assert seen(app).path == "/a"


def test_names_that_begin_as_the_mask_does_stay_as_they_are(app, client):
    assert (
        client.ask(b"GET / HTTP/1.1\r\n" + HOST + b"!: a\r\n!Upgrade: b\r\n!!x: c\r\nUpgrade: d\r\n\r\n").status == 204
    )
    assert seen(app).headers[1:] == [("!", "a"), ("!Upgrade", "b"), ("!!x", "c"), ("Upgrade", "d")]


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (b"GET /a b HTTP/1.1\r\n" + HOST, "head"),
        (b"GET  /a HTTP/1.1\r\n" + HOST, "head"),
        (b"G@T /a HTTP/1.1\r\n" + HOST, "head"),
        (b"G(T /a HTTP/1.1\r\n" + HOST, "head"),
        (b"GET /a\r\n" + HOST, "head"),
        (b"GET\r\n", "head"),
        (b"GET /a HTTP/1\r\n" + HOST, "head"),
        (b"GET /a HTTP/1.1 \r\n" + HOST, "head"),
        (b"GET /a\x01 HTTP/1.1\r\n" + HOST, "head"),
        (b"GET /a SPDY/1.1\r\n" + HOST, "head"),
        (b"GET /a HTTP/2.0\r\n" + HOST, "version"),
        (b"GET /a HTTP/0.9\r\n" + HOST, "version"),
        (b"PRI * HTTP/2.0\r\n", "version"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X Y: z\r\n", "header_name"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X-Y : z\r\n", "header_name"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length : 3\r\n", "header_name"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b": z\r\n", "head"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X\xc3\xa4: z\r\n", "head"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"no colon\r\n", "head"),
        (b"GET /a HTTP/1.1\r\n X: y\r\n" + HOST, "head"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X-Y: a\x01b\r\n", "header_value"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X-Y: a\x7fb\r\n", "header_value"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X-Y: a\x00b\r\n", "header_value"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X-Y: a\rb\r\n", "header_value"),
        (b"GET /a HTTP/1.1\r\n" + HOST + b"X Y: z\r\nX: \x02\r\n", "header_value"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: abc\r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: +9\r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: \r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 5, 5\r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 9223372036854775808\r\n", "length"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n", "transfer_encoding"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: identity\r\n", "transfer_encoding"),
        (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n", "transfer_encoding"),
        (
            b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "transfer_encoding",
        ),
        (b"GET no-slash HTTP/1.1\r\n" + HOST, "target"),
        (b"GET ?a=b HTTP/1.1\r\n" + HOST, "target"),
        (b"GET /%zz HTTP/1.1\r\n" + HOST, "escape"),
        (b"GET /a% HTTP/1.1\r\n" + HOST, "escape"),
        (b"GET / HTTP/1.1\r\n", "host_missing"),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST, "host_repeated"),
        (b"GET / HTTP/1.1\r\nHost: bad host\r\n", "host"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Expect: something\r\n", "expect"),
    ],
)
def test_refused(app, client, head, problem):
    reply = client.ask(head + b"\r\n" + b"some body")
    assert reply.line == f"HTTP/1.1 400 Bad Request: {problem}"
    assert (reply.headers, reply.body, reply.framing) == (
        [("Connection", "close")],
        b"400 " + problem.encode(),
        "close",
    )
    assert app.refusals == [(problem, head + b"\r\n")]
    assert app.requests == []
    assert problem in HARD_PROBLEMS | SOFT_PROBLEMS


@pytest.mark.parametrize(
    "head",
    [
        b"GET no-slash HTTP/1.1\r\n" + HOST,
        b"GET /%zz HTTP/1.1\r\n" + HOST,
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + HOST,
        b"GET / HTTP/1.1\r\nHost: bad host\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Expect: something\r\n",
    ],
)
def test_an_application_need_not_mind(app, client, head):
    app.minds = set()
    assert client.ask(head + b"Content-Length: 2\r\n\r\nhi").status == 204
    assert seen(app).body == b"hi"
    assert client.alive()


def test_a_problem_that_cannot_be_overlooked_closes(app, client):
    app.minds = set()
    client.send(b"GET /a b HTTP/1.1\r\n\r\n")
    assert client.closed()


def test_it_closes_in_order_although_the_client_goes_on_sending(app, client):
    """As one does that speaks HTTP/2: it would take a reset connection for a broken one."""
    app.minds = set()
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 100_000)
    assert client.closed()


# ---------------------------------------------------------------------- what hyper minds and Go does not


@pytest.mark.parametrize(
    ("target", "minded"),
    [
        ("/write?db=a", False),
        ("*", False),
        ("nowhere", False),
        ("a.example:80", False),
        ("http://u@h:1/x//y?z#f", False),
        ("http://h?a=b", False),
        ('/{"a":"%zz"}|^[]', False),
        ("/a?b=`{}|^'", False),
        ("/ä?b=ü", False),
        ("nowhere/else", True),
        ("?a=b", True),
        ("http:///a", True),
        ("/a<b", True),
        ("/a?q=1>0", True),
        ("/a`b", True),
        ('/a?q="b"', True),
        ("/a#<", True),
    ],
)
def test_a_target_that_is_no_uri(app, client, target, minded):
    app.minds = {"uri"}
    assert client.ask(f"GET {target} HTTP/1.1\r\n\r\n").status == (400 if minded else 204)
    assert [problem for problem, _ in app.refusals] == ["uri"] * minded


def test_a_minor_version_that_is_neither_0_nor_1(app, client):
    app.minds = {"minor_version"}
    assert client.ask(b"GET / HTTP/1.1\r\n\r\n").status == 204
    assert client.ask(b"GET / HTTP/1.2\r\n\r\n").body == b"400 minor_version"


def test_too_many_headers(app, client):
    app.max_headers = 3
    assert client.ask(b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\nA: b\r\n\r\n").status == 204
    assert client.ask(b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\nA: b\r\nC:\r\n\r\n").body == b"400 headers_too_many"


def test_a_target_that_is_too_long(app, client):
    app.max_target = 10
    assert client.ask(b"GET /234567890 HTTP/1.1\r\n" + HOST + b"\r\n").status == 204
    assert client.ask(b"GET /2345678901 HTTP/1.1\r\n" + HOST + b"\r\n").body == b"400 target_too_long"


def test_of_several_problems_the_head_comes_first_and_its_length_last(app, client):
    app.max_headers, app.max_target = 1, 5
    long = b"GET /23456 HTTP/1.1\r\n"
    with pytest.raises(Unreadable, match="head"):
        read_head(long + b"no colon\r\nA: b\r\n\r\n", 1, 5)
    with pytest.raises(Unreadable, match="headers_too_many"):
        read_head(long + b"A: b\r\nContent-Length: x\r\n\r\n", 1, 5)
    with pytest.raises(Unreadable, match="target_too_long"):
        read_head(long + b"Content-Length: x\r\n\r\n", 1, 5)


@pytest.mark.parametrize("host", [b"", b"example.com", b"[::1]:80", b"a_b.example:8086"])
def test_hosts_that_pass(app, client, host):
    assert client.ask(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").status == 204


def test_old_clients_send_no_host(app, client):
    assert client.ask(b"GET / HTTP/1.0\r\n\r\n").status == 204


def test_a_refused_client_gets_the_whole_answer_although_it_goes_on_sending(app, client):
    """Closing with unread bytes would reset the connection, and the reply would be lost."""
    reply = client.ask(b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n" + b"x" * 2_000_000)
    assert reply.body == b"400 head"


def test_a_refused_client_may_go_on_sending_for_a_while(client):
    """It may be in the middle of a body and look for the reply only afterwards."""
    client.ask(b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n")
    for _ in range(5):
        client.send(b"x")
        time.sleep(0.01)
    assert client.closed()


def test_heads_leave_nothing_for_the_collector(post):
    """A reference cycle per request would make it run all the time."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(200):
            read_head(post(b"", "X: y"))
        assert gc.collect() < 200, "what other threads leave is little beside one cycle each"
    finally:
        gc.enable()


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["endless", "whole"])
def test_a_head_over_the_limit(app, client, end):
    reply = client.ask(b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * app.max_head + end)
    assert reply.body == b"400 head_too_large"
    assert app.refusals[0][1].startswith(b"GET / HTTP/1.1\r\n")


def test_a_head_at_the_limit(app, client):
    begin, end = b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"\r\n\r\n"
    fill = app.max_head - len(begin) - len(end)
    assert client.ask(begin + b"y" * fill + end).status == 204
    assert client.ask(begin + b"y" * (fill + 1) + end).body == b"400 head_too_large"


def test_the_limit_is_for_the_head_alone(app, client):
    app.max_head = 200
    assert client.post(b"x" * 5000).status == 204
    assert seen(app).length == 5000


def test_long_heads_pass_where_the_limit_allows(app, client):
    app.max_head = 1_000_000
    target, value = "/" + "a" * 300_000, "v" * 300_000
    assert client.ask(f"GET {target} HTTP/1.1\r\nHost: x\r\nX: {value}\r\n\r\n").status == 204
    assert seen(app).target == target
    assert seen(app).header("x") == value


def test_who_speaks_tls_to_a_plain_port_is_told_at_once(app, client):
    """Otherwise both sides wait for the other."""
    client.send(b"\x16\x03\x01\x02\x00\x01\x00")
    assert client.answer().body == b"400 head"
