"""Where a path leads in the editions of InfluxDB 3, and who is asked for a token on the way."""

from __future__ import annotations

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.request import Request

BASIC = "Basic bWU6bXktdG9rZW4="  # me:my-token


def answer(server: Server, method: str, target: str, authorization: str = "", body: bytes = b"m v=1") -> int:
    headers = [("Authorization", authorization)] if authorization else []
    return front.answer(server.world, Request(method, target, headers, body)).status


@pytest.mark.parametrize(
    ("edition", "status"),
    [("v3-core", 404), ("v3-enterprise", 404), ("v3-dedicated", 204), ("v3-clustered", 204), ("v3-serverless", 204)],
)
def test_a_slash_behind_write(edition: str, status: int) -> None:
    """The guides of the distributed editions print it; Core routes by the whole path."""
    server = Server(edition, seed=1)
    target = f"/write/?db={server.database or server.bucket}"
    assert answer(server, "POST", target, f"Bearer {server.token}") == status


@pytest.mark.parametrize("edition", ["v3-core", "v3-enterprise"])
@pytest.mark.parametrize(
    ("method", "path", "status", "simulated"),
    [
        ("POST", "/api/v3/configure/token/admin", 404, False),  # open, for the first token
        ("POST", "/api/v3/configure/token/admin/regenerate", 401, True),
        ("GET", "/api/v3/configure/token/admin", 401, True),
        ("GET", "/nowhere", 401, True),
        ("GET", "/", 401, True),
    ],
)
def test_a_token_is_asked_for_everywhere_but_where_the_first_one_is_made(
    edition: str, method: str, path: str, status: int, simulated: bool
) -> None:
    server = Server(edition, seed=1)
    assert answer(server, method, path) == status
    assert server.journal[-1].simulated is simulated


@pytest.mark.parametrize(("strict", "v2_write"), [(False, 204), (True, 401)])
def test_strict_scheme_leaves_basic_to_v1_clients(strict: bool, v2_write: int) -> None:
    server = Server("v3-serverless", seed=1, strict_scheme=strict)
    assert answer(server, "POST", "/api/v2/write?bucket=my-bucket", BASIC) == v2_write
    assert answer(server, "POST", "/write?db=my-bucket", BASIC) == 204
