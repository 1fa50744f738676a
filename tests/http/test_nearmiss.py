"""Hints in the journal, edition by edition."""

from __future__ import annotations

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.request import Request


def hint(server: Server, method: str, target: str, token: str = "my-token") -> str:
    front.answer(server.world, Request(method, target, [("Authorization", f"Token {token}")], b"m v=1 1"))
    return server.journal[-1].hint


def test_a_path_that_only_another_edition_has_is_not_near() -> None:
    assert hint(Server("v2-oss"), "POST", "/api/v3/write_lp?db=x") == "near: /api/v2/write"
    assert hint(Server("v2-oss"), "POST", "/api/v2/writes") == "near: /api/v2/write"
    assert hint(Server("v3-core"), "POST", "/api/v3/writelp") == "near: /api/v3/write_lp"


@pytest.mark.parametrize("edition", ["v3-serverless", "v3-dedicated", "v3-clustered"])
def test_the_write_api_of_core_is_missing(edition: str) -> None:
    told = hint(Server(edition), "POST", "/api/v3/write_lp?db=x")
    assert told == "this edition has no /api/v3/write_lp; near: /api/v2/write"


def test_databases_that_there_are() -> None:
    server = Server("v3-dedicated")
    server.create_database("plant")
    assert hint(server, "POST", "/api/v2/write?bucket=plan") == "databases: 'my-database', 'plant'"


def test_what_a_token_lacks() -> None:
    server = Server("v3-dedicated")
    server.create_database("plant")
    token = server.create_token(write=["plant"])
    assert hint(server, "POST", "/api/v2/write?bucket=nowhere", token) == "the token lacks write:databases"
