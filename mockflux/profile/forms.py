"""Every section of a profile file and what it takes. The reference for authors is ``docs/profiles.md``."""

from __future__ import annotations

from mockflux.profile.schema import (
    Anything,
    Either,
    Flag,
    Form,
    ListOf,
    Number,
    OneOf,
    Table,
    TableOf,
    Text,
)
from mockflux.reply import JSON_STYLES

#: The API families through which a request can come, and what unknown paths, the HTTP
#: layer below the router and a proxy in front count as.
DOORS = (
    "v1-write", "v2-write", "v2-resources", "ping", "health", "ready", "api-other", "other", "http", "proxy",
)  # fmt: skip

#: The checks that a gate can make, each implemented once in :mod:`mockflux.http.checks`.
CHECKS = (
    "known_method", "cors", "token", "method", "precision", "target_given", "gzip_header", "org", "target", "mapping",
    "permission", "size", "inflate",
)  # fmt: skip

#: Facts that the wording of every reason may use beside its own.
REASON_FACTS = frozenset(("line_text", "line"))

REPORT: Form = Either(OneOf("first", "all"), Number())

_AUTH: dict[str, Form] = {
    "schemes": ListOf(Text()),
    "scheme_case": OneOf("any", "exact"),
    "user_in_token": Flag(),
    "query": Flag(),
    "basic": Flag(),
}
_PARAMS: dict[str, Form] = {
    "style": OneOf("go"),
    "target": Text(),
    "retention_policy": Text(),
    "org": ListOf(Text()),
    "precisions": TableOf(Number()),
    "unknown_precision": OneOf("refuse", "ns"),
    "cut_default": TableOf(Number()),
}
_WRITE: dict[str, Form] = {
    "grammar": OneOf("go"),
    "order": OneOf("phase", "line"),
    "malformed": OneOf("reject_batch", "keep_good"),
    "unfit": OneOf("reject_batch", "keep_good"),
    "report": Table({"malformed": REPORT, "unfit": REPORT}),
    "decided_by": ListOf(Text()),
    "reserved_fields": ListOf(Text()),
    "string_limit": Number(),
}
_HEADERS: dict[str, Form] = {
    "order": OneOf("go", "nginx"),
    "chunk_above": Number(),
    "close": Text(),
    "close_before": ListOf(Text()),
    "always": TableOf(Text()),
}


def _by_door(form: dict[str, Form]) -> dict[str, Form]:
    return {**form, "at": TableOf(Table(form), keys=DOORS)}


CLAUSE = Table(
    {
        "status": Number(),
        "code": Text(),
        "phrase": Text(),
        "envelope": Text(),
        "message": Text(),
        "body": Text(),
        "each": Text(),
        "join": Text(),
        "headers": TableOf(Text()),
        "by": OneOf("request", "fault"),
        "like": Text(),
        "example": TableOf(Anything()),
    }
)
ENVELOPE = Table(
    {
        "type": Text(),
        "json": OneOf(*JSON_STYLES),
        "headers": TableOf(Text()),
        "body": Text(),
        "plain": Flag(),
    }
)
REASON = Table({"text": Text()}, required=("text",), whole=True)
EVIDENCE = Either(Text(), Table({"status": Text(), "body": Text()}, required=("status", "body"), whole=True))
SWITCH = Table(
    {
        "default": Anything(),
        "why": Text(),
        "sets": Text(),
        "values": TableOf(Anything()),
    },
    required=("default", "why"),
)

SECTIONS: dict[str, Form] = {
    "edition": Table(
        {
            "id": Text(),
            "title": Text(),
            "version": Text(),
            "extends": Text(),
            "abstract": Flag(),
            "standing": OneOf("documented", "released"),
            "doors": ListOf(OneOf(*DOORS)),
            "absent": ListOf(Text()),
        },
        required=("id", "title", "version", "standing", "doors"),
    ),
    "setup": Table(
        {
            "org": Text(),
            "bucket": Text(),
            "user": Text(),
            "password": Text(),
            "token": Text(),
            "read_token": Text(),
            "system_buckets": Flag(),
            "token_expiry": Flag(),
            "without_auth": Flag(),
            "before_setup": Flag(),
        },
        required=(
            "org",
            "bucket",
            "user",
            "password",
            "token",
            "read_token",
            "system_buckets",
            "token_expiry",
            "without_auth",
            "before_setup",
        ),
    ),
    "auth": Table(_by_door(_AUTH), required=("schemes", "scheme_case")),
    "params": Table(_by_door(_PARAMS), required=("style", "target", "org", "precisions", "unknown_precision")),
    "gate": Table(
        {
            "first": ListOf(OneOf(*CHECKS)),
            "doors": TableOf(ListOf(OneOf(*CHECKS)), keys=DOORS),
            "area": TableOf(Table({"before_door": ListOf(OneOf(*CHECKS)), "open": ListOf(Text())})),
        },
        required=("doors",),
    ),
    "limits": Table({"head": Number(), "body": Number()}, required=("head", "body")),
    "routes": Table(
        {"methods": TableOf(Text()), "slash": TableOf(OneOf("same", "moved"), keys=DOORS)}, required=("methods",)
    ),
    "write": Table(
        _by_door(_WRITE),
        required=("grammar", "order", "malformed", "unfit", "report", "decided_by", "reserved_fields", "string_limit"),
    ),
    "storage": Table(
        {
            "type_scope": OneOf("series", "partition", "shard", "table"),
            "late_points": OneOf("reject", "drop", "store"),
            "creates_target": OneOf("never"),
            "leaves": OneOf("nothing", "types"),
        },
        required=("type_scope", "late_points"),
    ),
    "headers": Table(_by_door(_HEADERS), required=("order", "chunk_above", "close", "always")),
    "faults": Table({"doors": ListOf(OneOf(*DOORS)), "prefer": ListOf(Text())}, required=("doors", "prefer")),
    "clients": TableOf(
        Table(
            {"module": Text(), "constructor": Text(), "arguments": TableOf(Anything()), "tls": TableOf(Anything())},
            required=("module", "constructor", "arguments"),
        )
    ),
    "env": Table({"always": TableOf(Text()), "tls": TableOf(Text())}, required=("always", "tls")),
    "phrases": TableOf(Text()),
    "codes": TableOf(Number()),
    "defaults": Table({"envelope": Text(), "by": OneOf("request", "fault")}, required=("envelope", "by")),
    "types": Table(
        {name: Text() for name in ("float", "integer", "unsigned", "string", "boolean", "tag", "timestamp")},
        required=("float", "integer", "unsigned", "string", "boolean"),
    ),
    "envelope": TableOf(ENVELOPE),
    "reason": TableOf(REASON),
    "clause": TableOf(CLAUSE),
    "switches": TableOf(SWITCH),
    "evidence": TableOf(EVIDENCE),
}

#: Sections whose entries stand for themselves: one of a child replaces its parent's whole.
WHOLE = frozenset(("clause", "reason", "envelope", "evidence"))
#: Sections that a finished profile can do without.
OPTIONAL = frozenset(("switches",))
#: Sections of plain settings, which need evidence; ``edition`` and ``setup`` say nothing about behaviour on the wire.
SETTINGS = ("auth", "params", "gate", "limits", "routes", "write", "storage", "headers", "types", "phrases", "codes")
