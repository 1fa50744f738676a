"""Planned faults of InfluxDB Cloud: said in its own words, of what the request brings; nothing of it is queued."""

from __future__ import annotations

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

BODY = b"home,room=Kitchen temp=21.5 1700000000000000000"


@pytest.fixture
def server() -> Server:
    return Server("v2-cloud", clock="frozen", seed=1)


def written(server: Server, target: str = "/api/v2/write?bucket=my-bucket", body: bytes = BODY) -> Reply:
    headers = [("Authorization", f"Token {server.token}"), ("Content-Length", str(len(body)))]
    return front.answer(server.world, Request("POST", target, headers, body))


@pytest.mark.parametrize("target", ["/api/v2/write?bucket=my-bucket", "/write?db=my-bucket"])
@pytest.mark.parametrize(
    ("status", "reason", "code", "message"),
    [
        (401, "Unauthorized", "unauthorized", None),
        (404, "Not Found", "not found", None),
        (413, "Request Entity Too Large", "request too large", "cannot read data: points in batch is too large"),
        (429, "Too Many Requests", "too many requests", "org {org_id} has exceeded limited_write plan limit"),
        (500, "Internal Server Error", "internal error", "An internal error has occurred - check server logs"),
        (503, "Service Unavailable", "unavailable", "service temporarily unavailable"),
    ],
)
def test_a_status(server: Server, target: str, status: int, reason: str, code: str, message: str | None) -> None:
    fault = server.fail(status)
    reply = written(server, target)
    assert (reply.status, reply.reason, reply.json()["code"]) == (status, reason, code)
    if message is not None:
        assert reply.json() == {"code": code, "message": message.format(org_id=server.org_id)}
    assert reply.header("X-Influxdb-Build") == "Cloud"
    assert fault.consumed
    server.settle()
    assert (server.points(), server.rejected()) == ([], [])
    assert server.points(bucket="_monitoring") == []
    assert written(server, target).status == 204
    server.settle()
    assert len(server.points()) == 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/api/v2/write?bucket=plant", 'bucket "plant" not found'),
        ("/write?db=plant", "no dbrp mapping found"),
    ],
)
def test_a_planned_404_says_what_the_door_would(server: Server, target: str, message: str) -> None:
    server.fail(404)
    assert written(server, target).json() == {"code": "not found", "message": message}


@pytest.mark.parametrize("status", [429, 503])
def test_when_to_come_back(server: Server, status: int) -> None:
    server.fail(status, retry_after=7)
    server.fail(status)
    assert [written(server).header("Retry-After") for _ in range(3)] == ["7", "1", None]


@pytest.mark.parametrize("status", [401, 413, 500])
def test_others_do_not_say_when(server: Server, status: int) -> None:
    server.fail(status)
    reply = written(server)
    assert (reply.status, reply.header("Retry-After")) == (status, None)


def test_a_planned_400_tells_of_the_first_line(server: Server) -> None:
    server.fail(400)
    reply = written(server)
    assert reply.json() == {"code": "invalid", "message": f"unable to parse '{BODY.decode()}': missing fields"}
    server.settle()
    assert server.points() == []


def test_a_planned_503_of_cardinality(server: Server) -> None:
    server.fail(clause="cardinality_exceeded")
    reply = written(server)
    assert (reply.status, reply.header("Retry-After")) == (503, None)
    assert reply.json()["message"] == "Series cardinality exceeds your plan's service quota"


def test_a_planned_413_in_the_words_of_the_reference() -> None:
    server = Server("v2-cloud", body_413="spec")
    server.fail(413)
    reply = written(server)
    assert (reply.status, reply.header("Content-Type")) == (413, "text/html")


def test_a_fault_does_not_use_up_the_quota() -> None:
    server = Server("v2-cloud", clock="frozen", max_requests=1)
    server.fail(503, times=3)
    assert [written(server).status for _ in range(5)] == [503, 503, 503, 204, 429]


def test_a_lost_reply_does_not_mean_a_lost_write(server: Server) -> None:
    server.fail(transport="reset_after")
    written(server)
    assert server.points() == []
    server.settle()
    assert len(server.points()) == 1


def test_faults_leave_what_is_queued_alone(server: Server) -> None:
    assert written(server).status == 204
    server.fail(500)
    assert written(server, body=b"home,room=Hall temp=19 1700000000000000000").status == 500
    server.settle()
    assert [dict(point.tags) for point in server.points()] == [{"room": "Kitchen"}]
    assert written(server).status == 204


@pytest.mark.parametrize("status", [403, 422, 502])
def test_what_cloud_never_says_of_a_write(server: Server, status: int) -> None:
    with pytest.raises(ValueError, match=rf"v2-cloud never says {status}; it says 400, 401, 404, "):
        server.fail(status)
