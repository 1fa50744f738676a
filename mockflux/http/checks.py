"""The checks that a gate can make. Each looks at a passage, fills in what it learns, and returns an outcome to refuse.

Which checks a door makes, and in which order, is the profile's (``[gate]``); each is written once, here.
"""

from __future__ import annotations

from collections.abc import Callable

from mockflux.http import credentials
from mockflux.http.params import id_fault, id_of, serde_fault
from mockflux.http.passage import Passage
from mockflux.outcomes import (
    BodyTooLarge,
    BodyUnreadable,
    BucketNotFound,
    DatabaseNotFound,
    EncodingUnacceptable,
    MappingNotFound,
    MethodNotAllowed,
    NameInvalid,
    OptionsListed,
    OrgIdInvalid,
    OrgMissing,
    OrgNotFound,
    Outcome,
    PathMoved,
    PathNotFound,
    PermissionDenied,
    PrecisionInvalid,
    Preflight,
    TargetMissing,
    TokenMalformed,
    TokenUnknown,
    TooManyDatabases,
    TooManyRequests,
)
from mockflux.profile.steps import METHODS
from mockflux.storage import names
from mockflux.storage.catalog import Bucket, Org
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


def whole_body(passage: Passage) -> Outcome | None:
    """The body came whole. Where this is asked first, the body is read before anything is looked at."""
    problem, passage.body_read = passage.request.problem, True
    return None if problem in (None, "too_large") else BodyUnreadable("framing", problem or "")


def options(passage: Passage) -> Outcome | None:
    """OPTIONS is granted, whatever the path."""
    return Preflight() if passage.request.method == "OPTIONS" else None


def token(passage: Passage) -> Outcome | None:
    """The request brings a token that is somebody's and has not expired; without authentication whatever it brings
    will do, as long as it has a form that the edition reads."""
    world = passage.world
    value = credentials.read(passage.request, passage.auth_rules, passage.params)
    if not world.auth:
        passage.token = world.token
        return value if isinstance(value, TokenMalformed) else None
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


def exact_method(passage: Passage) -> Outcome | None:
    """A real server has this path with this method; another method of it is a path that nobody knows."""
    methods = passage.place.methods or ()
    return None if passage.request.method in methods or "*" in methods else PathNotFound()


def params(passage: Passage) -> Outcome | None:
    """The query string can be read as the parameters of this door, by serde."""
    return serde_fault(passage.request.target, passage.param_rules)


def precision(passage: Passage) -> Outcome | None:
    """The precision is one that this door knows."""
    rules, asked = passage.param_rules, passage.params.get("precision", "")
    if asked and asked not in rules.precisions and rules.refuse_unknown:
        return PrecisionInvalid(asked, ", ".join(rules.precisions))
    return None


def target_given(passage: Passage) -> Outcome | None:
    """The request says where to write."""
    return None if passage.params.get(passage.param_rules.target) else TargetMissing()


def name(passage: Passage) -> Outcome | None:
    """The target's name follows the rules of names."""
    target = passage.target_name
    for rule in passage.param_rules.name_rules:
        fault = names.RULES[rule](target)
        if fault is not None:
            which, position = fault
            return NameInvalid(which, target, position)
    return None


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


def org_given(passage: Passage) -> Outcome | None:
    """The organization is named, whichever it is."""
    return None if any(passage.params.get(name) for name in passage.param_rules.org) else OrgMissing()


def own_org(passage: Passage) -> Outcome | None:
    """The organization is the token's."""
    granted = passage.token
    passage.org = passage.world.catalog.org(id=granted.org_id) if granted and granted.org_id else passage.world.org
    return None


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
    asked = passage.params[passage.param_rules.target]
    bucket = _named(passage, passage.org.id, asked) if passage.org is not None else None
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
    return MappingNotFound(database, policy or rules.default_policy)


def mapping_by_right(passage: Passage) -> Outcome | None:
    """Database and retention policy stand for a bucket. That they do not is told to a token that may make buckets: so
    nobody learns what is there that does not concern him."""
    missing, granted = mapping(passage), passage.token
    org_id = (granted.org_id if granted else None) or ""
    if missing is None or granted is None or allows(granted.permissions, "write", "buckets", None, org_id):
        return missing
    return PermissionDenied("write", str(Permission("write", "buckets", org_id=org_id)))


def mapping_or_new(passage: Passage) -> Outcome | None:
    """Database and retention policy stand for a bucket, or the write will make one, if the token may make buckets."""
    missing, granted = mapping_by_right(passage), passage.token
    if not isinstance(missing, MappingNotFound) or granted is None:
        return missing
    database, policy, org_id = missing.database, missing.retention_policy, granted.org_id or ""
    retention = passage.write_rules.new_retention * 10**9
    passage.bucket = passage.world.catalog.expect(org_id, f"{database}/{policy}", retention)
    passage.new_mapping = database, policy
    return None


def permission_by_name(passage: Passage) -> Outcome | None:
    """The token may write to the bucket or database of that name, whether it is there or not: so nobody learns what is
    there that does not concern him."""
    granted, org_id = passage.token, passage.org.id if passage.org else ""
    kind, asked = "buckets" if org_id else "databases", passage.target_name
    # A token can be for the set-up's own database before a write has made it.
    found = _named(passage, org_id, asked) or (None if org_id else passage.world.target(asked))
    id, owner = (found.id, found.org_id) if found else (None, org_id)  # a bucket by id can be of another organization
    if granted is not None and granted.status == "active" and allows(granted.permissions, "write", kind, id, owner):
        return None
    return PermissionDenied("write", str(Permission("write", kind, id, owner or None)))


def _named(passage: Passage, org_id: str, asked: str) -> Bucket | None:
    """The bucket with that id, of whichever organization, or of that name in this one."""
    catalog, id = passage.world.catalog, id_of(asked)
    by_id = catalog.bucket_by_id(id) if id and org_id else None
    return by_id or catalog.bucket_named(org_id, asked)


def database(passage: Passage) -> Outcome | None:
    """The database exists, or the write may make it."""
    catalog, asked, rules = passage.world.catalog, passage.target_name, passage.write_rules
    found = catalog.database(asked)
    if found is None and rules.creates_target != "never":
        found = catalog.expect("", asked, rules.new_retention * 10**9)
    if found is None:
        return DatabaseNotFound(asked)
    passage.bucket = found
    return None


def database_limit(passage: Passage) -> Outcome | None:
    """The write makes no database too many."""
    catalog, limit, bucket = passage.world.catalog, passage.world.settings.limits.databases, passage.bucket
    if bucket is None or not limit or catalog.database(bucket.name) is not None:
        return None
    passage.most_databases = limit  # other writes may come first
    return TooManyDatabases(limit) if len(catalog.buckets("")) >= limit else None


def permission(passage: Passage) -> Outcome | None:
    """The token may write to the bucket."""
    bucket, granted = passage.bucket, passage.token
    if bucket is None or granted is None:
        return PermissionDenied("write")
    if granted.status == "active" and allows(granted.permissions, "write", bucket.resource, bucket.id, bucket.org_id):
        return None
    return PermissionDenied("write", str(Permission("write", bucket.resource, bucket.id, bucket.org_id or None)))


def size(passage: Passage) -> Outcome | None:
    """The body came whole, and is not longer than the limit as it was sent."""
    request, limit, limits = passage.request, _limit(passage), passage.world.settings.limits
    sent = limits.body if limits.body_as_sent else limits.sent
    passage.body_read = True
    if sent and request.length > sent:
        return BodyTooLarge(sent, "sent")
    if request.problem == "too_large" or (not _gzipped(passage) and request.length > limit):
        return BodyTooLarge(limit, "sent")
    return None if request.problem is None else BodyUnreadable("framing", request.problem)


def inflate(passage: Passage) -> Outcome | None:
    """The body can be decoded, and is not longer than the limit then."""
    if not _gzipped(passage):
        passage.content = passage.request.body
        return None
    limit = _limit(passage)
    try:
        passage.content = decode.inflate(passage.request.body, limit, passage.write_rules.gzip)
    except decode.DecodeError as error:
        return BodyUnreadable(error.kind, offset=error.offset)
    except decode.TooLarge:
        return BodyTooLarge(limit, "inflated")
    return None


def encoding(passage: Passage) -> Outcome | None:
    """The body comes in an encoding that is read: gzip, identity, or none."""
    value = passage.request.header("content-encoding")
    return None if value in (None, "identity", "gzip") else EncodingUnacceptable(value or "")


def utf8(passage: Passage) -> Outcome | None:
    """The body is UTF-8."""
    fault = decode.utf8_fault(passage.content)
    if fault is None:
        return None
    which, offset, count = fault
    return BodyUnreadable(which, offset=offset, count=count)


def quota(passage: Passage) -> Outcome | None:
    """The write fits in the quota of its window, and is counted then."""
    world, size, granted = passage.world, len(passage.content), passage.token
    wait = world.quota.take(world.clock.now(), size)
    return None if wait is None else TooManyRequests(wait, (granted.org_id if granted else None) or "")


def _gzipped(passage: Passage) -> bool:
    return passage.request.header("content-encoding") in decode.GZIP


def _limit(passage: Passage) -> int:
    return passage.world.settings.limits.body or MAX_BODY


#: By the names that a profile uses.
ALL: dict[str, Check] = {
    check.__name__: check
    for check in (
        known_method, whole_body, options, cors, token, method, exact_method, params, precision, target_given, name,
        gzip_header, org, org_given, own_org, target, mapping, mapping_by_right, mapping_or_new, permission,
        permission_by_name, database, database_limit, encoding, size, inflate, utf8, quota,
    )
}  # fmt: skip
