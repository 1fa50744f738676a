"""The one catalogue of what can happen to a request.

Edition-neutral: an outcome carries facts, never words or statuses; the profile words it (:mod:`mockflux.profile`).
A profile names an outcome in snake case (``bucket_not_found``) and, where wording depends on the mix, a kind behind
a colon (``body_unreadable:truncated``). The fields of an outcome are the facts that a template may use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from mockflux.reasons import Catalogued, Malformed, Reason, Rejection, snake


class Outcome(Catalogued):
    """What happened to a request."""

    CATALOGUE: ClassVar[dict[str, type[Outcome]]] = {}

    def __init_subclass__(cls) -> None:
        cls.name = snake(cls.__name__)
        Outcome.CATALOGUE[cls.name] = cls

    @classmethod
    def example(cls, kind: str, known: Mapping[str, Any]) -> Outcome:
        """An instance for a planned fault: facts that are ``known`` of the request, defaults for the others."""
        facts = {f.name: known[f.name] for f in fields(cls) if f.init and f.name in known}  # type: ignore[arg-type]
        if kind and "which" in {f.name for f in fields(cls)}:  # type: ignore[arg-type]
            facts["which"] = kind
        return cls(**facts)


class _Which(Outcome):
    """An outcome that says in its field ``which`` what kind it is."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        return str(getattr(self, "which", ""))


# Abstract helpers are no entries of the catalogue.
del Outcome.CATALOGUE[_Which.name]


# ---- writing


@dataclass(frozen=True, slots=True)
class Accepted(Outcome):
    """All points of the write are stored (or queued, where the edition queues)."""


@dataclass(frozen=True, slots=True)
class PointsRejected(Outcome):
    """Some or all points were refused.

    ``kept`` is what became of the others: ``atomic`` (the request is refused whole), ``partial`` (some are stored),
    ``all`` (every point was refused). ``deciding`` is the rejection that decides the wording; its facts, with
    ``reason`` (its text), ``line`` and ``line_text``, are facts of the outcome too; ``first_line`` is the number of
    the first line in the body that was refused.
    """

    kept: str = "atomic"
    deciding: Rejection = field(
        default_factory=lambda: Rejection(1, "", Malformed("missing fields")), metadata={"hidden": True}
    )
    rejections: tuple[Rejection, ...] = ()
    accepted: int = 0
    #: How many points were refused, of which ``rejections`` may be the first only.
    refused: int = 0

    KINDS = ("atomic", "partial", "all", *Reason.CATALOGUE)

    @property
    def kind(self) -> str:
        return f"{self.deciding.reason.name}.{self.kept}"

    @classmethod
    def fact_names(cls) -> frozenset[str]:
        return frozenset(
            ("kept", "accepted", "rejected", "total", "reason", "line", "line_text", "first_line", "rejections")
        )

    def facts(self) -> dict[str, Any]:
        rejected = self.refused or len(self.rejections)
        return {
            "kept": self.kept,
            "accepted": self.accepted,
            "rejected": rejected,
            "total": self.accepted + rejected,
            "reason": self.deciding.text,
            "line": self.deciding.number,
            "line_text": self.deciding.line_shown,
            "first_line": self.rejections[0].number if self.rejections else self.deciding.number,
            "rejections": self.rejections,
        }


@dataclass(frozen=True, slots=True)
class WriteEmpty(Outcome):
    """The body has no points, and the edition does not take that for a write of none."""


@dataclass(frozen=True, slots=True)
class TooManyDatabases(Outcome):
    """The write would make another database, and there may be no more than ``limit``."""

    limit: int = 0


@dataclass(frozen=True, slots=True)
class PointsDeleted(Outcome):
    """The points that a delete means are gone (or will be, where the edition queues)."""


@dataclass(frozen=True, slots=True)
class DeleteInvalid(_Which):
    """A delete that cannot be understood.

    Kinds: ``json`` (``detail`` has the reader's words), ``type`` (a value of another type than expected), ``trailing``
    (something behind the object), ``start`` and ``stop`` (no times), ``start_range`` and ``stop_range`` (times that
    nothing can be stored at), ``predicate`` and ``expression`` (no predicate, as its first and its second reading have
    it), ``field`` (it names a field, where only whole points can be deleted).
    """

    which: str = "json"
    detail: str = ""

    KINDS = (
        "json", "type", "trailing", "start", "start_range", "stop", "stop_range", "predicate", "expression", "field",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeletesUnsupported(Outcome):
    """Points cannot be deleted here."""


# ---- who is asking


@dataclass(frozen=True, slots=True)
class TokenMissing(Outcome):
    """No credentials came with the request."""


@dataclass(frozen=True, slots=True)
class TokenMalformed(_Which):
    """Credentials came in a form that this edition does not read: another scheme, no value; ``not_ascii``: with bytes
    that are no ASCII."""

    which: str = "form"

    KINDS = ("form", "not_ascii")


@dataclass(frozen=True, slots=True)
class TokenUnknown(Outcome):
    """The credentials are well-formed, but nobody's (or no longer anybody's)."""


@dataclass(frozen=True, slots=True)
class PermissionDenied(_Which):
    """The token is known, but may not do this. ``permission`` is what was needed (``write:orgs/…/buckets/…``)."""

    which: str = "write"
    permission: str = ""

    KINDS = ("write", "read")


# ---- parameters and targets


@dataclass(frozen=True, slots=True)
class PrecisionInvalid(Outcome):
    """The request names a precision that this door does not know; ``valid`` are those it knows, comma-separated."""

    precision: str = ""
    valid: str = ""


@dataclass(frozen=True, slots=True)
class QueryInvalid(_Which):
    """The query string cannot be read as this door's parameters.

    Kinds: ``absent`` (there is none at all), ``missing`` (a parameter that must be there), ``repeated`` (one that
    stands there twice), ``flag`` (one that is neither ``true`` nor ``false``); ``field`` is the parameter, ``value``
    its value.
    """

    which: str = "missing"
    field: str = ""
    value: str = ""

    KINDS = ("absent", "missing", "repeated", "flag")


@dataclass(frozen=True, slots=True)
class NameInvalid(_Which):
    """The name of the target (``database``) breaks a rule of names; ``position`` is that of the offending character,
    from 0.

    The kinds of the rule ``namespace``: ``length`` and ``character``; those of the rule ``database``: ``empty``,
    ``too_long``, ``unusable`` (a character), ``start`` and ``policy`` (a second slash, or one at the end).
    """

    which: str = "length"
    database: str = ""
    position: int = 0

    KINDS = ("length", "character", "empty", "too_long", "unusable", "start", "policy")


@dataclass(frozen=True, slots=True)
class ParameterInvalid(_Which):
    """A query parameter of a look-up cannot be used; the kind says which and how."""

    which: str = "limit"
    value: str = ""

    KINDS = (
        "limit", "limit_range", "offset", "descending", "id_length", "id_digits", "after_length", "after_digits",
        "start", "stop", "raw",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TargetMissing(Outcome):
    """The request does not say where to write (``bucket`` or ``db`` empty or absent)."""


@dataclass(frozen=True, slots=True)
class OrgMissing(Outcome):
    """The request names no organization."""


@dataclass(frozen=True, slots=True)
class OrgIdInvalid(_Which):
    """``orgID`` is no id: of another length, or not hexadecimal."""

    which: str = "length"
    value: str = ""

    KINDS = ("length", "digits")


@dataclass(frozen=True, slots=True)
class BucketIdInvalid(_Which):
    """``bucketID`` is no id: of another length, or not hexadecimal."""

    which: str = "length"
    value: str = ""

    KINDS = ("length", "digits")


@dataclass(frozen=True, slots=True)
class OrgNotFound(_Which):
    """There is no such organization; it was asked for by ``name`` or by ``id``."""

    which: str = "name"
    org: str = ""

    KINDS = ("name", "id")


@dataclass(frozen=True, slots=True)
class BucketNotFound(_Which):
    """There is no such bucket; it was asked for by ``name`` or by ``id``."""

    which: str = "name"
    bucket: str = ""

    KINDS = ("name", "id")


@dataclass(frozen=True, slots=True)
class DatabaseNotFound(Outcome):
    """There is no such database."""

    database: str = ""


@dataclass(frozen=True, slots=True)
class MappingNotFound(Outcome):
    """No bucket stands for this database and retention policy (DBRP)."""

    database: str = ""
    retention_policy: str = ""


# ---- the body


@dataclass(frozen=True, slots=True)
class BodyUnreadable(_Which):
    """The body cannot be read whole.

    Kinds: ``not_gzip`` (declared as gzip, but none), ``truncated``, ``corrupt`` (at byte ``offset``), ``checksum``,
    ``trailing`` (something else behind the gzip data), ``framing`` (broken chunks; ``detail`` has the reader's words);
    ``not_utf8`` (``count`` bytes from ``offset`` on are none) and ``incomplete_utf8`` (the text ends amid a character).
    """

    which: str = "truncated"
    detail: str = ""
    offset: int = 0
    count: int = 0

    KINDS = ("not_gzip", "truncated", "corrupt", "checksum", "trailing", "framing", "not_utf8", "incomplete_utf8")


@dataclass(frozen=True, slots=True)
class BodyTooLarge(_Which):
    """The body is longer than ``limit`` bytes: as it was ``sent``, or ``inflated``."""

    limit: int = 0
    which: str = "inflated"

    KINDS = ("sent", "inflated")


@dataclass(frozen=True, slots=True)
class EncodingUnacceptable(Outcome):
    """The body comes in a content encoding that this edition does not read."""

    encoding: str = ""


# ---- the server itself


@dataclass(frozen=True, slots=True)
class InternalError(Outcome):
    """Something went wrong inside; ``detail`` is for the journal."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable(Outcome):
    """The server cannot take the request now; ``retry_after`` in whole seconds, None to leave the header out."""

    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class TooManyRequests(Outcome):
    """A quota is used up, that of the organization with the id ``org_id``; ``retry_after`` in whole seconds, None to
    leave the header out."""

    retry_after: int | None = None
    org_id: str = ""


@dataclass(frozen=True, slots=True)
class CardinalityExceeded(Outcome):
    """The write would bring more series than the plan of the organization with the id ``org_id`` has room for."""

    org_id: str = ""


@dataclass(frozen=True, slots=True)
class BadGateway(Outcome):
    """What stands in front could not reach the server."""


# ---- routes


@dataclass(frozen=True, slots=True)
class PathNotFound(Outcome):
    """The edition has no such path (or mockflux does not simulate it; the journal tells)."""


@dataclass(frozen=True, slots=True)
class PathMoved(Outcome):
    """The path has a trailing slash too many; ``location`` is the one to use."""

    location: str = ""


@dataclass(frozen=True, slots=True)
class MethodNotAllowed(_Which):
    """The path exists, but not with this method; ``allow`` lists those it has. Kinds: ``method`` (another one),
    ``options`` (an OPTIONS request that is no CORS preflight), ``unknown`` (no method of HTTP)."""

    which: str = "method"
    allow: str = ""

    KINDS = ("method", "options", "unknown")


@dataclass(frozen=True, slots=True)
class Preflight(Outcome):
    """A CORS preflight, granted."""


@dataclass(frozen=True, slots=True)
class OptionsListed(Outcome):
    """An OPTIONS request, answered with the methods of the path."""

    allow: str = ""


@dataclass(frozen=True, slots=True)
class MalformedRequest(_Which):
    """The bytes are no HTTP request that the server below the router accepts; ``old_encoding``: HTTP/1.0 with a
    Transfer-Encoding, which it does not know."""

    which: str = "head"

    KINDS = (
        "head", "target", "target_too_long", "escape", "uri", "header_name", "header_value", "head_too_large",
        "headers_too_many", "host", "host_missing", "host_repeated", "version", "minor_version", "length",
        "transfer_encoding", "old_encoding", "expect",
    )  # fmt: skip


# ---- probes and look-ups


@dataclass(frozen=True, slots=True)
class Pong(Outcome):
    """The answer to /ping: ``process_id`` of the server and ``request_id`` (both a UUID) for editions that tell."""

    process_id: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Healthy(Outcome):
    """The answer to /health."""


@dataclass(frozen=True, slots=True)
class Ready(Outcome):
    """The answer to /ready: ``started`` (ns since the epoch) and ``up`` (ns)."""

    started: int = 0
    up: int = 0


@dataclass(frozen=True, slots=True)
class Found(Outcome):
    """A look-up that succeeded; ``value`` is the JSON value to answer."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Created(Outcome):
    """What was asked for has been made; ``value`` is the JSON value to answer."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Deleted(Outcome):
    """What was asked for is no longer there."""


@dataclass(frozen=True, slots=True)
class JsonInvalid(_Which):
    """The JSON of the body cannot be read; ``detail`` has the reader's words. The kind is what it should have been: a
    new ``bucket``, a ``bucket_change``, a ``schema``."""

    which: str = "bucket"
    detail: str = "EOF"

    KINDS = ("bucket", "bucket_change", "schema")


@dataclass(frozen=True, slots=True)
class BucketRefused(_Which):
    """A bucket (of the name ``bucket``) cannot be made, changed or deleted so.

    Kinds: ``org_missing`` (it says no organization); ``several_rules``, ``rules_missing``, ``expiry_negative``,
    ``expiry_short`` and ``expiry_long`` (of its retention), ``shards_negative``, ``shards_long`` and
    ``shards_long_change`` (shard groups longer than it, in a new bucket and in a change); names: ``underscore``,
    ``quotes``, ``short``, ``taken``, and ``not_unique`` for one that a change would take; ``system_renamed``,
    ``system_deleted``; ``quota`` (one bucket too many).
    """

    which: str = "taken"
    bucket: str = ""

    KINDS = (
        "org_missing", "several_rules", "rules_missing", "expiry_negative", "expiry_short", "expiry_long",
        "shards_negative", "shards_long", "shards_long_change", "underscore", "quotes", "short", "taken", "not_unique",
        "system_renamed", "system_deleted", "quota",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SchemaShown(_Which):
    """A schema of a bucket, or a list of them: ``found``, or ``created`` just now. ``value`` is the JSON value to
    answer, ``etag`` stands for this state of it."""

    which: str = "found"
    value: Any = None
    etag: str = ""

    KINDS = ("found", "created")


@dataclass(frozen=True, slots=True)
class SchemaNotFound(Outcome):
    """The bucket has no schema with this id."""


@dataclass(frozen=True, slots=True)
class SchemaRefused(_Which):
    """A schema (of the measurement ``measurement``) cannot be made or changed so; ``column`` is the one at fault.

    Kinds: ``implicit`` (the bucket has no schemas), ``taken`` (the measurement has one), and those of
    ``storage/schemas.py``.
    """

    which: str = "name"
    measurement: str = ""
    column: str = ""

    KINDS = (
        "implicit", "taken", "name", "columns_missing", "column_empty", "column_long", "column_start", "column_quotes",
        "column_unprintable", "time_missing", "time_kind", "time_name", "time_typed", "tag_typed", "fields_missing",
        "columns_repeated", "columns_deleted", "type_changed",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class UsageFound(Outcome):
    """What an organization has used; ``text`` is annotated CSV."""

    text: str = ""
