"""Who asks, for what, and where to: credentials, parameters, targets."""

from __future__ import annotations

from dataclasses import dataclass

from mockflux.outcomes.catalogue import Outcome, Which


@dataclass(frozen=True, slots=True)
class TokenMissing(Outcome):
    """No credentials came with the request."""


@dataclass(frozen=True, slots=True)
class TokenMalformed(Which):
    """Credentials came in a form that this edition does not read: another scheme, no value; ``not_ascii``: with bytes
    that are no ASCII."""

    which: str = "form"

    KINDS = ("form", "not_ascii")


@dataclass(frozen=True, slots=True)
class TokenUnknown(Outcome):
    """The credentials are well-formed, but nobody's (or no longer anybody's)."""


@dataclass(frozen=True, slots=True)
class CredentialsInvalid(Which):
    """What came with the request is not who an existing user is.

    Kinds: ``unreadable`` (nothing, or nothing that can be read), ``nameless`` (a password for no user), ``wrong`` (no
    such user, or another password), ``bearer`` (a token, which this server does not take).
    """

    which: str = "unreadable"

    KINDS = ("unreadable", "nameless", "wrong", "bearer")


@dataclass(frozen=True, slots=True)
class WriteForbidden(Which):
    """A ``user`` may not write to the ``database``, or there is ``nobody`` who does so."""

    which: str = "user"
    user: str = ""
    database: str = ""

    KINDS = ("user", "nobody")


@dataclass(frozen=True, slots=True)
class PermissionDenied(Which):
    """The token is known, but may not do this. ``permission`` is what was needed (``write:orgs/…/buckets/…``)."""

    which: str = "write"
    permission: str = ""

    KINDS = ("write", "read")


@dataclass(frozen=True, slots=True)
class ConsistencyInvalid(Outcome):
    """The request names a level of consistency that there is not."""

    consistency: str = ""


@dataclass(frozen=True, slots=True)
class RetentionPolicyNotFound(Outcome):
    """The database has no retention policy of that name."""

    retention_policy: str = ""


@dataclass(frozen=True, slots=True)
class PrecisionInvalid(Outcome):
    """The request names a precision that this door does not know; ``valid`` are those it knows, comma-separated."""

    precision: str = ""
    valid: str = ""


@dataclass(frozen=True, slots=True)
class QueryInvalid(Which):
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
class NameInvalid(Which):
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
class ParameterInvalid(Which):
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
class OrgIdInvalid(Which):
    """``orgID`` is no id: of another length, or not hexadecimal."""

    which: str = "length"
    value: str = ""

    KINDS = ("length", "digits")


@dataclass(frozen=True, slots=True)
class BucketIdInvalid(Which):
    """``bucketID`` is no id: of another length, or not hexadecimal."""

    which: str = "length"
    value: str = ""

    KINDS = ("length", "digits")


@dataclass(frozen=True, slots=True)
class OrgNotFound(Which):
    """There is no such organization; it was asked for by ``name`` or by ``id``."""

    which: str = "name"
    org: str = ""

    KINDS = ("name", "id")


@dataclass(frozen=True, slots=True)
class BucketNotFound(Which):
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
