"""Quotas as a request meets them: what counts, when, and what it is told."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
WRITE, V1 = "/api/v2/write?bucket=my-bucket", "/write?db=my-bucket"
Put = Callable[..., Reply]


def putter(server: Server) -> Put:
    """Writes to the server without a socket."""

    def put(body: bytes = b"m v=1 1", target: str = WRITE, *, token: str = "my-token", zipped: bool = False) -> Reply:
        headers = [("Authorization", f"Token {token}")] + [("Content-Encoding", "gzip")] * zipped
        return front.answer(server.world, Request("POST", target, headers, gzip.compress(body) if zipped else body))

    return put


def free(**switches: object) -> tuple[Server, Put]:
    """A v3-serverless on the free plan, its clock standing where a window begins, and what writes to it."""
    server = Server("v3-serverless", plan="free", clock=NOON, **switches)
    return server, putter(server)


def few(requests: int) -> tuple[Server, Put]:
    """One that takes so many requests in a window."""
    server = Server("v3-serverless", max_requests=requests, clock=NOON)
    return server, putter(server)


def test_there_is_no_quota_unless_one_is_chosen() -> None:
    put = putter(Server("v3-serverless", clock=NOON))
    assert {put(b"#" * 10_000_000).status for _ in range(3)} == {204}


@pytest.mark.parametrize(("plan", "limit"), [("free", 5_000_000), ("usage", 300_000_000)])
def test_the_plans(plan: str, limit: int) -> None:
    server = Server("v3-serverless", plan=plan)
    limits = server.world.settings.limits
    assert (limits.window, limits.window_bytes, limits.window_requests) == (300, limit, 0)
    now = int(NOON.timestamp()) * 10**9
    assert server.world.quota.take(now, limit) is None
    assert server.world.quota.take(now, 1) == 300


def test_other_editions_have_no_plan() -> None:
    with pytest.raises(ValueError, match="v3-dedicated has no plans"):
        Server("v3-dedicated", plan="free")


def test_inflated_bytes_count() -> None:
    _, put = free()
    assert put(b"#" * 4_999_999, zipped=True).status == 204
    assert put(b"##").status == 429
    assert put(b"#").status == 204


def test_both_doors_and_all_buckets_share_it() -> None:
    server, put = few(3)
    server.create_bucket("other")
    assert [put().status, put(target=V1).status, put(target="/api/v2/write?bucket=other").status] == [204, 204, 204]
    assert [put().status, put(target=V1).status, put(target="/api/v2/write?bucket=other").status] == [429, 429, 429]


@pytest.mark.parametrize(
    ("body", "target", "token", "status"),
    [
        (b"m v=1 1", WRITE, "nobodys", 401),
        (b"m v=1 1", "/api/v2/write?bucket=nothing", "my-token", 404),
        (b"m v=1 1", f"{WRITE}&precision=x", "my-token", 400),
        (b"m v=\xff 1", WRITE, "my-token", 400),
    ],
)
def test_what_is_refused_before_does_not_count(body: bytes, target: str, token: str, status: int) -> None:
    _, put = few(1)
    assert [put(body, target, token=token).status for _ in range(3)] == [status] * 3
    assert put().status == 204
    assert put().status == 429


def test_what_is_refused_for_its_points_counts() -> None:
    _, put = few(1)
    assert put(b"m v=x 1").status == 400
    assert put().status == 429


def test_a_planned_fault_does_not_count() -> None:
    server, put = few(1)
    server.fail(503, times=2)
    assert [put().status for _ in range(4)] == [503, 503, 204, 429]


def test_nothing_is_stored_and_no_bucket_made() -> None:
    server, put = few(1)
    assert put().status == 204
    assert put(b"m v=2 2", "/write?db=plant").status == 429
    assert [point.time for point in server.points()] == [1]
    assert server.world.catalog.bucket_named(str(server.org_id), "plant/autogen") is None
    assert server.journal[-1].clause == "too_many_requests"


def test_the_window_goes_by_the_clock() -> None:
    server, put = few(1)
    assert put().status == 204
    server.clock.advance(299.25)
    reply = put()
    assert (reply.status, dict(reply.headers)["Retry-After"]) == (429, "1")
    server.clock.advance(0.75)
    assert put().status == 204


def test_whose_quota_it_is() -> None:
    server, put = free(error_bodies="spec")
    reply = put(b"#" * 5_000_001)
    message = f"org {server.org_id} has exceeded limited_write plan limit"
    assert reply.body == f'{{"code":"too many requests","message":"{message}"}}'.encode()
    server.fail(429)
    planned = put()
    assert (planned.status, planned.body) == (429, reply.body)


def test_a_reset_begins_a_new_count() -> None:
    server, put = few(1)
    assert put().status == 204
    server.reset()
    assert put().status == 204
