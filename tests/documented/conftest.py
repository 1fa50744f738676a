"""A raw look at replies: status line, headers in their order, body bytes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from mockflux import Server

DEADLINE = 20.0


class Answer:
    """A reply as it came over the socket."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.line = f"HTTP/{response.version // 10}.{response.version % 10} {response.status} {response.reason}"
        self.headers = response.getheaders()
        self.names = [name for name, _ in self.headers]
        self.body = response.read()

    def header(self, name: str) -> str | None:
        """The header of exactly this name."""
        return dict(self.headers).get(name)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Post = Callable[..., Answer]


@pytest.fixture
def server() -> Iterator[Server]:
    """A fresh v2-oss."""
    with Server("v2-oss", seed=1) as server:
        yield server


@pytest.fixture
def post(server: Server) -> Iterator[Post]:
    """Writes over the socket; parameters and headers of a well-made request unless told otherwise (None: left out)."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)

    def post(
        body: bytes | str,
        *,
        path: str = "/api/v2/write",
        query: str = "org=my-org&bucket=my-bucket&precision=ns",
        authorization: str | None = "Token my-token",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if authorization is not None:
            sent["Authorization"] = authorization
        raw = body.encode() if isinstance(body, str) else body
        connection.request("POST", f"{path}?{query}", raw, sent)
        return Answer(connection.getresponse())

    yield post
    connection.close()
