"""Near misses: what there is instead of what was asked for. For the journal; never part of a reply."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from mockflux.http.passage import Passage
from mockflux.http.routes import SIMULATED
from mockflux.outcomes import (
    BodyTooLarge,
    BucketNotFound,
    MappingNotFound,
    OrgNotFound,
    Outcome,
    PathNotFound,
    TokenMalformed,
    TokenUnknown,
)


def hint(passage: Passage, outcome: Outcome) -> str:
    """A sentence that helps whoever wonders about this outcome; empty where there is nothing to say."""
    catalog = passage.world.catalog
    match outcome:
        case PathNotFound():
            near = get_close_matches(passage.request.path, SIMULATED, n=1, cutoff=0.7)
            return f"near: {near[0]}" if near else ""
        case BucketNotFound() | MappingNotFound():
            return f"buckets: {_names(bucket.name for bucket in catalog.buckets() if bucket.type == 'user')}"
        case OrgNotFound():
            return f"organizations: {_names(org.name for org in catalog.orgs())}"
        case TokenMalformed():
            return f"schemes of the Authorization header here: {', '.join(passage.auth_rules.schemes)}"
        case BodyTooLarge() if not passage.world.settings.limits.body:
            return "the limit is mockflux's own; this edition has none"
        case TokenUnknown():
            return f"the token is none of the {len(catalog.tokens())} that this server has"
    return ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
