"""Requests handed straight to the front, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

Ask = Callable[..., Reply]


@pytest.fixture
def server() -> Server:
    """A fresh v2-oss that does not listen."""
    return Server("v2-oss", seed=1)


@pytest.fixture
def ask(server: Server) -> Ask:
    """Asks the server's world; with the set-up's token unless told otherwise."""

    def ask(
        method: str,
        target: str,
        body: bytes = b"",
        *,
        token: str | None = "my-token",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = list((headers or {}).items())
        if token is not None:
            sent.append(("Authorization", f"Token {token}"))
        return front.answer(server.world, Request(method, target, sent, body))

    return ask
