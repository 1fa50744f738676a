"""What the gate has granted is remembered, for as long as it is true."""

from __future__ import annotations

import base64
import datetime as dt
import gc
import weakref
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from mockflux import Server
from mockflux.http import checks, front, tickets
from mockflux.profile import concrete
from mockflux.reply import Reply
from mockflux.request import Request

AT = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def send(
    server: Server, bucket: str | None = None, token: str | None = None, body: bytes = b"m v=1", **headers: str
) -> Reply:
    """A write by way of /api/v2/write, or /write where an edition has only that."""
    name = bucket or server.bucket or server.database
    if "v2-write" in server.profile.doors:
        target = f"/api/v2/write?bucket={name}" + (f"&org={server.org}" if server.org else "")
        auth = [("Authorization", f"Token {token or server.token}")]
    else:
        target = f"/write?db={name}"
        login = f"{server.user}:{token or server.password}".encode()
        auth = [("Authorization", f"Basic {base64.b64encode(login).decode()}")]
    others = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return front.answer(server.world, Request("POST", target, [("Host", "h"), *auth, *others], body))


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The lasting checks that were made, by name."""
    names: list[str] = []

    def noting(name: str, check: Any) -> Any:
        return lambda passage: names.append(name) or check(passage)

    noted = {name: noting(name, check) for name, check in checks.LASTING.items()}
    with patch.dict(checks.ALL, noted):
        yield names


@pytest.mark.parametrize("edition", concrete())
def test_what_lasts_is_asked_once(edition: str, asked: list[str]) -> None:
    with Server(edition, auth=True) as server:
        server.write("m v=1")  # where writes make the database, it is there now
        assert send(server).status == 204
        assert asked
        asked.clear()
        assert send(server).status == 204
        assert asked == []
        assert send(server, token="other").status == 401
        assert asked


def test_a_bucket_of_the_same_name_is_another(asked: list[str]) -> None:
    with Server("v2-oss") as server:
        old = server.create_bucket("b")
        assert send(server, "b").status == send(server, "b").status == 204
        server.world.catalog.remove_bucket(old)
        assert send(server, "b").status == 404
        new = server.create_bucket("b")
        assert send(server, "b").status == 204
        assert (old.data.rows, new.data.rows) == (2, 1)  # type: ignore[attr-defined]


def test_a_bucket_that_is_removed_is_not_held() -> None:
    with Server("v2-oss") as server:
        server.create_bucket("b")
        assert send(server, "b").status == 204
        held = weakref.ref(server.world.target("b"))  # type: ignore[arg-type,var-annotated]
        server.world.catalog.remove_bucket(held())  # type: ignore[arg-type]
        assert send(server).status == 204
        gc.collect()
        assert held() is None


def test_a_right_that_is_taken_away_is_missed() -> None:
    with Server("v2-oss") as server:
        token = server.world.catalog.token(server.token or "")
        assert token is not None
        assert send(server).status == 204
        token.permissions = ()
        server.world.catalog.changed()
        assert send(server).status == 401


def test_a_token_expires() -> None:
    with Server("v2-oss", clock=AT) as server:
        world, clock = server.world, server.clock
        rights = world.rights(read=[], write=[b for b in [world.bucket] if b])
        token = world.add_token(rights, "short", expires=world.clock.now() + 10 * 10**9)
        assert send(server, token=token.value).status == 204
        clock.advance(9)
        assert send(server, token=token.value).status == 204
        clock.advance(1)
        assert send(server, token=token.value).status == 401
        clock.freeze(AT)
        assert send(server, token=token.value).status == 204


def test_nothing_is_remembered_of_a_request_that_is_refused() -> None:
    with Server("v2-oss") as server:
        assert [send(server, bucket).status for bucket in ("none", "none")] == [404, 404]
        assert server.world.tickets == {}
        server.create_bucket("none")
        assert send(server, "none").status == 204


@pytest.mark.parametrize("edition", concrete())
def test_what_is_wrong_with_the_body_is_found_as_before(edition: str) -> None:
    """The same reply, whether the request line is known or not."""
    bad: list[tuple[bytes, dict[str, str]]] = [
        (b"m v=", {}), (b"no gzip", {"Content_Encoding": "gzip"}), (b"m v=1", {"Content_Encoding": "br"}),
        (b"\xff v=1", {}),
    ]  # fmt: skip
    for body, headers in bad:
        with Server(edition) as known, Server(edition) as new:
            for server in (known, new):
                server.write("m v=1")
            assert send(known).status == 204
            replies = [send(server, body=body, **headers) for server in (known, new)]
            assert len({(reply.status, reply.body, reply.clause) for reply in replies}) == 1


def test_reset_forgets() -> None:
    with Server("v2-oss") as server:
        server.create_bucket("b")
        assert send(server, "b").status == 204
        server.reset()
        assert send(server, "b").status == 404


def test_a_database_that_a_write_would_make_is_not_held() -> None:
    with Server("v3-core") as server:
        assert send(server, "new", body=b"m v=").status == 400
        assert server.world.tickets == {}
        assert send(server, "new").status == 204
        assert [bucket.name for bucket in server.world.catalog.buckets()] == ["new"]


def test_there_is_an_end_to_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server("v2-oss") as server:
        for number in range(600):
            target = f"/api/v2/write?bucket={server.bucket}&org={server.org}&n={number}"
            auth = [("Authorization", f"Token {server.token}")]
            assert front.answer(server.world, Request("POST", target, auth, b"m v=1")).status == 204
        assert 0 < len(server.world.tickets) <= 256
        before = len(server.world.tickets)
        target = f"/api/v2/write?bucket={server.bucket}&org={server.org}&n={'x' * 5000}"
        assert front.answer(server.world, Request("POST", target, auth, b"m v=1")).status == 204
        assert len(server.world.tickets) == before


@pytest.mark.parametrize("edition", concrete())
def test_lasting_checks_look_at_no_header_but_the_credentials(edition: str) -> None:
    """Else the ticket would have to tell requests apart by that header, too. An OPTIONS gets no ticket."""
    looked_at: set[str] = set()
    depth = 0
    header = Request.header

    def noting(request: Request, name: str) -> str | None:
        if depth and request.method != "OPTIONS":
            looked_at.add(name)
        return header(request, name)

    def within(check: Any) -> Any:
        def run(passage: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                return check(passage)
            finally:
                depth -= 1

        return run

    with (
        Server(edition) as server,
        patch.object(Request, "header", noting),
        patch.dict(checks.ALL, {name: within(check) for name, check in checks.LASTING.items()}),
    ):
        server.write("m v=1")
        send(server)
        send(server, token="other")
        send(server, "none")
        for method in ("GET", "OPTIONS", "PATCH"):
            for path in ("/write?db=d", "/api/v2/write", "/api/v3/write_lp?db=d", "/ping", "/api/v2/buckets", "/x"):
                auth = [("Authorization", f"Token {server.token}"), ("Origin", "http://o")]
                front.answer(server.world, Request(method, path, auth))
    assert looked_at <= {"authorization"}
    assert not tickets.checks.LASTING.keys() & tickets.checks.PASSING.keys()
