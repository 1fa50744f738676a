"""Deletes: what is to go, from which bucket, and whether the token may do that (influxdb http/delete_handler.go)."""

from __future__ import annotations

from mockflux import gojson
from mockflux.clock import EARLIEST, LATEST
from mockflux.http.gotime import read_rfc3339nano
from mockflux.http.params import id_fault, id_of
from mockflux.http.passage import Deletion, Passage
from mockflux.http.structs import Struct, Text, read_value
from mockflux.outcomes import (
    BucketIdInvalid,
    BucketNotFound,
    DeleteInvalid,
    Outcome,
    PermissionDenied,
    TargetMissing,
)
from mockflux.storage.permissions import Permission, allows
from mockflux.storage.predicates import PredicateError, parse

_BODY = Struct("http", "deleteRequestDecode", {"start": Text(), "stop": Text(), "predicate": Text()})


def deletion(passage: Passage) -> Outcome | None:
    """The body says in JSON what to delete."""
    body = passage.request.body
    try:
        value = gojson.decode(body)
    except gojson.GoJsonError as error:
        return DeleteInvalid("json", str(error))
    try:
        given = read_value(_BODY, value)
    except gojson.GoJsonError as error:
        return DeleteInvalid("type", str(error))
    start = read_rfc3339nano(given.get("start", ""))
    if start is None:
        return DeleteInvalid("start")
    if not EARLIEST <= start <= LATEST:
        return DeleteInvalid("start_range")
    stop = read_rfc3339nano(given.get("stop", ""))
    if stop is None:
        return DeleteInvalid("stop")
    if not EARLIEST <= stop <= LATEST:
        return DeleteInvalid("stop_range")
    try:
        predicate = parse(given.get("predicate", ""))
    except PredicateError as error:
        # What stands behind the object is seen between the two readings.
        if not error.second:
            return DeleteInvalid("predicate", str(error))
        return _trailing(body) or DeleteInvalid("expression", str(error))
    passage.deletion = Deletion(start, stop, predicate)
    return _trailing(body)


def _trailing(body: bytes) -> Outcome | None:
    try:
        gojson.only(body)
    except gojson.GoJsonError as error:
        return DeleteInvalid("trailing", str(error))
    return None


def whole_points(passage: Passage) -> Outcome | None:
    """The predicate asks for no field: points are deleted whole. ``!=`` is let through, and fits nothing."""
    asked = passage.deletion.predicate.fields if passage.deletion else ()
    return DeleteInvalid("field") if any(comparison.equal for comparison in asked) else None


def delete_bucket(passage: Passage) -> Outcome | None:
    """The bucket exists: by ``bucketID``, or by ``bucket``, which is an id if it looks like one, else a name."""
    params, catalog = passage.params, passage.world.catalog
    by_id, asked = params.get("bucketID"), params.get(passage.param_rules.target)
    if by_id:
        id = id_of(by_id)
        if id is None:
            return BucketIdInvalid(id_fault(by_id), by_id)
    elif asked:
        id = id_of(asked)
    else:
        return TargetMissing()
    if id is not None:
        passage.bucket = catalog.bucket_by_id(id)
        return None if passage.bucket else BucketNotFound("id", id)
    passage.bucket = catalog.bucket_named(passage.org.id if passage.org else "", asked or "")
    return None if passage.bucket else BucketNotFound("name", asked or "")


def delete_permission(passage: Passage) -> Outcome | None:
    """The token may write to the bucket, which counts as one of the organization that the request names."""
    bucket, granted, org_id = passage.bucket, passage.token, passage.org.id if passage.org else ""
    if bucket is None or granted is None:
        return PermissionDenied("write")
    if granted.status == "active" and allows(granted.permissions, "write", "buckets", bucket.id, org_id):
        return None
    return PermissionDenied("write", str(Permission("write", "buckets", bucket.id, org_id or None)))
