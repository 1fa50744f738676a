"""Planned faults of the InfluxDB 3 editions: said in their own words, of what the request brings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

BODY = b"home,room=Kitchen temp=21.5 1700000000000000000"


def written(server: Server, target: str | None = None) -> Reply:
    where = target or f"/api/v2/write?bucket={server.bucket or server.database}"
    return front.answer(server.world, Request("POST", where, [("Authorization", "Token my-token")], BODY))


@pytest.mark.parametrize(
    ("edition", "quoted"),
    [("v3-serverless", "error parsing line 1 (1-based): No fields were provided"), ("v2-oss", "missing fields")],
)
def test_a_planned_400_tells_of_the_first_line(edition: str, quoted: str) -> None:
    server = Server(edition)
    server.fail(400)
    reply = written(server, "/api/v2/write?org=my-org&bucket=my-bucket")
    assert (reply.status, server.points()) == (400, [])
    assert quoted in reply.json()["message"]


@pytest.mark.parametrize("edition", ["v3-serverless", "v3-dedicated", "v3-clustered"])
def test_a_planned_422_is_about_retention(edition: str) -> None:
    server = Server(edition)
    server.fail(422)
    reply = written(server)
    body = reply.json()
    assert (reply.status, reply.reason, body["code"]) == (422, "Unprocessable Entity", "unprocessable entity")
    assert body["message"].startswith("dml handler error: data in table home is outside of the retention period: ")
    assert server.points() == []
    assert written(server).status == 204


def test_a_planned_422_of_core_is_about_a_limit() -> None:
    server = Server("v3-core")
    server.fail(clause="points_rejected:too_many_columns.partial@v3-write")
    reply = written(server, "/api/v3/write_lp?db=my-database")
    [entry] = reply.json()["data"]
    assert (reply.status, entry["line_number"], entry["original_line"]) == (422, 1, "home,room=Kitchen te")
    assert entry["error_message"] == "Update to schema would exceed number of columns per table limit of 500 columns"


@pytest.mark.parametrize(("edition", "limit"), [("v3-core", 10_485_760), ("v3-enterprise", 10_485_760)])
def test_a_planned_413_names_the_limit(edition: str, limit: int) -> None:
    server = Server(edition)
    server.fail(413)
    assert written(server).json()["message"] == f"max request size ({limit} bytes) exceeded"


@pytest.mark.parametrize("edition", ["v3-core", "v3-enterprise"])
@pytest.mark.parametrize("status", [429, 503])
def test_what_an_edition_never_says(edition: str, status: int) -> None:
    server = Server(edition)
    with pytest.raises(ValueError, match=rf"{edition} never says {status}; it says 400, .*; with by='proxy' it says"):
        server.fail(status)
    server.fail(status, by="proxy", retry_after=2)
    assert (written(server).status, written(server).status) == (status, 204)


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("edition", ["v3-serverless", "v3-dedicated", "v3-clustered"])
def test_empty_bodies(edition: str, status: int) -> None:
    server = Server(edition)
    more: dict[str, Any] = {"retry_after": 7} if status == 503 else {}
    server.fail(status, **more)
    reply = written(server)
    assert (reply.status, reply.body, reply.header("content-length")) == (status, b"", "0")
    assert reply.header("retry-after") == ("7" if status == 503 else None)
    assert server.points() == []


def test_a_planned_404_names_database_and_policy() -> None:
    server = Server("v3-dedicated")
    server.fail(404)
    reply = written(server, "/write?db=plant&rp=Week")
    assert json.loads(reply.body) == {"code": "not found", "message": 'database "plant/week" not found'}


def test_a_planned_404_of_serverless_names_the_bucket_at_both_doors() -> None:
    server = Server("v3-serverless")
    for target in ("/api/v2/write?bucket=plant", "/write?db=plant&rp=week"):
        server.fail(404)
        assert "plant" in written(server, target).json()["message"], target


def test_a_planned_400_of_core_is_a_partial_write_at_its_own_door() -> None:
    server = Server("v3-core")
    server.fail(400, door="v3-write")
    reply = written(server, "/api/v3/write_lp?db=my-database")
    assert reply.json()["error"] == "partial write of line protocol occurred"
    assert [entry["line_number"] for entry in reply.json()["data"]] == [1]


def test_a_planned_415_names_an_encoding() -> None:
    server = Server("v3-clustered")
    server.fail(415)
    assert written(server).json()["message"] == "unacceptable content-encoding: deflate"
