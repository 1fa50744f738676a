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
    "own_options": Step(("preflight",)),
    "whole_body": Step(("body_unreadable:framing",)),
    "options": Step(("preflight",)),
    "token": Step(
        ("token_missing", "token_malformed:form", "token_malformed:not_ascii", "token_unknown"), gives=("token",)
    ),
    "method": Step(("path_moved", "options_listed", "method_not_allowed:method")),
    "exact_method": Step(("path_not_found",)),
    "params": Step(
        ("query_invalid:absent", "query_invalid:missing", "query_invalid:repeated", "query_invalid:flag",
         "precision_invalid"),
    ),
    "precision": Step(("precision_invalid",)),
    "target_given": Step(("target_missing",), gives=("name",)),
    "name": Step(
        ("name_invalid:length", "name_invalid:character", "name_invalid:empty", "name_invalid:too_long",
         "name_invalid:unusable", "name_invalid:start", "name_invalid:policy"),
        gives=("name",),
    ),
    "gzip_header": Step(("body_unreadable:not_gzip",)),
    "org": Step(
        ("org_missing", "org_id_invalid:length", "org_id_invalid:digits", "org_not_found:name", "org_not_found:id"),
        gives=("org",),
    ),
    "own_org": Step((), needs=("token",), gives=("org",)),
    "org_given": Step(("org_missing",)),
    "target": Step(("bucket_not_found:name",), needs=("name", "org"), gives=("bucket",)),
    "mapping": Step(("mapping_not_found",), needs=("name", "token"), gives=("bucket",)),
    "mapping_by_right": Step(
        ("mapping_not_found", "permission_denied:write"), needs=("name", "token"), gives=("bucket",)
    ),
    "mapping_or_new": Step(
        ("mapping_not_found", "permission_denied:write"), needs=("name", "token"), gives=("bucket",)
    ),
    "permission_by_name": Step(("permission_denied:write",), needs=("token", "name")),
    "database": Step(("database_not_found",), needs=("name",), gives=("bucket",)),
    "user": Step(
        ("credentials_invalid:unreadable", "credentials_invalid:nameless", "credentials_invalid:wrong",
         "credentials_invalid:bearer"),
        gives=("user",),
    ),
    "write_right": Step(("write_forbidden:user", "write_forbidden:nobody"), needs=("user", "database")),
    "policy_database": Step(("database_not_found",), needs=("name",), gives=("database",)),
    "policy": Step(("retention_policy_not_found",), needs=("database",), gives=("bucket",)),
    "consistency": Step(("consistency_invalid",)),
    "permission": Step(("permission_denied:write",), needs=("token", "bucket")),
    "encoding": Step(("encoding_unacceptable",)),
    "size": Step(("body_too_large:sent", "body_unreadable:framing"), gives=("body",)),
    "inflate": Step(
        (
            "body_too_large:inflated", "body_unreadable:not_gzip", "body_unreadable:empty", "body_unreadable:truncated",
            "body_unreadable:corrupt", "body_unreadable:checksum", "body_unreadable:trailing",
        ),
        needs=("body",),
        gives=("content",),
    ),
    "utf8": Step(("body_unreadable:not_utf8", "body_unreadable:incomplete_utf8"), needs=("content",)),
    "quota": Step(("too_many_requests",), needs=("content",)),
    "delete_quota": Step(("too_many_requests",)),
    "deletion": Step(
        (
            "delete_invalid:json", "delete_invalid:type", "delete_invalid:trailing", "delete_invalid:start",
            "delete_invalid:start_range", "delete_invalid:stop", "delete_invalid:stop_range",
            "delete_invalid:predicate", "delete_invalid:expression",
        ),
        needs=("body",),
        gives=("deletion",),
    ),
    "whole_points": Step(("delete_invalid:field",), needs=("deletion",)),
    "delete_bucket": Step(
        ("target_missing", "bucket_id_invalid:length", "bucket_id_invalid:digits", "bucket_not_found:name",
         "bucket_not_found:id"),
        needs=("org",),
        gives=("bucket",),
    ),
    "delete_permission": Step(("permission_denied:write",), needs=("token", "org", "bucket")),
    "database_limit": Step(("too_many_databases",), needs=("bucket",)),
}  # fmt: skip

#: What a step can need, in words.
THINGS: Mapping[str, str] = {
    "token": "the token",
    "name": "the name of the target",
    "org": "the organization",
    "bucket": "the bucket",
    "user": "the user",
    "database": "the database",
    "body": "the whole body",
    "content": "the decoded body",
    "deletion": "what to delete",
}

_WRITE = Step(
    (
        "accepted",
        "points_rejected",
        "write_empty",
        "too_many_databases",
        "cardinality_exceeded",
    ),
    needs=("bucket", "content"),
)
#: What answers at each door, once the gate has let a request pass.
BEHIND: Mapping[str, Step] = {
    "v1-write": _WRITE,
    "v2-write": _WRITE,
    "v3-write": _WRITE,
    "v2-delete": Step(("points_deleted", "deletes_unsupported"), needs=("bucket", "deletion")),
    "v2-resources": Step(
        (
            "found", "bucket_not_found:name", "bucket_not_found:id", "org_not_found:name", "org_not_found:id",
            "parameter_invalid:limit", "parameter_invalid:limit_range", "parameter_invalid:offset",
            "parameter_invalid:descending", "parameter_invalid:id_length", "parameter_invalid:id_digits",
            "parameter_invalid:after_length", "parameter_invalid:after_digits", "parameter_invalid:start",
            "parameter_invalid:stop", "parameter_invalid:raw", "created", "deleted", "permission_denied:read",
            "permission_denied:write", "json_invalid:bucket", "json_invalid:bucket_change", "json_invalid:schema",
            "bucket_refused:org_missing", "bucket_refused:several_rules", "bucket_refused:rules_missing",
            "bucket_refused:expiry_negative", "bucket_refused:expiry_short", "bucket_refused:expiry_long",
            "bucket_refused:shards_negative", "bucket_refused:shards_long", "bucket_refused:shards_long_change",
            "bucket_refused:underscore", "bucket_refused:quotes", "bucket_refused:short", "bucket_refused:taken",
            "bucket_refused:not_unique", "bucket_refused:system_renamed", "bucket_refused:system_deleted",
            "bucket_refused:quota", "schema_shown:found", "schema_shown:created", "schema_not_found",
            "schema_refused:implicit", "schema_refused:taken", "schema_refused:name", "schema_refused:columns_missing",
            "schema_refused:column_empty", "schema_refused:column_long", "schema_refused:column_start",
            "schema_refused:column_quotes", "schema_refused:column_unprintable", "schema_refused:time_missing",
            "schema_refused:time_kind", "schema_refused:time_name", "schema_refused:time_typed",
            "schema_refused:tag_typed", "schema_refused:fields_missing", "schema_refused:columns_repeated",
            "schema_refused:columns_deleted", "schema_refused:type_changed", "usage_found",
        ),
        needs=("token",),
    ),
    "v1-query": Step(
        ("query_missing", "query_unreadable:query", "query_unreadable:params", "query_unreadable:value",
         "query_forbidden:no_admin", "query_forbidden:nobody", "query_forbidden:statement",
         "query_forbidden:database", "query_answered", "path_not_found"),
        needs=("user",),
    ),
    "ping": Step(("pong",)),
    "health": Step(("healthy",)),
    "ready": Step(("ready",)),
}  # fmt: skip
#: What answers at the door of deletes, where these are refused.
NO_DELETES = Step(("deletes_unsupported",))
#: What answers where a path leads nowhere, and to ``OPTIONS *``.
NOWHERE = Step(("path_not_found",))
#: What answers at a path that a server knows, and that has no method.
WITHOUT_METHODS = Step(("method_not_allowed:method",))
ASTERISK = Step(("options_listed",))

#: The requests that are answered at each door; the method ``*`` stands for any.
REQUESTS: Mapping[str, tuple[str, ...]] = {
    "v1-write": ("POST /write",),
    "v2-write": ("POST /api/v2/write",),
    "v3-write": ("POST /api/v3/write_lp",),
    "v2-delete": ("POST /api/v2/delete",),
    "v2-resources": (
        "GET /api/v2/buckets", "POST /api/v2/buckets", "GET /api/v2/buckets/{id}", "PATCH /api/v2/buckets/{id}",
        "DELETE /api/v2/buckets/{id}", "GET /api/v2/buckets/{id}/schema/measurements",
        "POST /api/v2/buckets/{id}/schema/measurements", "GET /api/v2/buckets/{id}/schema/measurements/{id}",
        "PATCH /api/v2/buckets/{id}/schema/measurements/{id}", "GET /api/v2/orgs", "GET /api/v2/orgs/{id}/limits",
        "GET /api/v2/orgs/{id}/usage",
    ),
    "v1-query": ("GET /query", "POST /query"),
    "ping": ("GET /ping", "HEAD /ping", "POST /ping", "GET /status", "HEAD /status"),
    "health": ("* /health", "* /api/v1/health"),
    "ready": ("* /ready",),
}  # fmt: skip
#: Below these a path that leads nowhere is the API's (door ``api-other``, or that of the path above it).
API = ("/api/v2", "/private", "/v1")

#: The methods that a router knows.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


def in_api(path: str) -> bool:
    """Whether a path lies in the API."""
    return any(path == area or path.startswith(area + "/") for area in API)
