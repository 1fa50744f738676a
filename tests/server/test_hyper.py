"""An edition below whose router hyper sits: the order of its headers, what it refuses and how, gRPC on its port."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mockflux

#: What hyper minds; it has no words for the other kinds.
MINDED = {
    "head": 400, "header_name": 400, "header_value": 400, "uri": 400, "version": 400, "minor_version": 400,
    "length": 400, "transfer_encoding": 400, "old_encoding": 400,
    "target_too_long": 414, "headers_too_many": 431, "head_too_large": 431,
}  # fmt: skip
UNMINDED = ("target", "escape", "host", "host_missing", "host_repeated", "expect")

PROFILE = """
[edition]
id = "mine"
extends = "v2-oss"
absent = [{absent}]
[limits]
head = 417_792
headers = 100
target = 65_534
[routes]
grpc = {grpc}
[headers]
order = "hyper"
close = "connection"
close_before = ["content-length", "transfer-encoding", "date"]
[headers.always]
X-Influxdb-Build = ""
X-Influxdb-Version = ""
access-control-allow-origin = "*"
cluster-uuid = "01234567-89ab-cdef-0123-456789abcdef"
[headers.at.ping.always]
Vary = ""
[headers.at.v2-write.always]
Access-Control-Allow-Origin = ""
[phrases]
414 = "URI Too Long"
431 = "Request Header Fields Too Large"
[envelope.hyper]
headers = {{ connection = "close", cluster-uuid = "", access-control-allow-origin = "" }}
body = ""
[envelope.bare]
headers = {{ access-control-allow-origin = "" }}
body = "$message"
[clause.pong]
status = 200
envelope = "empty"
body = "$version"
headers = {{ Content-Type = "application/json", request-id = "1", X-Influxdb-Build = "Core" }}
[clause."body_unreadable:framing"]
status = 400
envelope = "bare"
message = "Failed to read request body: error reading a body from connection"
headers = {{ cluster-uuid = "" }}
{clauses}
[evidence]
pong = "inferred: a test"
"body_unreadable:framing" = "inferred: a test"
{evidence}
"""

ROUTED = ["access-control-allow-origin", "cluster-uuid"]
REFUSED = ["connection", "content-length", "date"]

Start = Callable[..., mockflux.Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server of such an edition."""
    servers = []

    def start(*, grpc: bool = True, **options: Any) -> mockflux.Server:
        clauses = "".join(
            f'[clause."malformed_request:{kind}"]\nstatus = {status}\nenvelope = "hyper"\n'
            for kind, status in MINDED.items()
        )
        evidence = "\n".join(f'"malformed_request:{kind}" = "inferred: a test"' for kind in MINDED)
        absent = ", ".join(f'"malformed_request:{kind}"' for kind in UNMINDED)
        path = tmp_path / "mine.toml"
        path.write_text(
            PROFILE.format(absent=absent, grpc=str(grpc).lower(), clauses=clauses, evidence=evidence), encoding="utf-8"
        )
        servers.append(mockflux.Server(path, **options))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def ask(start: Start, wrap: Any) -> Iterator[Callable[..., Any]]:
    """Asks a new connection to such a server; the reply, which knows whether the server closed behind it."""
    server = start()
    socks = []

    def ask(*pieces: bytes | str, method: str = "GET") -> Any:
        socks.append(socket.create_connection(("127.0.0.1", server.port), timeout=20))
        client = wrap(socks[-1])
        answer = client.ask(*pieces, method=method)
        if answer.framing != "close" and dict(answer.headers).get("connection") == "close":
            assert client.closed()
        return answer

    yield ask
    for sock in socks:
        sock.close()


def names(answer: Any) -> list[str]:
    return [name for name, _ in answer.headers]


def get(target: str = "/ping", *headers: str, version: str = "1.1") -> str:
    return "\r\n".join((f"GET {target} HTTP/{version}", *headers, "", ""))


# ---------------------------------------------------------------------- order


def test_handler_then_router_then_length_then_date(ask: Any) -> None:
    """As Core's /ping: content-type request-id x-influxdb-build … access-control-allow-origin cluster-uuid …"""
    answer = ask(get())
    own = ["content-type", "request-id", "x-influxdb-build"]
    assert names(answer) == [*own, *ROUTED, "content-length", "date"]


def test_no_length_where_there_is_no_body(ask: Any, post: Any) -> None:
    token = "Authorization: Token my-token"
    write = post(b"m f=1", token, target="/api/v2/write?org=my-org&bucket=my-bucket")
    answer = ask(write, method="POST")
    assert (answer.status, names(answer)) == (204, [*ROUTED, "date"])


def test_close_is_said_before_the_length(ask: Any) -> None:
    answer = ask(get("/ping", "Connection: close"))
    assert names(answer)[-4:] == ["cluster-uuid", "connection", "content-length", "date"]


def test_close_is_said_before_the_date_where_there_is_no_length(ask: Any, post: Any) -> None:
    write = post(
        b"m f=1", "Authorization: Token my-token", "Connection: close",
        target="/api/v2/write?org=my-org&bucket=my-bucket",
    )  # fmt: skip
    answer = ask(write, method="POST")
    assert (answer.status, names(answer)) == (204, [*ROUTED, "connection", "date"])


def test_http_1_0_keeps_alive_in_the_same_place(ask: Any) -> None:
    answer = ask(get("/ping", "Connection: keep-alive", version="1.0"))
    assert answer.line == "HTTP/1.0 200 OK"
    assert answer.headers[-3] == ("connection", "keep-alive")


# ---------------------------------------------------------------------- below the router


@pytest.mark.parametrize(
    ("request_bytes", "line"),
    [
        pytest.param(b"G(T /health HTTP/1.1\r\n\r\n", "400 Bad Request", id="method"),
        pytest.param(b"GET /health HTTP/1.1\r\nX Y: z\r\n\r\n", "400 Bad Request", id="header name"),
        pytest.param(b"GET /health HTTP/1.1\r\nX: \x01\r\n\r\n", "400 Bad Request", id="header value"),
        pytest.param(b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", "400 Bad Request", id="no colon"),
        pytest.param(b"GET /health HTTP/1.2\r\n\r\n", "400 Bad Request", id="minor version"),
        pytest.param(
            b"POST /write HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 Bad Request", id="old encoding"
        ),
        pytest.param(b"GET /health HTTP/2.0\r\n\r\n", "400 Bad Request", id="version"),
        pytest.param(b"GET /a<b HTTP/1.1\r\n\r\n", "400 Bad Request", id="target"),
        pytest.param(b"POST /write HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400 Bad Request", id="length"),
        pytest.param(b"POST /write HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400 Bad Request", id="negative length"),
        pytest.param(
            b"POST /write HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request",
            id="two lengths",
        ),
        pytest.param(b"POST /write HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "400 Bad Request", id="encoding"),
        pytest.param(b"GET /" + b"z" * 65_534 + b" HTTP/1.1\r\n\r\n", "414 URI Too Long", id="long target"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", "431 Request Header Fields Too Large", id="headers"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nX: " + b"y" * 417_792 + b"\r\n\r\n", "431 Request Header Fields Too Large", id="head"
        ),
    ],
)  # fmt: skip
def test_refused(ask: Any, request_bytes: bytes, line: str) -> None:
    answer = ask(request_bytes)
    assert (answer.line, answer.body) == (f"HTTP/1.1 {line}", b"")
    assert names(answer) == REFUSED
    assert dict(answer.headers)["connection"] == "close"
    assert dict(answer.headers)["content-length"] == "0"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="no host"),
        pytest.param(("Host: a", "Host: b"), id="two hosts"),
        pytest.param(("Host: a b",), id="a blank in the host"),
        pytest.param(("Host:",), id="an empty host"),
        pytest.param(("Expect: something",), id="expect"),
        pytest.param(("Content-Length: 0", "Content-Length: 0"), id="the same length twice"),
        pytest.param(tuple("X: y" for _ in range(100)), id="as many headers as it takes"),
        pytest.param(("X: " + "y" * 100_000,), id="a long header"),
    ],
)
def test_not_minded(ask: Any, headers: tuple[str, ...]) -> None:
    assert ask(get("/ping", *headers)).status == 200


@pytest.mark.parametrize("target", ["/%zz", "/" + "z" * 65_533, "nowhere", "/a?q=%zz", '/{"a":1}'])
def test_targets_that_are_not_minded(ask: Any, target: str) -> None:
    assert ask(get(target)).status == 404


def test_a_length_beside_chunks(ask: Any) -> None:
    head = "POST /ping HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n"
    assert ask(head, "1\r\na\r\n0\r\n\r\n", method="POST").status == 405


def test_a_broken_chunk(ask: Any) -> None:
    head = "POST /api/v2/write?org=my-org&bucket=my-bucket HTTP/1.1\r\nAuthorization: Token my-token\r\n"
    answer = ask(head, "Transfer-Encoding: chunked\r\n\r\nzz\r\n", method="POST")
    assert (answer.status, names(answer)) == (400, REFUSED)
    assert answer.body == b"Failed to read request body: error reading a body from connection"


# ---------------------------------------------------------------------- gRPC

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"


def connected(server: mockflux.Server, wrap: Any) -> Any:
    return wrap(socket.create_connection(("127.0.0.1", server.port), timeout=20))


def test_grpc_is_not_simulated_and_told(start: Start, wrap: Any) -> None:
    server = start()
    client = connected(server, wrap)
    client.send(PREFACE + SETTINGS)
    assert client.rest() == b""
    client.sock.close()
    (exchange,) = server.journal
    assert (exchange.method, exchange.path, exchange.door, exchange.simulated) == ("PRI", "*", "http", False)
    assert (exchange.status, exchange.clause) == (None, "")
    assert "NOT SIMULATED" in exchange.line()
    assert "Flight" in exchange.hint
    assert server.journal.not_simulated() == {"PRI *": 1}


def test_without_grpc_it_is_a_version_that_is_refused(start: Start, wrap: Any) -> None:
    server = start(grpc=False)
    client = connected(server, wrap)
    answer = client.ask(PREFACE)
    assert (answer.status, names(answer)) == (400, REFUSED)
    client.sock.close()
    assert server.journal[0].simulated


def test_another_request_of_http_2_is_a_version_that_is_refused(ask: Any) -> None:
    assert names(ask("GET /ping HTTP/2.0\r\n\r\n")) == REFUSED


@pytest.mark.parametrize(
    ("grpc", "offered", "chosen"),
    [
        (True, ["h2"], "h2"),
        (True, ["grpc-exp", "h2"], "h2"),
        (True, ["h2", "http/1.1"], "http/1.1"),
        (False, ["h2"], None),
        (False, ["h2", "http/1.1"], "http/1.1"),
    ],
)
def test_tls_offers_http_2_to_those_who_know_nothing_else(
    start: Start, grpc: bool, offered: list[str], chosen: str | None
) -> None:
    pytest.importorskip("trustme")
    server = start(grpc=grpc, tls=True)
    context = ssl.create_default_context(cafile=server.ca_file)
    context.set_alpn_protocols(offered)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1") as client,
    ):
        assert client.selected_alpn_protocol() == chosen
