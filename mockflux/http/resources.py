"""What the handlers of the resource API share: ids, rights, bodies, and refusing in the middle."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from mockflux.gojson import GoJsonError
from mockflux.http.params import id_fault, id_of
from mockflux.http.passage import Passage
from mockflux.http.structs import Struct, read_struct
from mockflux.outcomes import BucketNotFound, JsonInvalid, OrgNotFound, Outcome, ParameterInvalid, PermissionDenied
from mockflux.storage.catalog import Bucket, Org
from mockflux.storage.permissions import Action, Permission, allows

Handler = Callable[[Passage], Outcome]


class Refused(Exception):
    """The request cannot go on; ``outcome`` says why."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def refusing(handler: Handler) -> Handler:
    """A handler that may raise Refused, as one that returns that outcome."""

    @wraps(handler)
    def answer(passage: Passage) -> Outcome:
        try:
            return handler(passage)
        except Refused as refused:
            return refused.outcome

    return answer


def path_id(passage: Passage, place: int = 0) -> str:
    """The id at that place in the path. Raises Refused for what is none."""
    text = passage.ids[place]
    id = id_of(text)
    if id is None:
        raise Refused(ParameterInvalid(f"id_{id_fault(text)}", text))
    return id


def query_id(passage: Passage, name: str, kind: str = "id") -> str | None:
    """The id that a parameter has, None for none. Raises Refused for what is no id, as ``kind`` of parameter."""
    text = passage.params.get(name)
    if not text:
        return None
    id = id_of(text)
    if id is None:
        raise Refused(ParameterInvalid(f"{kind}_{id_fault(text)}", text))
    return id


def may(passage: Passage, permission: Permission) -> bool:
    """Whether the token has this right."""
    token, asked = passage.token, permission
    if token is None or token.status != "active":
        return False
    # An organization belongs to itself: a right to those of an organization is one to that.
    owner = asked.id if asked.resource == "orgs" else asked.org_id
    return allows(token.permissions, asked.action, asked.resource, asked.id, owner)


def demand(passage: Passage, permission: Permission) -> None:
    """Raise Refused unless the token has this right."""
    if may(passage, permission):
        return
    if permission.action == "read":
        raise Refused(PermissionDenied("read", str(permission)))
    raise Refused(PermissionDenied("write", str(permission)))


def to_read(bucket: Bucket) -> Permission:
    """The right that reading a bucket takes: who sees the organization sees its system buckets (influxdb
    authorizer/bucket.go)."""
    if bucket.type == "system":
        return Permission("read", "orgs", bucket.org_id)
    return Permission("read", "buckets", bucket.id, bucket.org_id)


def bucket_at(passage: Passage, action: Action) -> Bucket:
    """The bucket whose id is the first in the path, once it is clear that the token may do that with it."""
    id = path_id(passage)
    bucket = passage.world.catalog.bucket_by_id(id)
    if bucket is None:
        raise Refused(BucketNotFound("id", id))
    write = Permission("write", "buckets", bucket.id, bucket.org_id)
    demand(passage, to_read(bucket) if action == "read" else write)
    return bucket


def org_at(passage: Passage) -> Org:
    """The organization whose id is in the path, once it is clear that the token may read it."""
    id = path_id(passage)
    demand(passage, Permission("read", "orgs", id))
    org = passage.world.catalog.org(id=id)
    if org is None:
        raise Refused(OrgNotFound("id", id))
    return org


def own_org_id(passage: Passage) -> str:
    """The id of the token's organization."""
    token, org = passage.token, passage.world.org
    return (token.org_id if token else None) or (org.id if org else "")


def read_body(passage: Passage, struct: Struct, kind: Literal["bucket", "bucket_change", "schema"]) -> dict[str, Any]:
    """The body of a request, read as that struct. Raises Refused for what cannot be read, as ``kind`` of JSON."""
    request = passage.request
    passage.body_read = True
    if request.problem is not None:
        raise Refused(JsonInvalid(kind, request.problem))
    try:
        return read_struct(struct, request.body)
    except GoJsonError as error:
        raise Refused(JsonInvalid(kind, str(error))) from None
