"""The checks that a gate can make. Each looks at a passage, fills in what it learns, and returns an outcome to refuse.

Which checks a door makes, and in which order, is the profile's (``[gate]``); each is written once, here.
"""

from __future__ import annotations

from collections.abc import Callable

from mockflux.http import credentials
from mockflux.http.params import id_fault, id_of
from mockflux.http.passage import Passage
from mockflux.outcomes import (
    BodyTooLarge,
    BodyUnreadable,
    BucketNotFound,
    MappingNotFound,
    MethodNotAllowed,
    OptionsListed,
    OrgIdInvalid,
    OrgMissing,
    OrgNotFound,
    Outcome,
    PathMoved,
    PermissionDenied,
    PrecisionInvalid,
    Preflight,
    TargetMissing,
    TokenUnknown,
)
from mockflux.profile.steps import METHODS
from mockflux.storage.catalog import Org
from mockflux.storage.permissions import Permission, allows
from mockflux.world import MAX_BODY
from mockflux.writing import decode

Check = Callable[[Passage], Outcome | None]

#: The methods that a router knows; any other is refused before a path is looked at (go-chi/chi).
HTTP_METHODS = frozenset(METHODS)


def known_method(passage: Passage) -> Outcome | None:
    """The method is one of HTTP's."""
    return None if passage.request.method in HTTP_METHODS else MethodNotAllowed("unknown")


def cors(passage: Passage) -> Outcome | None:
    """OPTIONS is answered here: with an Origin it is a preflight, without one it is refused."""
    if passage.request.method != "OPTIONS":
        return None
    return Preflight() if passage.request.header("origin") else MethodNotAllowed("options")


def token(passage: Passage) -> Outcome | None:
    """The request brings a token that is somebody's and has not expired."""
    world = passage.world
    if not world.auth:
        passage.token = world.token
        return None
    value = credentials.read(passage.request, passage.auth_rules, passage.params)
    if isinstance(value, Outcome):
        return value
    found = world.catalog.token(value)
    if found is None or (found.expires is not None and world.clock.now() >= found.expires):
        return TokenUnknown()
    passage.token = found
    return None


def method(passage: Passage) -> Outcome | None:
    """A real server has this method here, and the path has no slash too many."""
    place, asked = passage.place, passage.request.method
    if place.slash:
        query = passage.request.query
        return PathMoved(passage.request.path.rstrip("/") + (f"?{query}" if query else ""))
    methods = place.methods or ()
    if "*" in methods or asked in methods:
        return None
    return OptionsListed(place.allow) if asked == "OPTIONS" else MethodNotAllowed("method", place.allow)


def precision(passage: Passage) -> Outcome | None:
    """The precision is one that this door knows."""
    rules, asked = passage.param_rules, passage.params.get("precision", "")
    if asked and asked not in rules.precisions and rules.refuse_unknown:
        return PrecisionInvalid(asked, ", ".join(rules.precisions))
    return None


def target_given(passage: Passage) -> Outcome | None:
    """The request says where to write."""
    return None if passage.params.get(passage.param_rules.target) else TargetMissing()


def gzip_header(passage: Passage) -> Outcome | None:
    """A body that is declared as gzip begins like one."""
    if not _gzipped(passage) or passage.request.problem is not None:
        return None
    passage.body_read = True
    return None if decode.has_gzip_header(passage.request.body) else BodyUnreadable("not_gzip")


def org(passage: Passage) -> Outcome | None:
    """The organization is named, by id or by name, and exists."""
    for name in passage.param_rules.org:
        asked = passage.params.get(name)
        if asked:
            found = find_org(passage, asked, only_id=name.endswith("ID"))
            if isinstance(found, Outcome):
                return found
            passage.org = found
            return None
    return OrgMissing()


def find_org(passage: Passage, asked: str, *, only_id: bool) -> Org | Outcome:
    """The organization of that id or name, or the outcome that says why there is none. A name that spells an id is
    taken for one; blanks around a name do not count (influxdb http/requests.go)."""
    catalog, id = passage.world.catalog, id_of(asked)
    if id is not None:
        return catalog.org(id=id) or OrgNotFound("id", asked)
    if only_id:
        return OrgIdInvalid(id_fault(asked), asked)
    return catalog.org(name=asked.strip()) or OrgNotFound("name", asked)


def target(passage: Passage) -> Outcome | None:
    """The bucket exists: by id, of whichever organization, or by name in this one."""
    catalog, asked = passage.world.catalog, passage.params[passage.param_rules.target]
    id = id_of(asked)
    bucket = catalog.bucket_by_id(id) if id else None
    if bucket is None and passage.org is not None:
        bucket = catalog.bucket_named(passage.org.id, asked)
    if bucket is None:
        return BucketNotFound("name", asked)
    passage.bucket = bucket
    return None


def mapping(passage: Passage) -> Outcome | None:
    """Database and retention policy stand for a bucket that the token may at least see."""
    rules, granted = passage.param_rules, passage.token
    database, policy = passage.params.get(rules.target, ""), passage.params.get(rules.retention_policy, "")
    if granted is not None and granted.org_id is not None:
        bucket = passage.world.catalog.mapping(granted.org_id, database, policy)
        if bucket is not None and any(
            allows(granted.permissions, action, "buckets", bucket.id, bucket.org_id) for action in ("read", "write")
        ):
            passage.bucket = bucket
            return None
    return MappingNotFound(database, policy)


def permission(passage: Passage) -> Outcome | None:
    """The token may write to the bucket."""
    bucket, granted = passage.bucket, passage.token
    if bucket is None or granted is None:
        return PermissionDenied("write")
    if granted.status == "active" and allows(granted.permissions, "write", "buckets", bucket.id, bucket.org_id):
        return None
    return PermissionDenied("write", str(Permission("write", "buckets", bucket.id, bucket.org_id)))


def size(passage: Passage) -> Outcome | None:
    """The body came whole, and is not longer than the limit as it was sent."""
    request, limit = passage.request, _limit(passage)
    passage.body_read = True
    if request.problem == "too_large" or (not _gzipped(passage) and request.length > limit):
        return BodyTooLarge(limit)
    return None if request.problem is None else BodyUnreadable("framing", request.problem)


def inflate(passage: Passage) -> Outcome | None:
    """The body can be decoded, and is not longer than the limit then."""
    if not _gzipped(passage):
        passage.content = passage.request.body
        return None
    limit = _limit(passage)
    try:
        passage.content = decode.inflate(passage.request.body, limit)
    except decode.DecodeError as error:
        return BodyUnreadable(error.kind, offset=error.offset)
    except decode.TooLarge:
        return BodyTooLarge(limit)
    return None


def _gzipped(passage: Passage) -> bool:
    return passage.request.header("content-encoding") in decode.GZIP


def _limit(passage: Passage) -> int:
    return passage.world.settings.limits.body or MAX_BODY


#: By the names that a profile uses.
ALL: dict[str, Check] = {
    check.__name__: check
    for check in (
        known_method, cors, token, method, precision, target_given, gzip_header, org, target, mapping, permission,
        size, inflate,
    )
}  # fmt: skip
