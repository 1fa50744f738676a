"""Planned faults: what can be planned, in which order they come, and what a client sees of them."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockflux import Fault, Server
from mockflux.faults import Plan
from mockflux.http import front
from mockflux.planning import plan_fault
from mockflux.profile import load_profile
from mockflux.request import Request

PROFILE = load_profile("v2-oss")
DEADLINE = 20.0


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "fail() needs a status, a clause, a transport or a delay"),
        ({"status": 418}, "v2-oss never says 418; it says 400, 401, 404, 405, 413, 500, 503"),
        ({"status": 429}, "v2-oss never says 429; it says "),
        ({"status": 500, "by": "proxy"}, "a proxy in front of v2-oss never says 500; it says 429, 502, 503"),
        ({"status": 400, "by": "moon"}, "by='moon': expected one of 'edition', 'proxy'"),
        ({"clause": "nothing"}, "v2-oss has no clause 'nothing'; it has "),
        ({"status": 500, "clause": "unavailable"}, "the clause 'unavailable' of v2-oss says 503, not 500"),
        ({"transport": "flood"}, "transport='flood': expected one of 'reset_before', 'reset_after', 'truncate'"),
        ({"status": 503, "times": 0}, "times=0: expected a whole number from 1, or None for every request"),
        ({"status": 503, "times": 1.5}, "times=1.5: expected a whole number"),
        ({"status": 503, "times": True}, "times=True: expected a whole number"),
        ({"delay": -1}, "delay=-1: expected seconds, 0 or more"),
        ({"delay": float("nan")}, "delay=nan: expected seconds, 0 or more"),
        ({"delay": float("inf")}, "delay=inf: expected seconds, 0 or more"),
        (
            {"status": 503, "door": "v3-write"},
            "no request comes in by the door 'v3-write'; v2-oss has v1-write, v2-write, ",
        ),
        (
            {"status": 503, "transport": "reset_before"},
            "transport='reset_before' sends nothing, so no status or clause can go with it",
        ),
        ({"status": 503, "retry_after": -1}, "retry_after=-1: expected whole seconds, 0 or more"),
        ({"status": 503, "retry_after": 0.5}, "retry_after=0.5: expected whole seconds, 0 or more"),
        ({"status": 503, "retry_after": True}, "retry_after=True: expected whole seconds, 0 or more"),
        (
            {"status": 500, "retry_after": 1},
            "retry_after= goes with a reply that has Retry-After; v2-oss sends none with 500 [internal_error]",
        ),
        (
            {"delay": 1, "retry_after": 1},
            "retry_after= goes with a reply that has Retry-After; v2-oss sends none with no status",
        ),
    ],
)
def test_refusals(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^\S") as caught:
        plan_fault(PROFILE, asked.pop("status", None), **asked)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"status": 400}, "points_rejected"),
        ({"status": 401}, "token_unknown"),
        ({"status": 404}, "bucket_not_found"),
        ({"status": 413}, "body_too_large"),
        ({"status": 500}, "internal_error"),
        ({"status": 503}, "unavailable"),
        ({"status": 429, "by": "proxy"}, "too_many_requests@proxy"),
        ({"status": 503, "by": "proxy"}, "unavailable@proxy"),
        ({"clause": "token_missing"}, "token_missing"),
    ],
)
def test_the_clause_that_is_said(asked: dict[str, Any], key: str) -> None:
    fault = plan_fault(PROFILE, asked.pop("status", None), **asked)
    assert fault.clause is not None
    assert fault.clause.key == key
    assert fault.doors == {"v1-write", "v2-write"}


# ---------------------------------------------------------------- counting


def test_a_fault_counts() -> None:
    fault = Fault(["v2-write"], times=2)
    plan = Plan()
    assert not plan
    assert plan.add(fault) is fault
    assert plan
    assert (fault.remaining, fault.consumed, plan.pending()) == (2, False, [fault])
    assert plan.take("ping") is None
    assert plan.take("v2-write") is plan.take("v2-write") is fault
    assert plan.take("v2-write") is None
    assert (fault.seen, fault.remaining, fault.consumed, plan.pending(), plan.all()) == (2, 0, True, [], [fault])


def test_for_ever() -> None:
    fault = Fault(["v2-write"], times=None)
    plan = Plan()
    plan.add(fault)
    for _ in range(5):
        assert plan.take("v2-write") is fault
    assert (fault.seen, fault.remaining, fault.consumed, plan.pending()) == (5, None, False, [])


def test_how_it_shows() -> None:
    assert repr(plan_fault(PROFILE, 503, times=2)) == "<Fault 503 [unavailable]: 0 of 2 times>"
    fault = plan_fault(PROFILE, transport="truncate", delay=0.5, times=None)
    assert repr(fault) == "<Fault truncate, delay 0.5 s: every time>"


def test_each_is_taken_once_among_threads() -> None:
    plan = Plan()
    faults = [plan.add(Fault(["v2-write"], times=100)) for _ in range(3)]
    taken: list[Fault | None] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(plan.take("v2-write") for _ in range(50))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert [fault.seen for fault in faults] == [100, 100, 100]
    assert taken.count(None) == 100


# ---------------------------------------------------------------- over a real socket

LINE = b"m v=1 1"


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.reason, self.headers = response.status, response.reason, response.getheaders()
        self.body = response.read()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("v2-oss") as server:
        yield server


@pytest.fixture
def post(server: Server) -> Iterator[Callable[..., Answer]]:
    """Posts on a connection of its own each."""
    connections: list[http.client.HTTPConnection] = []

    def post(query: str = "org=my-org&bucket=my-bucket", body: bytes = LINE, path: str = "/api/v2/write") -> Answer:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
        connections.append(connection)
        connection.request("POST", f"{path}?{query}", body, {"Authorization": "Token my-token"})
        return Answer(connection.getresponse())

    yield post
    for connection in connections:
        connection.close()


def test_several_come_in_the_order_of_their_planning(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(503, times=2)
    server.fail(500)
    server.fail(429, by="proxy")
    assert [post().status for _ in range(6)] == [503, 503, 500, 429, 204, 204]
    assert [fault.consumed for fault in server.faults] == [True, True, True]
    assert [exchange.fault for exchange in server.journal] == [*[server.faults[0]] * 2, *server.faults[1:], None, None]


def test_one_for_ever_hides_the_later_ones(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(503, times=None)
    server.fail(500)
    assert [post().status for _ in range(4)] == [503] * 4
    server.reset()
    assert server.faults == []
    assert post().status == 204


def test_nothing_is_stored_and_the_gate_is_not_asked(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(503)
    assert post("org=acme&bucket=plant").status == 503
    assert server.points() == []
    assert server.journal[-1].verdict is None


def test_said_with_what_the_request_has(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(404)
    server.fail(clause="org_not_found:name")
    server.fail(400)
    assert json.loads(post("org=acme&bucket=plant").body)["message"] == 'bucket "plant" not found'
    assert json.loads(post("org=acme&bucket=plant").body)["message"] == 'organization name "acme" not found'
    assert json.loads(post(body=b"m v=1\nn v=2").body)["message"] == "unable to parse 'm v=1': missing fields"


def test_at_the_v1_door_with_its_headers(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(503, retry_after=2)
    answer = post("db=my-bucket", path="/write")
    assert [name for name, _ in answer.headers] == [
        "Content-Type", "Retry-After", "Vary", "X-Influxdb-Build", "X-Influxdb-Version", "X-Platform-Error-Code",
        "Date", "Content-Length",
    ]  # fmt: skip


def test_as_a_proxy_says_it(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(429, by="proxy", retry_after=2)
    answer = post()
    assert (answer.status, answer.reason) == (429, "Too Many Requests")
    names = [name for name, _ in answer.headers]
    assert names == ["Server", "Date", "Content-Type", "Content-Length", "Connection", "Retry-After"]
    assert dict(answer.headers)["Retry-After"] == "2"
    assert answer.body.startswith(b"<html>\r\n<head><title>429 Too Many Requests</title>")


def test_at_another_door(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(500, door="v2-resources")
    assert post().status == 204
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    try:
        connection.request("GET", "/api/v2/buckets", headers={"Authorization": "Token my-token"})
        assert connection.getresponse().status == 500
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        ({"transport": "reset_before"}, False),
        ({"transport": "reset_after"}, True),
        ({"transport": "reset_after", "status": 500}, False),
    ],
    ids=["before", "after", "after an error"],
)
def test_a_reset_connection(server: Server, post: Callable[..., Answer], fault: dict[str, Any], stored: bool) -> None:
    server.fail(**fault)
    with pytest.raises(ConnectionResetError):
        post()
    assert bool(server.points()) is stored
    assert server.journal[-1].fault is server.faults[0]
    assert post().status == 204


def test_a_truncated_answer_with_a_body(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(500, transport="truncate")
    with pytest.raises(http.client.IncompleteRead) as caught:
        post()
    assert caught.value.partial
    assert caught.value.expected
    assert post().status == 204


def test_a_truncated_answer_without_a_body_is_no_answer(server: Server, post: Callable[..., Answer]) -> None:
    """Half a head could pass for a reply with fewer headers, so what comes must not be a whole status line."""
    server.fail(transport="truncate")
    with pytest.raises(http.client.HTTPException):
        post()
    assert len(server.points()) == 1, "it was handled"


def test_a_delay(server: Server, post: Callable[..., Answer]) -> None:
    """Handled at once, answered later: a client that does not wait so long has its points stored all the same."""
    server.fail(delay=DEADLINE)
    request = b"POST /api/v2/write?org=my-org&bucket=my-bucket HTTP/1.1\r\nHost: a\r\nAuthorization: Token my-token\r\n"
    with socket.create_connection((server.host, server.port), timeout=0.2) as sock:
        sock.sendall(request + b"Content-Length: 7\r\n\r\n" + LINE)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    assert len(server.points()) == 1
    assert post().status == 204
    server.stop()


def test_a_delayed_answer_comes(server: Server, post: Callable[..., Answer]) -> None:
    server.fail(503, delay=0.01)
    assert post().status == 503


# ---------------------------------------------------------------- at the door where it befalls a request


def ask(server: Server, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a request that is allowed everything."""
    reply = front.answer(
        server.world, Request(method, target, [("Authorization", "Token my-token"), *headers.items()], body)
    )
    return reply.status, dict(reply.headers), reply.body.decode()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "Unauthorized"),
        (404, "no dbrp mapping found"),
        (503, "server is temporarily unavailable to accept writes"),
    ],
)
def test_each_door_says_it_in_its_own_words(status: int, message: str) -> None:
    server = Server()
    server.fail(status)
    got, headers, body = ask(server, "POST", "/write?db=my-bucket", b"m v=1")
    assert (got, json.loads(body)["message"]) == (status, message)
    assert ("Vary" in headers) == (status != 401), "a v1 401 has no Vary"


def test_a_clause_of_one_door_befalls_that_door_alone() -> None:
    server = Server()
    server.fail(clause="token_unknown@v1-write")
    assert ask(server, "POST", "/api/v2/write?org=my-org&bucket=my-bucket", b"m v=1")[0] == 204
    assert ask(server, "POST", "/write?db=my-bucket", b"m v=1")[0] == 401
    with pytest.raises(ValueError, match="'token_unknown@v1-write' is of the door 'v1-write', not of 'v2-write'"):
        server.fail(clause="token_unknown@v1-write", door="v2-write")


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "HEAD", "PUT", "PROPFIND"])
def test_a_request_that_is_no_write_uses_no_fault_up(method: str) -> None:
    server = Server()
    fault = server.fail(503)
    status, _, _ = ask(server, method, "/api/v2/write?org=my-org&bucket=my-bucket", Origin="http://a")
    assert status in (204, 405)
    assert fault.seen == 0
    assert ask(server, "POST", "/api/v2/write?org=my-org&bucket=my-bucket", b"m v=1")[0] == 503


def test_what_is_known_of_the_request_is_in_the_answer() -> None:
    server = Server()
    write = "/api/v2/write?org=my-org&bucket=plant"
    server.fail(404)
    assert 'bucket \\"plant\\" not found' in ask(server, "POST", write, b"m v=1")[2]
    server.fail(405)
    assert ask(server, "POST", write, b"m v=1")[1]["Allow"] == "OPTIONS, POST"
    server.fail(400, times=2)
    assert "unable to parse 'm v=1'" in ask(server, "POST", write, b"m v=1\nn v=2")[2]
    headers = {"Content-Encoding": "gzip"}
    assert "unable to parse 'm v=1'" in ask(server, "POST", write, gzip.compress(b"m v=1\nn v=2"), **headers)[2]


def test_what_only_a_proxy_says_is_hinted_at() -> None:
    with pytest.raises(ValueError, match=r"never says 502; it says .*; with by='proxy' it says 429, 502, 503$"):
        Server().fail(502)


def test_a_clause_befalls_the_doors_that_say_it() -> None:
    server = Server()
    assert server.fail(clause="bucket_not_found").doors == {"v2-write"}
    assert server.fail(clause="mapping_not_found").doors == {"v1-write"}
    assert server.fail(clause="org_not_found:name", status=404).doors == {"v2-write"}
    assert server.fail(clause="unavailable").doors == {"v2-write", "v1-write"}
    assert server.fail(clause="healthy", door="health").doors == {"health"}
    with pytest.raises(
        ValueError, match=r"'pong' is never said at v2-write or v1-write; with door= it is said at ping$"
    ):
        server.fail(clause="pong")
    with pytest.raises(ValueError, match="no request comes in by the door 'other'"):
        server.fail(clause="path_not_found@other")
    with pytest.raises(ValueError, match=r"'malformed_request:version' is never said at .*, nor at any other door"):
        server.fail(clause="malformed_request:version")


def test_what_was_reset_has_no_status() -> None:
    server = Server()
    server.fail(transport="reset_before")
    front.answer(server.world, Request("POST", "/api/v2/write", [], b""))
    assert server.journal[0].status is None
