"""What is told of resources: buckets, organizations, schemas, usage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mockflux.outcomes.catalogue import Outcome, Which


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
class JsonInvalid(Which):
    """The JSON of the body cannot be read; ``detail`` has the reader's words. The kind is what it should have been: a
    new ``bucket``, a ``bucket_change``, a ``schema``."""

    which: str = "bucket"
    detail: str = "EOF"

    KINDS = ("bucket", "bucket_change", "schema")


@dataclass(frozen=True, slots=True)
class BucketRefused(Which):
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
class SchemaShown(Which):
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
class SchemaRefused(Which):
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
