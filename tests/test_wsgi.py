"""The same server as a WSGI application, with werkzeug's test client."""

from __future__ import annotations

import gzip
import io
import wsgiref.util
import wsgiref.validate
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.wsgi import Application, read_request

TARGET = "/api/v2/write?org=my-org&bucket=my-bucket"
LOGIN = {"Authorization": "Token my-token"}


@pytest.fixture
def server() -> Server:
    return Server("v2-oss", seed=1, clock="frozen")


@pytest.fixture
def client(server: Server) -> Client:
    return Client(Application(server))


def test_a_write_into_a_server_that_does_not_listen(server: Server, client: Client) -> None:
    answer = client.post(TARGET, data=b"m v=1 1", headers=LOGIN)
    assert (answer.status, answer.data) == ("204 No Content", b"")
    assert [name for name, _ in answer.headers] == ["X-Influxdb-Build", "X-Influxdb-Version", "Date"]
    assert server.points("m")[0].fields == {"v": 1.0}
    assert server.journal[-1].clause == "accepted"


def test_a_gzip_body(server: Server, client: Client) -> None:
    headers = {**LOGIN, "Content-Encoding": "gzip"}
    assert client.post(TARGET, data=gzip.compress(b"m v=1 1"), headers=headers).status_code == 204
    assert len(server.points()) == 1


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", TARGET, LOGIN, b"bad"),
        ("POST", TARGET, {}, b"m v=1 1"),
        ("POST", "/api/v2/write?org=acme&bucket=b", LOGIN, b""),
        ("POST", "/api/v2/write?org=my-org&bucket=%C3%A9%2F%22", LOGIN, b""),
        ("POST", "/write?db=nowhere&u=a&p=my-token", {}, b""),
        ("GET", "/api/v2/buckets?name=my-bucket", LOGIN, b""),
        ("GET", "/api/v2/buckets/", LOGIN, b""),
        ("GET", "/api/v2/orgs?limit=0", LOGIN, b""),
        ("GET", "/api/v2/nothing", LOGIN, b""),
        ("GET", "/api/v2/wr%69te", LOGIN, b""),
        ("DELETE", "/api/v2/write", LOGIN, b""),
        ("POST", "/api/v2/write/", LOGIN, b""),
        ("HEAD", "/ping", {}, b""),
        ("GET", "/health", {}, b""),
        ("GET", "/ready", {}, b""),
        ("OPTIONS", "/api/v2/write", {"Origin": "http://ui.test"}, b""),
    ],
)
def test_says_what_the_short_way_says(
    server: Server, client: Client, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    short = front.answer(server.world, Request(method, target, list(headers.items()), body), front.call)
    answer = client.open(target, method=method, headers=headers, data=body)
    assert answer.status == f"{short.status} {short.reason}"
    # The Date is the real time's; a transfer coding is the WSGI server's own business.
    expected = [(name, value) for name, value in short.headers if name not in ("Date", "Transfer-Encoding")]
    assert [(name, value) for name, value in answer.headers if name != "Date"] == expected
    assert answer.data == short.body
    assert [exchange.clause for exchange in server.journal] == [short.clause] * 2


def test_planned_faults(server: Server, client: Client) -> None:
    server.fail(503, retry_after=2)
    answer = client.post(TARGET, data=b"m v=1 1", headers=LOGIN)
    assert (answer.status, answer.headers["Retry-After"]) == ("503 Service Unavailable", "2")
    server.fail(transport="reset_after", delay=0.01)
    with pytest.raises(ConnectionResetError, match="a planned fault"):
        client.post(TARGET, data=b"m v=1 1", headers=LOGIN)
    assert len(server.points()) == 1
    server.fail(500, transport="truncate")
    cut = client.post(TARGET, data=b"", headers=LOGIN)
    assert len(cut.data) == int(cut.headers["Content-Length"]) // 2 > 0


def call(application: Callable[..., Any], **environ: Any) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call it as a server that checks the rules of PEP 3333."""
    said: list[Any] = []
    full: dict[str, Any] = dict(environ)
    wsgiref.util.setup_testing_defaults(full)
    parts = wsgiref.validate.validator(application)(
        full, lambda status, headers, exc=None: said.extend((status, headers))
    )
    try:
        body = b"".join(parts)
    finally:
        parts.close()  # type: ignore[attr-defined]
    return said[0], said[1], body


def test_keeps_to_pep_3333(server: Server) -> None:
    application = Application(server)
    status, headers, body = call(application, REQUEST_METHOD="GET", SCRIPT_NAME="", PATH_INFO="/ready", QUERY_STRING="")
    assert (status, body[:18]) == ("200 OK", b'{"status":"ready",')
    assert ("Content-Type", "application/json; charset=utf-8") in headers


def environ(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"wsgi.input": io.BytesIO(b"m v=1 1"), **more}
    wsgiref.util.setup_testing_defaults(made)
    return made


def test_the_target_as_sent_where_the_server_has_it() -> None:
    for name in ("RAW_URI", "REQUEST_URI"):
        request = read_request(environ(**{name: "/a%2Fb?c=%20", "PATH_INFO": "/a/b", "QUERY_STRING": "c=%20"}))
        assert (request.target, request.path, request.query) == ("/a%2Fb?c=%20", "/a%2Fb", "c=%20")
    request = read_request(environ(SCRIPT_NAME="/x", PATH_INFO="/a b/\xc3\xa9", QUERY_STRING="c=%20"))
    assert request.target == "/x/a%20b/%C3%A9?c=%20"
    assert read_request(environ(PATH_INFO="/ping", QUERY_STRING="")).target == "/ping"


def test_bodies() -> None:
    assert read_request(environ(CONTENT_LENGTH="3")).body == b"m v"
    assert read_request(environ(CONTENT_LENGTH="")).body == b""
    assert read_request(environ(**{"wsgi.input_terminated": True})).body == b"m v=1 1", "chunked, read to its end"


def test_header_names() -> None:
    request = read_request(environ(HTTP_CONTENT_ENCODING="gzip", HTTP_X_A="1", CONTENT_TYPE="text/plain"))
    assert request.header("content-encoding") == "gzip"
    assert request.header("x-a") == "1"
    assert request.header("content-type") == "text/plain"


def test_an_exception_inside_is_the_edition_s_500(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a Flask app stands between: it neither swallows nor words it."""

    def explode(*_: object) -> Reply:
        raise ZeroDivisionError("a mistake in mockflux")

    monkeypatch.setattr("mockflux.writing.commit.write", explode)
    answer = client.post(TARGET, data=b"m v=1 1", headers=LOGIN)
    assert answer.status == "500 Internal Server Error"
    assert answer.json == {"code": "internal error", "message": "An internal error has occurred - check server logs"}
    (exchange,) = server.journal.errors()
    assert "ZeroDivisionError: a mistake in mockflux" in exchange.error
