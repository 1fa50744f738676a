"""The same simulated server for any WSGI server, and for werkzeug's test Client.

app = mockflux.wsgi.Application(server)          # a mockflux.Server, started or not
client = werkzeug.test.Client(app)
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockflux.http import front
from mockflux.reply import Header
from mockflux.request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from mockflux.public import Server

#: What a WSGI server does by itself, and an application must not (PEP 3333).
_HOP_BY_HOP = frozenset(("connection", "transfer-encoding"))


class Application:
    """A WSGI application that answers for a world, every route through its Flask app."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. A planned reset ends as a ConnectionResetError, which a WSGI server turns into one."""
        reply = front.answer(self._server.world, read_request(environ), front.through_flask)
        if reply.delay:
            time.sleep(reply.delay)
        if reply.transport == "reset":
            raise ConnectionResetError("a planned fault of mockflux: the connection is reset")
        headers = [header for header in reply.headers if header[0].lower() not in _HOP_BY_HOP]
        start_response(f"{reply.status} {reply.reason}", headers)
        body = reply.body[: len(reply.body) // 2] if reply.transport == "truncate" else reply.body
        return [body] if body else []


def read_request(environ: WSGIEnvironment) -> Request:
    """The request as WSGI has it: header names lose their case, several headers of one name are one."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or _target(environ)
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if length and length.isdecimal():
        body = stream.read(int(length))
    else:
        body = stream.read() if environ.get("wsgi.input_terminated") else b""
    return Request(environ["REQUEST_METHOD"], target, list(_headers(environ)), body)


def _target(environ: WSGIEnvironment) -> str:
    from urllib.parse import quote

    path = quote(
        (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1"), safe="/:@!$&'()*+,;=~"
    )
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _headers(environ: WSGIEnvironment) -> Iterable[Header]:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].replace("_", "-").title(), value
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield key.replace("_", "-").title(), value
