"""Buckets: ``/api/v2/buckets`` and ``/api/v2/buckets/{id}``.

Form and order of checks as influxdb's tenant/http_server_bucket.go, tenant/service_bucket.go and
storage/bucket_service.go; what an edition has of its own is in its profile, section ``[buckets]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mockflux.http.checks.targets import find_org
from mockflux.http.paging import Page
from mockflux.http.passage import Passage
from mockflux.http.resources import (
    Refused,
    bucket_at,
    demand,
    may,
    own_org_id,
    path_id,
    query_id,
    read_body,
    refusing,
    to_read,
)
from mockflux.http.structs import Id, ListOf, OneOf, Shape, Struct, Text, Whole
from mockflux.outcomes import BucketNotFound, BucketRefused, Created, Deleted, Found, OrgNotFound, Outcome
from mockflux.profile.settings import BucketRules
from mockflux.profile.template import rfc3339nano
from mockflux.storage.catalog import Bucket
from mockflux.storage.permissions import Permission
from mockflux.storage.rules import HOUR, shard_duration
from mockflux.storage.schemas import Schemas

_SECOND = 10**9
_RULE: dict[str, Shape] = {"type": Text(), "everySeconds": Whole(), "shardGroupDurationSeconds": Whole()}
_NEW: dict[str, Shape] = {
    "orgID": Id(),
    "name": Text(),
    "description": Text(),
    "rp": Text(),
    "retentionRules": ListOf(Struct("tenant", "retentionRule", _RULE)),
}
_CHANGE: dict[str, Shape] = {
    "name": Text(),
    "description": Text(),
    "retentionRules": ListOf(Struct("tenant", "retentionRuleUpdate", _RULE)),
}
_KINDS_OF_SCHEMA = ("implicit", "explicit")


# ---------------------------------------------------------------- looking


@refusing
def list_buckets(passage: Passage) -> Outcome:
    """The buckets that the token may read, by ``name``, ``id``, ``org`` or ``orgID``, a page at a time. Where the
    organization is the token's, the last two do not count."""
    page = Page(passage)
    id = query_id(passage, "id")
    org_id = query_id(passage, "orgID")
    after = query_id(passage, "after", kind="after")
    params, catalog, rules = passage.params, passage.world.catalog, passage.world.settings.buckets
    name = params.get("name")
    if rules.own_org:
        org_id = own_org_id(passage)
    elif org_id is None and (asked := params.get("org")):
        org = find_org(passage, asked, only_id=False)
        if isinstance(org, Outcome):
            return org
        org_id = org.id
    if id is not None:
        bucket = catalog.bucket_by_id(id)
        if bucket is None or not may(passage, to_read(bucket)):
            return BucketNotFound("id", id)
        found = [bucket]
    else:
        found = [b for b in catalog.buckets(org_id) if name in (None, "", b.name) and may(passage, to_read(b))]
        if name and not found and org_id is not None and not rules.own_org:
            return BucketNotFound("name", name)
    if page.descending:
        found.reverse()
    found = _behind(found, after)
    filters = {
        "after": after,
        "bucket": name,
        "id": id,
        "org": None if params.get("orgID") else params.get("org"),
        "orgID": org_id if params.get("orgID") else None,
        "sortBy": params.get("sortBy"),
    }
    shown = page.of(found)
    links = page.links("/api/v2/buckets", filters, len(shown))
    return Found({"links": links, "buckets": [_shown(bucket, rules) for bucket in shown]})


@refusing
def show_bucket(passage: Passage) -> Outcome:
    """One bucket."""
    return Found(_shown(bucket_at(passage, "read"), passage.world.settings.buckets))


def _behind(found: list[Bucket], after: str | None) -> list[Bucket]:
    """What comes behind the bucket with that id."""
    ids = [bucket.id for bucket in found]
    return found[ids.index(after) + 1 :] if after in ids else found


# ---------------------------------------------------------------- making, changing, deleting


@refusing
def create_bucket(passage: Passage) -> Outcome:
    """A new bucket."""
    world = passage.world
    rules, catalog = world.settings.buckets, world.catalog
    fields = {**_NEW, "schemaType": OneOf(_KINDS_OF_SCHEMA)} if rules.schemas else _NEW
    wanted = read_body(passage, Struct("tenant", "postBucketRequest", fields), "bucket")
    org_id, name = wanted.get("orgID"), wanted.get("name", "")
    if org_id is None:
        raise Refused(BucketRefused("org_missing", name))
    given = _the_rule(wanted, name)
    _check_name(name, rules)
    demand(passage, Permission("write", "buckets", None, org_id))
    org = catalog.org(id=org_id)
    if org is None:
        raise Refused(OrgNotFound("id", org_id))
    with catalog.lock:
        if catalog.bucket_named(org.id, name) is not None:
            raise Refused(BucketRefused("taken", name))
        limit = world.settings.limits.buckets
        if limit and sum(bucket.type == "user" for bucket in catalog.buckets(org.id)) >= limit:
            raise Refused(BucketRefused("quota", name))
        seconds = rules.default_retention if given is None else given.get("everySeconds", 0)
        shards = _shards(seconds, given or {}, rules)
        _check_span(passage, seconds, name)
        if seconds and shards > seconds * _SECOND:
            raise Refused(BucketRefused("shards_long", name))
        schemas = Schemas() if wanted.get("schemaType") == "explicit" else None
        text = wanted.get("description", "")
        bucket = catalog.add_bucket(org, name, seconds * _SECOND, text, shards=shards, schemas=schemas)
    return Created(_shown(bucket, rules))


@refusing
def change_bucket(passage: Passage) -> Outcome:
    """The name, the description or the retention of a bucket, changed."""
    path_id(passage)
    catalog, rules = passage.world.catalog, passage.world.settings.buckets
    wanted = read_body(passage, Struct("tenant", "bucketUpdate", _CHANGE), "bucket_change")
    name = wanted.get("name")
    given = _the_rule(wanted, name or "")
    if name is not None and bucket_at(passage, "read").type == "user":
        _check_name(name, rules)
    bucket = bucket_at(passage, "write")
    if given is None and rules.retention_on_change:
        raise Refused(BucketRefused("rules_missing", bucket.name))
    with catalog.lock:
        retention, shards = _changed_span(passage, bucket, given or {})
        if name not in (None, bucket.name):
            if bucket.type == "system":
                raise Refused(BucketRefused("system_renamed", bucket.name))
            if catalog.bucket_named(bucket.org_id, str(name)) is not None:
                raise Refused(BucketRefused("not_unique", str(name)))
        text = wanted.get("description")
        catalog.change_bucket(bucket, name=name, description=text, retention=retention, shards=shards)
    return Found(_shown(bucket, rules))


@refusing
def remove_bucket(passage: Passage) -> Outcome:
    """The bucket, and what it holds, deleted."""
    bucket = bucket_at(passage, "write")
    if bucket.type == "system":
        raise Refused(BucketRefused("system_deleted", bucket.name))
    passage.world.catalog.remove_bucket(bucket)
    return Deleted()


def _the_rule(wanted: Mapping[str, Any], name: str) -> Mapping[str, int] | None:
    """The one retention rule that a body may have, None for none. Raises Refused for what no bucket can have."""
    given: Sequence[Mapping[str, int]] = wanted.get("retentionRules", ())
    if len(given) > 1:
        raise Refused(BucketRefused("several_rules", name))
    for rule in given:
        if rule.get("everySeconds", 0) < 0:
            raise Refused(BucketRefused("expiry_negative", name))
        if rule.get("shardGroupDurationSeconds", 0) < 0:
            raise Refused(BucketRefused("shards_negative", name))
    return given[0] if given else None


def _check_name(name: str, rules: BucketRules) -> None:
    if name.startswith("_"):
        raise Refused(BucketRefused("underscore", name))
    if '"' in name:
        raise Refused(BucketRefused("quotes", name))
    if len(name) < rules.shortest_name:
        raise Refused(BucketRefused("short", name))


def _check_span(passage: Passage, seconds: int, name: str) -> None:
    """Raise Refused for a retention that is too short for any bucket, or longer than the organization may have."""
    if 0 < seconds * _SECOND < HOUR:
        raise Refused(BucketRefused("expiry_short", name))
    limit = passage.world.settings.limits.retention
    if limit and not 0 < seconds <= limit:
        raise Refused(BucketRefused("expiry_long", name))


def _shards(seconds: int, given: Mapping[str, int], rules: BucketRules) -> int:
    """The length of a bucket's shard groups in ns: an hour at least (influxdb v1/services/meta/data.go)."""
    own = given.get("shardGroupDurationSeconds", 0) if rules.shard_groups else 0
    return max(own * _SECOND, HOUR) if own else shard_duration(seconds * _SECOND)


def _changed_span(passage: Passage, bucket: Bucket, given: Mapping[str, int]) -> tuple[int | None, int | None]:
    """Retention and length of shard groups (ns) as a change wants them, None for what stays. Raises Refused for what
    does not go together."""
    rules, seconds = passage.world.settings.buckets, given.get("everySeconds")
    if seconds is not None:
        _check_span(passage, seconds, bucket.name)
    retention = None if seconds is None else seconds * _SECOND
    after = bucket.retention if retention is None else retention
    if not rules.shard_groups:
        return retention, shard_duration(after)
    shards = _shards(after // _SECOND, given, rules) if "shardGroupDurationSeconds" in given else None
    if after and (bucket.shard_duration if shards is None else shards) > after:
        raise Refused(BucketRefused("shards_long_change", bucket.name))
    return retention, shards


# ---------------------------------------------------------------- showing


def _shown(bucket: Bucket, rules: BucketRules) -> dict[str, Any]:
    at = f"/api/v2/buckets/{bucket.id}"
    expiry: dict[str, Any] = {"type": "expire", "everySeconds": bucket.retention // _SECOND}
    if rules.shard_groups:
        expiry["shardGroupDurationSeconds"] = bucket.shard_duration // _SECOND
    value: dict[str, Any] = {"id": bucket.id, "orgID": bucket.org_id, "type": bucket.type}
    if rules.schemas:
        value["schemaType"] = _schema_type(bucket)
    if bucket.description:
        value["description"] = bucket.description
    return {
        **value,
        "name": bucket.name,
        "retentionRules": [expiry],
        "createdAt": rfc3339nano(bucket.created),
        "updatedAt": rfc3339nano(bucket.updated),
        "links": {
            "labels": f"{at}/labels",
            "members": f"{at}/members",
            "org": f"/api/v2/orgs/{bucket.org_id}",
            "owners": f"{at}/owners",
            "self": at,
            "write": f"/api/v2/write?org={bucket.org_id}&bucket={bucket.id}",
        },
        "labels": [],
    }


def _schema_type(bucket: Bucket) -> Literal["implicit", "explicit"]:
    return "implicit" if bucket.data.schemas is None else "explicit"
