"""Look-ups that clients make before they write: ``GET /api/v2/buckets`` and ``GET /api/v2/orgs``.

Form and order of checks as influxdb's tenant/http_server_bucket.go, tenant/http_server_org.go and paging.go.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote_plus

from mockflux.http.checks.targets import find_org
from mockflux.http.params import id_fault, id_of
from mockflux.http.passage import Passage
from mockflux.outcomes import BucketNotFound, Found, OrgNotFound, Outcome, ParameterInvalid
from mockflux.profile.template import rfc3339nano
from mockflux.storage.catalog import Bucket, Org
from mockflux.storage.permissions import allows
from mockflux.storage.rules import shard_duration

_T = TypeVar("_T")
_SECOND = 10**9
_LIMIT, _MAX_LIMIT = 20, 100


class _Refused(Exception):
    """A parameter that cannot be used, as the outcome that says so."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def buckets(passage: Passage) -> Outcome:
    """The buckets that the token may read, by ``name``, ``id``, ``org`` or ``orgID``, a page at a time."""
    try:
        page = _Page(passage)
        id = _id(passage, "id")
        org_id = _id(passage, "orgID")
        after = _id(passage, "after", kind="after")
    except _Refused as refused:
        return refused.outcome
    params, catalog = passage.params, passage.world.catalog
    name = params.get("name")
    if org_id is None and (asked := params.get("org")):
        org = find_org(passage, asked, only_id=False)
        if isinstance(org, Outcome):
            return org
        org_id = org.id
    if id is not None:
        bucket = catalog.bucket_by_id(id)
        if bucket is None or not _readable(passage, bucket):
            return BucketNotFound("id", id)
        found = [bucket]
    else:
        found = [b for b in catalog.buckets(org_id) if name in (None, "", b.name) and _readable(passage, b)]
        if name and not found and org_id is not None:
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
    return Found({"links": page.links("/api/v2/buckets", filters, len(shown)), "buckets": [_bucket(b) for b in shown]})


def orgs(passage: Passage) -> Outcome:
    """The organizations that the token may read, by ``org`` or ``orgID``, a page at a time."""
    try:
        page = _Page(passage)
    except _Refused as refused:
        return refused.outcome
    params, catalog = passage.params, passage.world.catalog
    name, id = params.get("org"), id_of(params.get("orgID", ""))
    found = [org for org in catalog.orgs() if name in (None, "", org.name) and id in (None, org.id)]
    found = [org for org in found if _may_read(passage, "orgs", org.id, org.id)]
    if name and not found:
        return OrgNotFound("name", name)
    if id and not found:
        return OrgNotFound("id", id)
    if page.descending:
        found.reverse()
    return Found({"links": {"self": "/api/v2/orgs"}, "orgs": [_org(org) for org in page.of(found)]})


class _Page:
    """``limit``, ``offset`` and ``descending`` of a request. Raises _Refused for values that cannot be used."""

    def __init__(self, passage: Passage) -> None:
        params = passage.params
        self.limit = self._number(params.get("limit"), "limit", _LIMIT)
        if not 1 <= self.limit <= _MAX_LIMIT:
            raise _Refused(ParameterInvalid("limit_range", str(self.limit)))
        self.offset = self._number(params.get("offset"), "offset", 0)
        descending = params.get("descending", "")
        if descending not in _GO_BOOLEANS:
            raise _Refused(ParameterInvalid("descending", descending))
        self.descending = _GO_BOOLEANS[descending]

    @staticmethod
    def _number(text: str | None, which: str, default: int) -> int:
        if not text:
            return default
        sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            raise _Refused(ParameterInvalid(which, text))
        return sign * int(digits)

    def of(self, found: list[_T]) -> list[_T]:
        """Those of what was found that are on this page; a negative offset is the first page."""
        start = max(self.offset, 0)
        return found[start : start + self.limit]

    def links(self, path: str, filters: dict[str, str | None], shown: int) -> dict[str, str]:
        """The links to this page and its neighbours; ``next`` is there whenever the page is full."""

        def link(offset: int) -> str:
            values: dict[str, Any] = {**filters, "descending": str(self.descending).lower(), "limit": self.limit}
            values["offset"] = offset
            pairs = sorted((key, value) for key, value in values.items() if value not in (None, ""))
            return path + "?" + "&".join(f"{key}={_query_escape(str(value))}" for key, value in pairs)

        links = {}
        if self.offset > 0:
            links["prev"] = link(max(self.offset - self.limit, 0))
        links["self"] = link(self.offset)
        if shown >= self.limit:
            links["next"] = link(self.offset + self.limit)
        return links


#: strconv.ParseBool, and an absent value.
_GO_BOOLEANS = {
    "": False, **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}  # fmt: skip


def _query_escape(text: str) -> str:
    """As Go's url.QueryEscape writes it."""
    return quote_plus(text, safe="", errors="surrogateescape")


def _behind(found: list[Bucket], after: str | None) -> list[Bucket]:
    """What comes behind the bucket with that id."""
    ids = [bucket.id for bucket in found]
    return found[ids.index(after) + 1 :] if after in ids else found


def _id(passage: Passage, name: str, kind: str = "id") -> str | None:
    text = passage.params.get(name)
    if not text:
        return None
    id = id_of(text)
    if id is None:
        raise _Refused(ParameterInvalid(f"{kind}_{id_fault(text)}", text))
    return id


def _readable(passage: Passage, bucket: Bucket) -> bool:
    return _may_read(passage, "buckets", bucket.id, bucket.org_id)


def _may_read(passage: Passage, resource: str, id: str, org_id: str) -> bool:
    token = passage.token
    return token is not None and token.status == "active" and allows(token.permissions, "read", resource, id, org_id)


def _bucket(bucket: Bucket) -> dict[str, Any]:
    at = f"/api/v2/buckets/{bucket.id}"
    rule = {
        "type": "expire",
        "everySeconds": bucket.retention // _SECOND,
        "shardGroupDurationSeconds": shard_duration(bucket.retention) // _SECOND,
    }
    value: dict[str, Any] = {"id": bucket.id, "orgID": bucket.org_id, "type": bucket.type}
    if bucket.description:
        value["description"] = bucket.description
    return {
        **value,
        "name": bucket.name,
        "retentionRules": [rule],
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


def _org(org: Org) -> dict[str, Any]:
    at = f"/api/v2/orgs/{org.id}"
    return {
        "links": {
            "buckets": f"/api/v2/buckets?org={org.name}",
            "dashboards": f"/api/v2/dashboards?org={org.name}",
            "labels": f"{at}/labels",
            "logs": f"{at}/logs",
            "members": f"{at}/members",
            "owners": f"{at}/owners",
            "secrets": f"{at}/secrets",
            "self": at,
            "tasks": f"/api/v2/tasks?org={org.name}",
        },
        "id": org.id,
        "name": org.name,
        "description": org.description,
        "createdAt": rfc3339nano(org.created),
        "updatedAt": rfc3339nano(org.updated),
    }
