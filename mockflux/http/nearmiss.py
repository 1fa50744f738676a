"""Near misses: what there is instead of what was asked for. For the journal; never part of a reply."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from mockflux.http.passage import Passage
from mockflux.http.routes import SIMULATED
from mockflux.outcomes import (
    BodyTooLarge,
    BucketNotFound,
    DatabaseNotFound,
    MappingNotFound,
    MethodNotAllowed,
    OrgNotFound,
    Outcome,
    PathNotFound,
    PermissionDenied,
    TokenMalformed,
    TokenUnknown,
)
from mockflux.profile import Profile


def hint(passage: Passage, outcome: Outcome) -> str:
    """A sentence that helps whoever wonders about this outcome; empty where there is nothing to say."""
    catalog, limits = passage.world.catalog, passage.world.settings.limits
    match outcome:
        case PathNotFound():
            near = get_close_matches(passage.request.path, _paths(passage.world.profile), n=1, cutoff=0.7)
            return f"near: {near[0]}" if near else ""
        case MethodNotAllowed() if not passage.place.methods:
            near = get_close_matches(passage.request.path, _paths(passage.world.profile), n=1, cutoff=0.5)
            return f"this edition has no {passage.request.path}; near: {near[0]}" if near else ""
        case DatabaseNotFound():
            return f"databases: {_names(bucket.name for bucket in catalog.buckets(''))}"
        case PermissionDenied(permission=permission) if permission:
            return f"the token lacks {permission}"
        case BucketNotFound() | MappingNotFound():
            return f"buckets: {_names(bucket.name for bucket in catalog.buckets() if bucket.type == 'user')}"
        case OrgNotFound():
            return f"organizations: {_names(org.name for org in catalog.orgs())}"
        case TokenMalformed():
            return f"schemes of the Authorization header here: {', '.join(passage.auth_rules.schemes)}"
        case BodyTooLarge(limit=limit) if limit not in (limits.sent, limits.inflated):
            return "the limit is mockflux's own; this edition has none"
        case TokenUnknown():
            return f"the token is none of the {len(catalog.tokens())} that this server has"
    return ""


def _paths(profile: Profile) -> list[str]:
    """The paths that are simulated in an edition."""
    methods = profile.settings.methods
    return [path for path, route in SIMULATED.items() if route.door in profile.doors and methods.get(path)]


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
