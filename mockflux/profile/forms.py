"""Every section of a profile file and what it takes. The reference for authors is ``docs/profiles.md``."""

from __future__ import annotations

from mockflux.outcomes import Outcome
from mockflux.profile.capturing import Capturing
from mockflux.profile.schema import (
    Anything,
    Either,
    Expression,
    Flag,
    Form,
    ListOf,
    Matching,
    Number,
    OneOf,
    Seconds,
    Table,
    TableOf,
    Text,
)
from mockflux.profile.steps import CHECKS, METHODS, REQUESTS
from mockflux.reasons import Reason
from mockflux.reply import JSON_STYLES
from mockflux.storage.names import RULES as NAME_RULES
from mockflux.writing.rules import COLUMN_OBJECTIONS, OBJECTIONS, PRESETS

#: The API families through which a request can come, and what unknown paths, the HTTP
#: layer below the router and a proxy in front count as.
DOORS = (
    "v1-write", "v2-write", "v3-write", "v1-query", "v2-delete", "v2-resources", "ping", "health", "ready", "api-other",
    "other", "http", "proxy",
)  # fmt: skip

#: The types that a field can have.
FIELD_TYPES = ("float", "integer", "unsigned", "string", "boolean")

# What goes out in the head of a reply cannot hold what would end a line, or the head.
_PRINTED = r"[^\x00-\x08\x0a-\x1f\x7f]"
LINE = Matching(f"{_PRINTED}*", "one line of text without control characters")
WORDS = Matching(f"{_PRINTED}+", "one line of text without control characters, not empty")
#: A token of HTTP (RFC 9110, 5.6.2).
TOKEN = Matching(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", "a token of HTTP: letters, digits and !#$%&'*+-.^_`|~")
CREDENTIAL = Matching(r"[!-~]+", "visible ASCII characters without blanks")
NO_CREDENTIAL = Matching(r"[!-~]*", "visible ASCII characters without blanks, or nothing for none")
STATUS = Number(200, 599)
PATH = Matching(r"/|(/(\{id\}|[^\x00-\x20\x7f/{}?#]+))+", "a path such as /api/v2/buckets/{id}")
PREFIX = Matching(r"/|(/[^\x00-\x20\x7f/{}?#]+)+", "the beginning of a path, such as /api/v2, or / for every path")
_METHOD = "|".join(METHODS)
METHOD_WORDS = Matching(
    rf"|\*|({_METHOD})( ({_METHOD}))*",
    f"* or methods, a blank between them ({' '.join(METHODS)}), or nothing: a path that has none of them",
)
REQUEST = Matching(rf"({_METHOD}) /[^\x00-\x20\x7f?#]*", "a method and a path, such as GET /api/v2/setup")
VARIABLE = Matching(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")
OPTION = Matching(r"[a-z_][a-z0-9_]*", "lower case letters, digits and _")

REPORT: Form = Either(OneOf("first", "all"), Number(1))

_AUTH: dict[str, Form] = {
    "schemes": ListOf(TOKEN),
    "scheme_case": OneOf("any", "exact"),
    "user_in_token": Flag(),
    "query": Flag(),
    "query_alone": Flag(),
    "header_first": Flag(),
    "basic": Flag(),
    "basic_style": OneOf("go", "iox"),
    "strict": Flag(),
}
_PARAMS: dict[str, Form] = {
    "style": OneOf("go", "serde"),
    "target": WORDS,
    "retention_policy": LINE,
    "default_policy": LINE,
    "org": ListOf(WORDS),
    "precisions": TableOf(Number(), key=WORDS),
    "default_precision": WORDS,
    "unknown_precision": OneOf("refuse", "ns"),
    "required": ListOf(WORDS, unique=True),
    "flags": ListOf(WORDS, unique=True),
    "name_rules": ListOf(OneOf(*NAME_RULES), unique=True),
    "cut_default": TableOf(Number(1), key=WORDS),
}
_WRITE: dict[str, Form] = {
    "preset": OneOf(*PRESETS),
    "grammar": OneOf("go", "go1", "iox"),
    "order": OneOf("phase", "line", "shard"),
    "malformed": OneOf("reject_batch", "keep_good"),
    "unfit": OneOf("reject_batch", "keep_good"),
    "report": Table({"malformed": REPORT, "unfit": REPORT, "together": REPORT}, required=("malformed", "unfit")),
    "decided_by": ListOf(OneOf(*Reason.CATALOGUE)),
    "decided_last": ListOf(OneOf(*Reason.CATALOGUE), unique=True),
    "objections": ListOf(OneOf(*OBJECTIONS), unique=True),
    "column_objections": ListOf(OneOf(*COLUMN_OBJECTIONS), unique=True),
    "reserved_fields": ListOf(Text()),
    "reserved_tags": ListOf(Text()),
    "reserved_beside": OneOf("refuse", "drop"),
    "string_limit": Number(),
    "spoils": ListOf(OneOf(*Reason.CATALOGUE), unique=True),
    "unit": OneOf("line", "field"),
    "queued": ListOf(OneOf(*Reason.CATALOGUE), unique=True),
    "line_numbering": OneOf("physical", "parser"),
    "quotes": OneOf("as_sent", "rendered_or_nth"),
    "empty": OneOf("accept", "refuse"),
    "creates_target": OneOf("never", "on_write", "on_commit"),
    "new_retention": Number(),
    "gzip": OneOf("go", "httpd", "flate2"),
}
#: What one request's own parameter changes: ``when."accept_partial=false"``.
_WHEN = TableOf(Table(_WRITE), key=Matching("[a-z_]+=.*", "a parameter and its value, such as accept_partial=false"))
#: Headers by name; an empty value takes one away.
HEADERS = TableOf(LINE, key=TOKEN)
_HEADERS: dict[str, Form] = {
    "order": OneOf("go", "hyper", "nginx"),
    "chunk_above": Number(),
    "close": TOKEN,
    "close_before": ListOf(TOKEN),
    "always": HEADERS,
    "with_origin": HEADERS,
}


def _by_door(form: dict[str, Form]) -> dict[str, Form]:
    return {**form, "at": TableOf(Table(form), keys=DOORS)}


CLAUSE = Table(
    {
        "status": STATUS,
        "code": Text(),
        "phrase": WORDS,
        "envelope": Text(),
        "message": Text(),
        "body": Text(),
        "each": Text(),
        "join": Text(),
        "headers": HEADERS,
        "chunked": Flag(),
        "close": Flag(),
        "by": OneOf("request", "fault"),
        "like": Text(),
        "example": TableOf(Anything()),
    }
)
ENVELOPE = Table(
    {
        "type": WORDS,
        "json": OneOf(*JSON_STYLES),
        "headers": HEADERS,
        "body": Text(),
        "pretty": Text(),
        "packed": WORDS,
        "plain": Flag(),
    }
)
REASON = Table({"text": Text(), "entry": Text()}, required=("text",), whole=True)
EVIDENCE = Either(Text(), Table({"status": Text(), "body": Text()}, required=("status", "body"), whole=True))
SWITCH = Table(
    {
        "default": Anything(),
        "why": Text(),
        "sets": Text(),
        "over": OPTION,
        "values": TableOf(Anything()),
    },
    required=("default", "why"),
)

#: What can be asked of a live server; see ``profile.live``.
LIVE_REQUESTS = (
    "make", "look", "drop", "write", "read", "token", "drop_token", "mapping", "drop_mapping", "drop_user",
)  # fmt: skip
#: What they are about. Without one of these places a request would make, read, change or remove something fixed.
LIVE_ABOUT: dict[str, tuple[str, ...]] = {
    "make": ("name",),
    "drop": ("name", "id"),
    "write": ("name",),
    "read": ("query",),
    "token": ("permissions",),
    "drop_token": ("id",),
    "mapping": ("database",),
    "drop_mapping": ("id",),
    "drop_user": ("name",),
}
_LIVE_REQUEST = Table(
    {
        "request": Matching(rf"({_METHOD}) /[^\x00-\x20\x7f#]*", "a method and a target, such as GET /ping"),
        "body": Text(),
        "header": TOKEN,
        "json": WORDS,
        "id": WORDS,
        "fails": WORDS,
        "absent": STATUS,
    },
    required=("request",),
)

_VARIABLES = TableOf(Matching(r"[^\x00]*", "text without NUL"), key=VARIABLE)
_CHECKS = ListOf(OneOf(*CHECKS), unique=True)

SECTIONS: dict[str, Form] = {
    "edition": Table(
        {
            "id": WORDS,
            "title": WORDS,
            "version": WORDS,
            "extends": WORDS,
            "abstract": Flag(),
            "standing": OneOf("documented", "released"),
            "doors": ListOf(OneOf(*DOORS), unique=True),
            "absent": ListOf(Text(), unique=True),
            "sources": TableOf(Text()),
        },
        required=("id", "title", "version", "standing", "doors"),
    ),
    # Names may be empty: a child has no other way to do without what its parent has.
    "setup": Table(
        {
            "org": LINE,
            "bucket": LINE,
            "database": LINE,
            "user": LINE,
            "password": LINE,
            "token": NO_CREDENTIAL,
            "read_token": NO_CREDENTIAL,
            "system_buckets": Flag(),
            "token_expiry": Flag(),
            "token_form": OneOf("v2", "apiv3"),
            "scoped_tokens": Flag(),
            "makes_target": Flag(),
            "retention_policies": Flag(),
            "auth": Flag(),
            "without_auth": Flag(),
            "before_setup": Flag(),
        },
        required=("token", "system_buckets", "token_expiry", "without_auth", "before_setup"),
    ),
    "auth": Table(_by_door(_AUTH), required=("schemes", "scheme_case")),
    "params": Table(_by_door(_PARAMS), required=("style", "target", "org", "precisions", "unknown_precision")),
    "gate": Table(
        {
            "first": _CHECKS,
            "doors": TableOf(_CHECKS, keys=tuple(REQUESTS)),
            "area": TableOf(Table({"before_door": _CHECKS, "open": ListOf(REQUEST)}), key=PREFIX),
        },
        required=("doors",),
    ),
    "limits": Table(
        {
            "head": Number(1),
            "headers": Number(),
            "target": Number(),
            "body": Number(),
            "sent": Number(),
            "body_as_sent": Flag(),
            "columns": Number(),
            "family_fields": Number(),
            "time_counts": Flag(),
            "tables": Number(),
            "tables_in": OneOf("database", "server"),
            "databases": Number(),
            "window": Number(1),
            "window_requests": Number(),
            "window_bytes": Number(),
            "read_bytes": Number(),
            "queries": Number(),
            "deletes": Number(),
            "cardinality": Number(),
            "buckets": Number(),
            "retention": Number(),
        },
        required=("head", "body"),
    ),
    "buckets": Table(
        {
            "schemas": Flag(),
            "shard_groups": Flag(),
            "own_org": Flag(),
            "default_retention": Number(),
            "retention_on_change": Flag(),
            "shortest_name": Number(),
        }
    ),
    "routes": Table(
        {
            "methods": TableOf(METHOD_WORDS, key=PATH),
            "slash": TableOf(OneOf("same", "moved"), keys=tuple(REQUESTS)),
            "router_options": Flag(),
            "grpc": Flag(),
        },
        required=("methods",),
    ),
    "write": Table(
        _by_door({**_WRITE, "when": _WHEN}),
        required=("grammar", "order", "malformed", "unfit", "report", "decided_by", "objections"),
    ),
    "storage": Table(
        {
            "type_scope": OneOf("series", "partition", "shard", "table"),
            "late_points": OneOf("reject", "drop", "store"),
            "tags_are_columns": Flag(),
            "time_column": Flag(),
            "leaves": OneOf("nothing", "types", "series"),
            "delay": Seconds(),
            "deletes": OneOf("refused", "at_once", "queued"),
            "types_last": OneOf("points", "measurement"),
        },
        required=("type_scope", "late_points"),
    ),
    "headers": Table(
        {**_by_door(_HEADERS), "date": OneOf("real", "clock")}, required=("order", "chunk_above", "close", "always")
    ),
    "faults": Table(
        {"doors": ListOf(OneOf(*DOORS), unique=True), "prefer": ListOf(OneOf(*sorted(Outcome.CATALOGUE)))},
        required=("doors", "prefer"),
    ),
    "clients": TableOf(
        Table(
            {"module": WORDS, "constructor": WORDS, "arguments": TableOf(Anything()), "tls": TableOf(Anything())},
            required=("module", "constructor", "arguments"),
        )
    ),
    "live": Table(
        {
            "kind": OneOf("bucket", "database"),
            "joint": OneOf("-", "_"),
            "params": ListOf(WORDS, unique=True),
            "names": ListOf(Capturing()),
            "users": ListOf(Capturing()),
            "whole": ListOf(Expression()),
            "lasting": ListOf(Expression()),
            "unordered": ListOf(TOKEN, unique=True),
            "reader": OneOf("influxql"),
            "know": TableOf(_LIVE_REQUEST, key=OPTION),
            "requests": TableOf(_LIVE_REQUEST, keys=LIVE_REQUESTS),
            "kept": Text(),
            "permission": Text(),
            "powerless": Text(),
        },
        required=("kind",),
    ),
    "env": Table({"always": _VARIABLES, "tls": _VARIABLES}, required=("always", "tls")),
    "phrases": TableOf(WORDS, key=Matching("[2-5][0-9][0-9]", "a status, 200 to 599")),
    "codes": TableOf(STATUS, key=WORDS),
    "defaults": Table({"envelope": Text(), "by": OneOf("request", "fault")}, required=("envelope", "by")),
    "record": Table(
        {"reasons": TableOf(WORDS), "types": TableOf(WORDS, keys=FIELD_TYPES)}, required=("reasons", "types")
    ),
    "types": Table(
        {name: Text() for name in ("float", "integer", "unsigned", "string", "boolean", "tag", "timestamp")},
        required=("float", "integer", "unsigned", "string", "boolean"),
    ),
    "envelope": TableOf(ENVELOPE),
    "reason": TableOf(REASON),
    "clause": TableOf(CLAUSE),
    "switches": TableOf(SWITCH, key=OPTION),
    "evidence": TableOf(EVIDENCE),
}

#: Sections whose entries stand for themselves: one of a child replaces its parent's whole.
WHOLE = frozenset(("clause", "reason", "envelope", "evidence"))
#: Sections that a finished profile can do without.
OPTIONAL = frozenset(("switches", "record", "buckets", "live"))
#: Sections of plain settings, which need evidence; ``edition`` and ``setup`` say nothing about behaviour on the wire.
SETTINGS = (
    "auth", "params", "gate", "limits", "buckets", "routes", "write", "storage", "record", "headers", "types",
    "phrases", "codes",
)  # fmt: skip
