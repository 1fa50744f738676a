"""What each check of a gate needs, gives and can say; the same for what answers behind the gate. Data only.

The checks themselves are in :mod:`mockflux.http.checks`, what answers in its neighbours; this table is what a profile
is held against when it is loaded. ``tests/profile/test_steps.py`` holds the table against their code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a request's way. ``says``: the outcomes that can end the way here, as ``outcome`` or
    ``outcome:kind``; ``needs``: what steps before it must have given; ``gives``: what those after it can count on."""

    says: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()


#: The checks that a gate can make.
CHECKS: Mapping[str, Step] = {
    "known_method": Step(("method_not_allowed:unknown",)),
    "cors": Step(("preflight", "method_not_allowed:options")),
    "token": Step(("token_missing", "token_malformed", "token_unknown"), gives=("token",)),
    "method": Step(("path_moved", "options_listed", "method_not_allowed:method")),
    "precision": Step(("precision_invalid",)),
    "target_given": Step(("target_missing",), gives=("name",)),
    "gzip_header": Step(("body_unreadable:not_gzip",)),
    "org": Step(
        ("org_missing", "org_id_invalid:length", "org_id_invalid:digits", "org_not_found:name", "org_not_found:id"),
        gives=("org",),
    ),
    "target": Step(("bucket_not_found:name",), needs=("name", "org"), gives=("bucket",)),
    "mapping": Step(("mapping_not_found",), needs=("name", "token"), gives=("bucket",)),
    "permission": Step(("permission_denied:write",), needs=("token", "bucket")),
    "size": Step(("body_too_large", "body_unreadable:framing"), gives=("body",)),
    "inflate": Step(
        (
            "body_too_large", "body_unreadable:not_gzip", "body_unreadable:truncated", "body_unreadable:corrupt",
            "body_unreadable:checksum", "body_unreadable:trailing",
        ),
        needs=("body",),
        gives=("content",),
    ),
}  # fmt: skip

#: What a step can need, in words.
THINGS: Mapping[str, str] = {
    "token": "the token",
    "name": "the name of the target",
    "org": "the organization",
    "bucket": "the bucket",
    "body": "the whole body",
    "content": "the decoded body",
}

_WRITE = Step(("accepted", "points_rejected"), needs=("bucket", "content"))
#: What answers at each door, once the gate has let a request pass.
BEHIND: Mapping[str, Step] = {
    "v1-write": _WRITE,
    "v2-write": _WRITE,
    "v2-resources": Step(
        (
            "found", "bucket_not_found:name", "bucket_not_found:id", "org_not_found:name", "org_not_found:id",
            "parameter_invalid:limit", "parameter_invalid:limit_range", "parameter_invalid:offset",
            "parameter_invalid:descending", "parameter_invalid:id_length", "parameter_invalid:id_digits",
            "parameter_invalid:after_length", "parameter_invalid:after_digits",
        ),
        needs=("token",),
    ),
    "ping": Step(("pong",)),
    "health": Step(("healthy",)),
    "ready": Step(("ready",)),
}  # fmt: skip
#: What answers where a path leads nowhere, and to ``OPTIONS *``.
NOWHERE = Step(("path_not_found",))
ASTERISK = Step(("options_listed",))

#: The requests that are answered at each door; the method ``*`` stands for any.
REQUESTS: Mapping[str, tuple[str, ...]] = {
    "v1-write": ("POST /write",),
    "v2-write": ("POST /api/v2/write",),
    "v2-resources": ("GET /api/v2/buckets", "GET /api/v2/orgs"),
    "ping": ("GET /ping", "HEAD /ping"),
    "health": ("* /health",),
    "ready": ("* /ready",),
}
#: Below these a path that leads nowhere is the API's (door ``api-other``, or that of the path above it).
API = ("/api/v2", "/private", "/v1")

#: The methods that a router knows.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def in_api(path: str) -> bool:
    """Whether a path lies in the API."""
    return any(path == area or path.startswith(area + "/") for area in API)
