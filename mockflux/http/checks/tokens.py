"""Who is asking, and what he may do."""

from __future__ import annotations

from mockflux.http import credentials
from mockflux.http.checks.targets import named
from mockflux.http.passage import Passage
from mockflux.outcomes import Outcome, PermissionDenied, TokenMalformed, TokenUnknown
from mockflux.storage.permissions import Permission, allows


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


def permission(passage: Passage) -> Outcome | None:
    """The token may write to the bucket."""
    bucket, granted = passage.bucket, passage.token
    if bucket is None or granted is None:
        return PermissionDenied("write")
    if granted.status == "active" and allows(granted.permissions, "write", bucket.resource, bucket.id, bucket.org_id):
        return None
    return PermissionDenied("write", str(Permission("write", bucket.resource, bucket.id, bucket.org_id or None)))


def permission_by_name(passage: Passage) -> Outcome | None:
    """The token may write to the bucket or database of that name, whether it is there or not: so nobody learns what is
    there that does not concern him."""
    granted, org_id = passage.token, passage.org.id if passage.org else ""
    kind, asked = "buckets" if org_id else "databases", passage.target_name
    # A token can be for the set-up's own database before a write has made it.
    found = named(passage, org_id, asked) or (None if org_id else passage.world.target(asked))
    id, owner = (found.id, found.org_id) if found else (None, org_id)  # a bucket by id can be of another organization
    if granted is not None and granted.status == "active" and allows(granted.permissions, "write", kind, id, owner):
        return None
    return PermissionDenied("write", str(Permission("write", kind, id, owner or None)))
