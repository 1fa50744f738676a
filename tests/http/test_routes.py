"""Where a path leads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockflux import Server
from mockflux.http.routes import SIMULATED, handler_of, locate
from mockflux.profile import concrete, load_profile
from mockflux.reply import Reply

PROFILE = load_profile("v2-oss")
Ask = Callable[..., Reply]


@pytest.mark.parametrize(
    ("path", "door", "simulated", "methods"),
    [
        ("/api/v2/write", "v2-write", True, ("POST",)),
        ("/write", "v1-write", True, ("POST",)),
        ("/ping", "ping", True, ("GET", "HEAD")),
        ("/health", "health", True, ("*",)),
        ("/health/", "health", True, ("*",)),
        ("/api/v2/buckets", "v2-resources", True, ("GET", "POST")),
        ("/api/v2/buckets/", "v2-resources", True, ("GET", "POST")),
        ("/api/v2/buckets/0123456789abcdef", "v2-resources", True, ("GET", "PATCH", "DELETE")),
        ("/api/v2/buckets/0123456789abcdef/", "v2-resources", True, ("GET", "PATCH", "DELETE")),
        ("/api/v2/authorizations/0123456789abcdef", "api-other", False, ("GET", "PATCH", "DELETE")),
        ("/api/v2/buckets/any/labels/other", "api-other", False, ("DELETE",)),
        ("/api/v2/tasks", "api-other", False, ("GET", "POST")),
        ("/query", "other", False, ("GET", "POST")),
        ("/metrics", "other", False, ("*",)),
        ("/private/legacy/authorizations", "api-other", False, ("GET", "POST")),
        ("/", "other", False, ("GET", "HEAD")),
        # unknown paths
        ("/api/v2/nothing", "api-other", False, None),
        ("/api/v2/buckets//", "v2-resources", False, None),
        ("/api/v2/buckets/x/y/z", "v2-resources", False, None),
        ("/api/v2/write/more", "v2-write", False, None),
        ("/api/v22", "other", False, None),
        # what a real server has and answers in a way of its own
        ("/api/v2/", "api-other", False, ("GET",)),
        ("/api/v2/tasks/", "api-other", False, ("GET", "POST")),
        ("/api/v2/setup/x", "api-other", False, ("GET", "POST")),
        ("/api/v2/tasks/x/y/z", "api-other", False, ("GET", "POST")),
        ("/api/v2private/notebooks", "other", False, ("*",)),
        ("/docs/x", "other", False, ("GET",)),
        ("/debug/pprof", "other", False, ("*",)),
        ("/write/", "other", False, None),
        ("/ping/", "other", False, None),
        ("/PING", "other", False, None),
        ("/api/v3/write_lp", "other", False, None),
        ("/v1", "api-other", False, None),
        ("*", "http", False, None),
        ("", "other", False, None),
    ],
)
def test_locate(path: str, door: str, simulated: bool, methods: tuple[str, ...] | None) -> None:
    place = locate(PROFILE, path)
    assert (place.door, place.route is not None, place.methods) == (door, simulated, methods)
    assert not place.slash


@pytest.mark.parametrize("door", ["write", "delete"])
def test_a_slash_too_many_is_sent_on(door: str) -> None:
    place = locate(PROFILE, f"/api/v2/{door}/")
    assert (place.door, place.slash) == (f"v2-{door}", True)


def test_every_handler_of_every_route_can_be_imported() -> None:
    for path, route in SIMULATED.items():
        for method in route.handlers:
            assert callable(handler_of(route, method)), path
        assert handler_of(route, "BREW") is None or "*" in route.handlers
    assert set(SIMULATED) <= {path for name in concrete() for path in load_profile(name).settings.methods}


# ---------------------------------------------------------------- and how that is answered


@pytest.mark.parametrize(
    ("method", "target", "status", "clause", "simulated"),
    [
        ("POST", "/api/v2/write/?org=o", 308, "path_moved", True),
        ("GET", "/api/v2/write", 405, "method_not_allowed:method", True),
        ("GET", "/write", 405, "method_not_allowed:method", True),
        ("POST", "/ping", 405, "method_not_allowed:method@ping", True),
        ("PUT", "/api/v2/buckets", 405, "method_not_allowed:method@v2-resources", True),
        ("BREW", "/nowhere", 405, "method_not_allowed:unknown", True),
        ("OPTIONS", "/api/v2/write", 405, "method_not_allowed:options", True),
        ("OPTIONS", "/write", 200, "options_listed", True),
        ("OPTIONS", "*", 200, "options_listed@http", True),
        ("POST", "/api/v2/orgs", 404, "path_not_found@api-other", False),
        ("GET", "/api/v2/tasks", 404, "path_not_found@api-other", False),
        ("DELETE", "/api/v2/tasks/0123456789abcdef", 404, "path_not_found@api-other", False),
        ("GET", "/query?q=x", 404, "path_not_found@other", False),
        ("GET", "/api/v2/nothing", 404, "path_not_found@api-other", True),
        ("GET", "/api/v2/buckets/x/y/z", 404, "path_not_found@v2-resources", True),
        ("GET", "/api/v3/anything", 404, "path_not_found@other", True),
    ],
)
def test_answers(server: Server, ask: Ask, method: str, target: str, status: int, clause: str, simulated: bool) -> None:
    reply = ask(method, target)
    assert (reply.status, reply.clause) == (status, clause)
    assert server.journal[-1].simulated is simulated
    path = target.partition("?")[0]
    assert server.journal.not_simulated() == ({} if simulated else {f"{method} {path}": 1})


def test_where_the_slash_is_sent(ask: Ask) -> None:
    assert ask("POST", "/api/v2/write/?org=o&bucket=b").header("Location") == "/api/v2/write?org=o&bucket=b"


def test_which_methods_there_are(ask: Ask) -> None:
    reply = ask("GET", "/api/v2/write")
    assert reply.header("Allow") == "OPTIONS, POST"
    assert reply.json() == {"code": "method not allowed", "message": "allow: OPTIONS, POST"}
    assert ask("DELETE", "/ping").header("Allow") == "GET, HEAD, OPTIONS"


def test_who_asks_comes_before_what(ask: Ask) -> None:
    """Below /api/v2 an unknown path without a token is 401; elsewhere nobody asks."""
    assert ask("GET", "/api/v2/nothing", token=None).clause == "token_missing"
    assert ask("GET", "/nothing", token=None).status == 404
    assert ask("GET", "/ping", token=None).status == 204


def test_head_is_get_without_the_body(ask: Ask) -> None:
    got, head = ask("GET", "/health"), ask("HEAD", "/health")
    assert head.body == b""
    assert [h for h in head.headers if h[0] != "Date"] == [h for h in got.headers if h[0] != "Date"]
    assert head.header("Content-Length") == str(len(got.body))


def test_cors(ask: Ask) -> None:
    origin = {"Origin": "http://ui.test"}
    granted = ask("OPTIONS", "/api/v2/write", token=None, headers=origin)
    assert (granted.status, granted.clause) == (204, "preflight")
    assert granted.header("Access-Control-Allow-Origin") == "http://ui.test"
    assert ask("POST", "/api/v2/write", headers=origin).header("Access-Control-Allow-Origin") == "http://ui.test"
    assert ask("POST", "/api/v2/write").header("Access-Control-Allow-Origin") is None
