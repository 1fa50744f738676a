"""Why a point can be refused, and what judging a batch found.

Edition-neutral, as outcomes are: a reason carries facts, the profile words it (``[reason.NAME]``, names in snake case).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar


def snake(name: str) -> str:
    """``BucketNotFound`` as profiles write it: ``bucket_not_found``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def _fact_names(cls: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(cls) if not field.metadata.get("hidden"))


class Catalogued:
    """What outcomes and reasons share: a name, declared kinds, facts."""

    name: ClassVar[str]
    #: The kinds that a profile may word apart; () where there is only one form.
    KINDS: ClassVar[tuple[str, ...]] = ()

    @property
    def kind(self) -> str:
        """Which form of the outcome this is; empty where there is only one."""
        return ""

    @classmethod
    def fact_names(cls) -> frozenset[str]:
        """Names of the facts that a template may use as ``$name``."""
        return _fact_names(cls)  # type: ignore[arg-type]

    def facts(self) -> dict[str, Any]:
        """The facts by name."""
        return {name: getattr(self, name) for name in self.fact_names()}


class Reason(Catalogued):
    """Why one point was refused."""

    CATALOGUE: ClassVar[dict[str, type[Reason]]] = {}

    def __init_subclass__(cls) -> None:
        cls.name = snake(cls.__name__)
        Reason.CATALOGUE[cls.name] = cls


@dataclass(frozen=True, slots=True)
class Malformed(Reason):
    """The line does not follow the grammar; ``complaint`` is the grammar's own."""

    complaint: str


@dataclass(frozen=True, slots=True)
class TypeConflict(Reason):
    """A field has another type than before: ``where`` is ``batch`` (this request) or ``stored`` (the bucket).

    ``got`` and ``want`` are types in InfluxDB 2's words; a profile translates them by its ``[types]``. Where tags are
    columns like fields, ``field`` may be the key of a tag, and ``tag`` and ``timestamp`` are types too.
    """

    measurement: str
    field: str
    got: str
    want: str
    where: str

    KINDS = ("batch", "stored")

    @property
    def kind(self) -> str:
        return self.where


@dataclass(frozen=True, slots=True)
class TypeContradiction(Reason):
    """The batch gives a field that is new two types, ``got`` after ``want``, and nothing is stored where it belongs:
    the reason of every point there."""

    measurement: str
    field: str
    got: str
    want: str


@dataclass(frozen=True, slots=True)
class OutsideRetention(Reason):
    """The point is older than the bucket keeps: its ``time`` lies before ``bound`` (both ns), ``retention`` in ns."""

    measurement: str
    series: str
    time: int
    bound: int
    retention: int


@dataclass(frozen=True, slots=True)
class StringTooLong(Reason):
    """A string field of ``length`` bytes, of which ``limit`` are allowed."""

    measurement: str
    field: str
    length: int
    limit: int


@dataclass(frozen=True, slots=True)
class ReservedName(Reason):
    """A ``field`` or a ``tag`` (``which``) whose key, ``field``, the database keeps for itself (``time``)."""

    measurement: str
    field: str
    which: str = "field"

    KINDS = ("field", "tag")

    @property
    def kind(self) -> str:
        return self.which


@dataclass(frozen=True, slots=True)
class DuplicateTag(Reason):
    """A tag key stands twice in the line."""

    measurement: str
    tag: str


@dataclass(frozen=True, slots=True)
class DuplicateField(Reason):
    """A field key stands twice in the line, with the ``same`` type or with ``other`` ones (``types``)."""

    measurement: str
    field: str
    types: str = "same"

    KINDS = ("same", "other")

    @property
    def kind(self) -> str:
        return self.types


@dataclass(frozen=True, slots=True)
class TimeOutOfRange(Reason):
    """The timestamp, in ns, is none that 64 bits can hold: ``time`` as sent, ``precision`` as a word (``second``)."""

    time: int
    precision: str


@dataclass(frozen=True, slots=True)
class TooManyColumns(Reason):
    """The table would get more columns than it may have: ``columns`` it has, ``wanted`` it would have then.

    Whether the time column is counted is the profile's (``limits.count_time``).
    """

    measurement: str
    columns: int
    wanted: int
    limit: int


@dataclass(frozen=True, slots=True)
class TooManyFields(Reason):
    """The table would get more fields of one ``family`` than it may have: fields named ``family::field``."""

    measurement: str
    family: str
    limit: int


@dataclass(frozen=True, slots=True)
class TooManyTables(Reason):
    """The database would get more tables than it may have: ``tables`` it has, ``wanted`` it would have then."""

    measurement: str
    tables: int
    wanted: int
    limit: int


@dataclass(frozen=True, slots=True)
class MeasurementNotInSchema(Reason):
    """The bucket has explicit schemas, and none of them for this measurement; ``field`` is the point's."""

    measurement: str
    field: str


@dataclass(frozen=True, slots=True)
class ColumnNotInSchema(Reason):
    """The measurement's schema has no such ``column`` of this role (``which``: ``tag`` or ``field``); ``field`` is the
    point's."""

    measurement: str
    field: str
    column: str
    which: str = "field"

    KINDS = ("field", "tag")

    @property
    def kind(self) -> str:
        return self.which


@dataclass(frozen=True, slots=True)
class SchemaTypeMismatch(Reason):
    """The measurement's schema has another type for the field; ``got`` and ``want`` as for a type conflict."""

    measurement: str
    field: str
    got: str
    want: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused point: 1-based line ``number`` in the body, the ``line`` as sent, the reason, its ``text`` as the
    edition words it, and for type conflicts the types sent and wanted. ``shown`` is the line as the reply has it,
    where that is another text than was sent."""

    number: int
    line: str
    reason: Reason
    text: str = ""
    bucket: str | None = None
    time: int | None = None
    #: How the edition lists it among several: with the number of its line, where it does so.
    entry: str = ""
    shown: str | None = None

    @property
    def line_shown(self) -> str:
        """The line as the reply has it."""
        return self.line if self.shown is None else self.shown

    @property
    def got(self) -> str | None:
        """The type that the line gave the field, for a type conflict or mismatch."""
        return getattr(self.reason, "got", None)

    @property
    def want(self) -> str | None:
        """The type that the field has already, or by the schema, for a type conflict or mismatch."""
        return getattr(self.reason, "want", None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What judging a batch found: how many points were accepted, every rejection in the order of the body, and the
    points that were dropped without a word to the client. Of a batch they are
    :class:`mockflux.rejections.Rejections`. ``says``, where judging found that out: the place among them of the
    rejection that decides the reply, and how many count with it."""

    accepted: int
    rejections: Sequence[Rejection] = ()
    dropped: Sequence[Rejection] = ()
    says: tuple[int, int] | None = None
