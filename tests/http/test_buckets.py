"""Buckets by the resource API: beyond what the vectors show."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

Ask = Callable[..., Reply]
PATH = "/api/v2/buckets"
HOUR = 3600


def new(server: Server, name: str, **more: Any) -> bytes:
    return json.dumps({"orgID": server.org_id, "name": name, **more}).encode()


def rule(seconds: int, shards: int | None = None) -> list[dict[str, int]]:
    own = {} if shards is None else {"shardGroupDurationSeconds": shards}
    return [{"everySeconds": seconds, **own}]


def message(reply: Reply) -> str:
    return str(reply.json()["message"])


def test_what_was_made_can_be_written_to_and_read_by_both_names(server: Server, ask: Ask) -> None:
    id = ask("POST", PATH, new(server, "fresh")).json()["id"]
    for target in ("fresh", id):
        assert ask("POST", f"/api/v2/write?org=my-org&bucket={target}", f"m,by={target} v=1 1".encode()).status == 204
    assert [point.tags["by"] for point in server.points(bucket="fresh")] == sorted(["fresh", id])


def test_a_deleted_bucket_takes_its_points_along(server: Server, ask: Ask) -> None:
    server.create_bucket("short")
    id = ask("GET", f"{PATH}?name=short").json()["buckets"][0]["id"]
    ask("POST", "/api/v2/write?org=my-org&bucket=short", b"m v=1 1")
    assert ask("DELETE", f"{PATH}/{id}").status == 204
    assert ask("POST", "/api/v2/write?org=my-org&bucket=short", b"m v=1 1").status == 404
    with pytest.raises(ValueError, match="there is no bucket 'short'"):
        server.points(bucket="short")
    assert ask("POST", PATH, new(server, "short")).json()["id"] != id
    assert server.points(bucket="short") == []


def test_a_renamed_bucket_keeps_points_and_id(server: Server, ask: Ask) -> None:
    ask("POST", "/api/v2/write?org=my-org&bucket=my-bucket", b"m v=1 1")
    changed = ask("PATCH", f"{PATH}/{server.bucket_id}", b'{"name":"other"}').json()
    assert (changed["id"], changed["name"]) == (server.bucket_id, "other")
    assert ask("POST", "/api/v2/write?org=my-org&bucket=my-bucket", b"m v=1 2").status == 404
    assert [point.time for point in server.points(bucket="other")] == [1]
    assert ask("POST", PATH, new(server, "my-bucket")).status == 201


def test_changed_retention_holds_for_the_next_write(server: Server, ask: Ask) -> None:
    server.clock.freeze()
    now = server.clock.now()
    line = f"m v=1 {now - 2 * HOUR * 10**9}".encode()
    assert ask("POST", "/api/v2/write?org=my-org&bucket=my-bucket", line).status == 204
    body = json.dumps({"retentionRules": rule(HOUR, HOUR)}).encode()
    assert ask("PATCH", f"{PATH}/{server.bucket_id}", body).status == 200
    assert server.points() == []
    assert ask("POST", "/api/v2/write?org=my-org&bucket=my-bucket", line).status == 400


def test_shard_groups_of_ones_own_are_the_scope_of_types(server: Server, ask: Ask) -> None:
    """Where types hold within a shard group, its length decides what is a conflict."""
    bucket = server.create_bucket("plain")
    id = ask("POST", PATH, new(server, "daily", retentionRules=rule(0, 86400))).json()["id"]
    daily = server.world.catalog.bucket_by_id(id)
    assert daily is not None
    assert (bucket.shard_duration, daily.shard_duration) == (7 * 86400 * 10**9, 86400 * 10**9)


@pytest.mark.parametrize(
    ("body", "seconds", "shards"),
    [
        (None, 0, 604800),
        ([], 0, 604800),
        ([{}], 0, 604800),
        (rule(0, 3600), 0, 3600),
        (rule(3600), 3600, 3600),
        (rule(172799), 172799, 3600),
        (rule(172800), 172800, 86400),
        (rule(15551999), 15551999, 86400),
        (rule(15552000), 15552000, 604800),
        (rule(86400, 60), 86400, 3600),
        (rule(86400, 86400), 86400, 86400),
    ],
)
def test_retention_and_shard_groups(server: Server, ask: Ask, body: Any, seconds: int, shards: int) -> None:
    shown = ask("POST", PATH, new(server, "b", retentionRules=body)).json()["retentionRules"]
    assert shown == [{"type": "expire", "everySeconds": seconds, "shardGroupDurationSeconds": shards}]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "EOF"),
        (b"{", "unexpected EOF"),
        (b"[]", "json: cannot unmarshal array into Go value of type tenant.postBucketRequest"),
        (b'{"name":5}', "json: cannot unmarshal number into Go struct field postBucketRequest.name of type string"),
        (
            b'{"orgID":5}',
            "json: cannot unmarshal number into Go struct field postBucketRequest.orgID of type platform.ID",
        ),
        # An id that is none is told at once, what is of the wrong type at the end.
        (b'{"name":5,"orgID":"x"}', "id must have a length of 16 bytes"),
        (b'{"orgID":"xxxxxxxxxxxxxxxx"}', "invalid ID"),
        (
            b'{"retentionRules":[5]}',
            "json: cannot unmarshal number into Go struct field postBucketRequest.retentionRules of type"
            " tenant.retentionRule",
        ),
        (
            b'{"retentionRules":[{"everySeconds":1e3}]}',
            "json: cannot unmarshal number 1e3 into Go struct field retentionRule.retentionRules.everySeconds of type"
            " int64",
        ),
    ],
)
def test_bodies_that_are_no_bucket(ask: Ask, body: bytes, complaint: str) -> None:
    reply = ask("POST", PATH, body)
    assert (reply.status, message(reply)) == (400, f"failed to unmarshal json: {complaint}")


def test_a_refused_change_changes_nothing(server: Server, ask: Ask) -> None:
    before = ask("GET", f"{PATH}/{server.bucket_id}").json()
    for body in (
        {"name": "x", "retentionRules": rule(60)},
        {"name": "_tasks", "description": "x"},
        {"description": "x", "retentionRules": rule(3600)},  # shorter than its shard groups
    ):
        assert ask("PATCH", f"{PATH}/{server.bucket_id}", json.dumps(body).encode()).status in (400, 422, 500)
    assert ask("GET", f"{PATH}/{server.bucket_id}").json() == before


def test_system_buckets_are_seen_by_who_sees_the_organization(server: Server, ask: Ask) -> None:
    token = server.create_token(read=["my-bucket", "_tasks"])
    listed = ask("GET", PATH, token=token).json()["buckets"]
    assert [bucket["name"] for bucket in listed] == ["my-bucket"]
    id = ask("GET", f"{PATH}?name=_tasks").json()["buckets"][0]["id"]
    reply = ask("GET", f"{PATH}/{id}", token=token)
    assert (reply.status, message(reply)) == (401, f"read:orgs/{server.org_id} is unauthorized")


# ------------------------------------------------------------------------------------------ Cloud


@pytest.fixture
def cloud() -> Server:
    return Server("v2-cloud", seed=1, max_buckets=3, max_retention=86400)


def cloud_ask(server: Server, method: str, target: str, body: bytes = b"", token: str = "my-token") -> Reply:
    return front.answer(server.world, Request(method, target, [("Authorization", f"Token {token}")], body))


def test_the_quota_of_buckets_is_reached_exactly(cloud: Server) -> None:
    def make(name: str) -> Reply:
        return cloud_ask(cloud, "POST", PATH, new(cloud, name, retentionRules=rule(86400)))

    assert [make(name).status for name in ("two", "three", "four")] == [201, 201, 403]
    id = cloud_ask(cloud, "GET", f"{PATH}?name=two").json()["buckets"][0]["id"]
    assert cloud_ask(cloud, "DELETE", f"{PATH}/{id}").status == 204
    assert [make(name).status for name in ("four", "five")] == [201, 403]


def test_the_quota_holds_for_many_at_once(cloud: Server) -> None:
    def make(number: int) -> int:
        body = new(cloud, f"b{number}", retentionRules=rule(86400))
        return cloud_ask(cloud, "POST", PATH, body).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(make, range(16)))
    assert statuses == [201] * 2 + [403] * 14
    assert sum(bucket.type == "user" for bucket in cloud.world.catalog.buckets()) == 3


@pytest.mark.parametrize(("seconds", "status"), [(86400, 201), (86401, 403), (0, 403), (3600, 201), (3599, 422)])
def test_the_longest_retention_is_reached_exactly(cloud: Server, seconds: int, status: int) -> None:
    assert cloud_ask(cloud, "POST", PATH, new(cloud, "bb", retentionRules=rule(seconds))).status == status


def test_buckets_of_cloud_tell_their_schema_and_no_shard_groups(cloud: Server) -> None:
    body = new(cloud, "strict", schemaType="explicit", retentionRules=rule(3600, 86400))
    shown = cloud_ask(cloud, "POST", PATH, body).json()
    assert (shown["schemaType"], shown["retentionRules"]) == ("explicit", [{"type": "expire", "everySeconds": 3600}])
    system = cloud_ask(cloud, "GET", f"{PATH}?name=_monitoring&org=whatever").json()["buckets"]
    assert [(b["schemaType"], b["type"], b["retentionRules"]) for b in system] == [
        ("implicit", "system", [{"type": "expire", "everySeconds": 604800}])
    ]


def test_points_kept_for_thirty_days_unless_told_otherwise() -> None:
    server = Server("v2-cloud")
    shown = cloud_ask(server, "POST", PATH, new(server, "bb")).json()
    assert shown["retentionRules"] == [{"type": "expire", "everySeconds": 30 * 86400}]
