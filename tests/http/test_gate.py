"""The order of the checks: each request is wrong in several ways, and the first check that fails decides."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

Ask = Callable[..., Reply]

#: What a v2 write may have wrong, in the order in which it is looked at, with the clause that tells.
V2 = [
    ("token", "token_unknown"),
    ("precision", "precision_invalid"),
    ("no bucket", "target_missing"),
    ("gzip header", "body_unreadable:not_gzip"),
    ("org", "org_not_found:name"),
    ("bucket", "bucket_not_found"),
    ("permission", "permission_denied:write"),
    ("gzip data", "body_unreadable:truncated"),
    ("line", "points_rejected"),
]
#: And a v1 write.
V1 = [
    ("token", "token_unknown@v1-write"),
    ("no bucket", "target_missing@v1-write"),
    ("gzip header", "body_unreadable:not_gzip"),
    ("bucket", "mapping_not_found"),
    ("permission", "permission_denied:write"),
    ("gzip data", "body_unreadable:truncated"),
    ("line", "points_rejected"),
]


def wrong(ask: Ask, server: Server, path: str, faults: set[str]) -> Reply:
    """A write with these faults."""
    target, org = ("bucket", {"org": "acme" if "org" in faults else "my-org"}) if "v2" in path else ("db", {})
    params = {**org, target: "plant" if "bucket" in faults else "my-bucket"}
    if "no bucket" in faults:
        params[target] = ""
    if "precision" in faults:
        params["precision"] = "fortnight"
    body = gzip.compress(b"m v=" if "line" in faults else b"m v=1 1")
    if "gzip data" in faults:
        body = body[:-9]
    if "gzip header" in faults:
        body = b"plain"
    token = "nobody" if "token" in faults else server.read_token if "permission" in faults else server.token
    return ask("POST", f"{path}?{urlencode(params)}", body, token=token, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(("path", "order"), [("/api/v2/write", V2), ("/write", V1)], ids=["v2", "v1"])
def test_order(server: Server, ask: Ask, path: str, order: list[tuple[str, str]]) -> None:
    for position, (_, clause) in enumerate(order):
        faults = {fault for fault, _ in order[position:]}
        assert wrong(ask, server, path, faults).clause == clause, f"with {sorted(faults)}"
    assert server.points() == []
    assert wrong(ask, server, path, set()).status == 204


def test_org_and_bucket_by_id_or_name(server: Server, ask: Ask) -> None:
    other = server.create_bucket("0123456789abcdef")
    for query, clause in (
        (f"org={server.org_id}&bucket={server.bucket_id}", "accepted"),
        (f"orgID={server.org_id}&org=acme&bucket=my-bucket", "accepted"),
        (f"org={str(server.org_id).upper()}&bucket={str(server.bucket_id).upper()}", "accepted"),
        ("org=%20my-org%20&bucket=my-bucket", "accepted"),
        ("org=my-org&bucket=0123456789abcdef", "accepted"),
        ("org=0123456789abcdef&bucket=my-bucket", "org_not_found:id"),
        ("orgID=my-org&org=my-org&bucket=my-bucket", "org_id_invalid:length"),
        ("orgID=0123456789abcdeg&bucket=my-bucket", "org_id_invalid:digits"),
        ("bucket=my-bucket", "org_missing"),
        (f"org=my-org&bucketID={server.bucket_id}", "target_missing"),
    ):
        assert ask("POST", f"/api/v2/write?{query}", b"m v=1 1").clause == clause, query
    assert len(server.points(bucket=other.name)) == 1


@pytest.mark.parametrize(
    ("precision", "time"),
    [("", 5), ("ns", 5), ("us", 5_000), ("ms", 5_000_000), ("s", 5_000_000_000)],
)
def test_precision_of_v2(server: Server, ask: Ask, precision: str, time: int) -> None:
    ask("POST", f"/api/v2/write?org=my-org&bucket=my-bucket&precision={precision}", b"m v=1 5")
    assert [point.time for point in server.points()] == [time]


@pytest.mark.parametrize("precision", ["n", "u", "m", "h", "S", "ns%20", "nanosecond"])
def test_precisions_that_v2_does_not_know(ask: Ask, precision: str) -> None:
    reply = ask("POST", f"/api/v2/write?org=my-org&bucket=my-bucket&precision={precision}", b"m v=1 5")
    assert reply.json()["message"] == "invalid precision; valid precision units are ns, us, ms, and s"


@pytest.mark.parametrize(("precision", "time"), [("s", 5_000_000_000), ("u", 5), ("m", 5), ("h", 5), ("fortnight", 5)])
def test_v1_takes_what_it_does_not_know_for_nanoseconds(server: Server, ask: Ask, precision: str, time: int) -> None:
    assert ask("POST", f"/write?db=my-bucket&precision={precision}", b"m v=1 5").status == 204
    assert [point.time for point in server.points()] == [time]


def test_v1_database_and_policy(server: Server, ask: Ask) -> None:
    server.create_bucket("plant/week")
    asked = {
        "db=plant": 404,
        "db=plant&rp=week": 204,
        "db=plant/week": 404,
        "db=my-bucket&rp=": 204,
        "db=my-bucket&rp=autogen": 204,
        "db=my-bucket&rp=year": 404,
    }
    for query, status in asked.items():
        assert ask("POST", f"/write?{query}", b"m v=1 1").status == status, query
    assert len(server.points(bucket="plant/week")) == 1


def test_v1_credentials_in_the_url(server: Server, ask: Ask) -> None:
    assert ask("POST", "/write?db=my-bucket&u=any&p=my-token", b"m v=1 1", token=None).status == 204
    assert ask("POST", "/write?db=my-bucket&u=any&p=wrong", b"m v=1 1").clause == "token_unknown@v1-write"
    assert ask("POST", "/write?db=my-bucket", b"m v=1 1", token=None).clause == "token_missing@v1-write"
    assert "my-token" not in repr(list(server.journal))


@pytest.mark.parametrize("encoding", ["identity", "GZIP", "br", ""])
def test_encodings_that_are_not_looked_at(server: Server, ask: Ask, encoding: str) -> None:
    reply = ask("POST", "/api/v2/write?org=my-org&bucket=my-bucket", b"m v=1 1", headers={"Content-Encoding": encoding})
    assert reply.status == 204
    assert len(server.points()) == 1


def test_a_broken_framing_is_a_body_that_cannot_be_read(server: Server) -> None:
    headers = [("Authorization", "Token my-token")]
    target = "/api/v2/write?org=my-org&bucket=my-bucket"
    request = Request("POST", target, headers, b"m v=1 1", problem="invalid byte in chunk length")
    reply = front.answer(server.world, request)
    assert reply.json() == {
        "code": "request too large", "message": "unable to read data: invalid byte in chunk length",
    }  # fmt: skip
    assert server.points() == []


def test_a_client_that_asks_first_is_not_told_to_go_on(server: Server, ask: Ask) -> None:
    expects = {"Expect": "100-continue"}
    refused = ask("POST", "/api/v2/write?org=my-org&bucket=plant", b"m v=1 1", headers=expects)
    assert refused.close
    taken = ask("POST", "/api/v2/write?org=my-org&bucket=my-bucket", b"m v=1 1", headers=expects)
    assert not taken.close


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("GET /api/v2/setup", 404), ("POST /api/v2/signin", 404), ("PUT /api/v2/setup", 401), ("GET /api/v2/tasks", 401)],
)
def test_what_is_open_is_not_asked_for_a_token(request_line: str, status: int) -> None:
    server = Server()
    method, _, target = request_line.partition(" ")
    assert front.answer(server.world, Request(method, target)).status == status
    assert server.journal[0].simulated == (status == 401)
