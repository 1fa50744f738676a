"""Who learns of which bucket, where a token decides the organization (Cloud Serverless)."""

from __future__ import annotations

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.storage.permissions import Permission


def put(server: Server, target: str, token: str | None, body: bytes = b"m v=1") -> Reply:
    """Writes without a socket."""
    return front.answer(server.world, Request("POST", target, [("Authorization", f"Token {token}")], body))


def test_a_bucket_by_id_is_of_its_own_organization() -> None:
    """A token that may write to every bucket of one organization may not write to another's, whose id it knows."""
    server = Server("v3-serverless", seed=1)
    catalog, org_id = server.world.catalog, str(server.org_id)
    theirs = catalog.add_bucket(catalog.add_org("acme"), "theirs")
    catalog.add_token("ours", [Permission("write", "buckets", org_id=org_id)], org_id=org_id)
    assert put(server, f"/api/v2/write?bucket={server.bucket_id}", "ours").status == 204
    assert put(server, f"/api/v2/write?bucket={theirs.id}", "ours").status == 401
    assert theirs.data.points() == []


@pytest.mark.parametrize("auto_create", [True, False])
def test_without_a_right_to_buckets_nothing_is_told(auto_create: bool) -> None:
    """Whether there is a bucket or none: the same reply to a token that may not write to it."""
    server = Server("v3-serverless", seed=1, auto_create=auto_create)
    server.create_bucket("theirs")
    token = server.create_token(write="my-bucket")
    replies = [put(server, f"/write?db={name}", token) for name in ("theirs", "nothing")]
    assert [reply.status for reply in replies] == [401, 401]
    assert replies[0].body == replies[1].body == b""
    assert put(server, "/write?db=my-bucket", token).status == 204


@pytest.mark.parametrize(("auto_create", "status"), [(True, 204), (False, 404)])
def test_with_a_right_to_buckets(auto_create: bool, status: int) -> None:
    server = Server("v3-serverless", seed=1, auto_create=auto_create)
    assert put(server, "/write?db=nothing", server.token).status == status


def test_a_bucket_that_a_write_makes_has_a_mapping_and_three_days() -> None:
    server = Server("v3-serverless", seed=1)
    assert put(server, "/write?db=plant&rp=week", server.token, b"m v=1 1").status == 400, "a point of 1970"
    catalog, org_id = server.world.catalog, str(server.org_id)
    made = catalog.bucket_named(org_id, "plant/week")
    assert made is not None
    assert made.retention == 3 * 86_400 * 10**9
    (mapping,) = catalog.mappings(org_id)
    assert (mapping.database, mapping.retention_policy, mapping.bucket_id) == ("plant", "week", made.id)
    assert mapping.default
    assert catalog.mapping(org_id, "plant") is made
