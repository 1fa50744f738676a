"""The plain settings that writing receives from a profile (``[write]``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

#: How many rejections a reply may name: the first, all, or at most a number.
Report = Literal["first", "all"] | int


#: What a point can be asked before it is stored; :mod:`mockflux.writing.objections` has the questions.
OBJECTIONS = (
    "retention", "reserved_names", "string_lengths", "duplicate_tags", "mixed_fields", "duplicate_fields", "types",
    "types_from_last", "column_limit", "family_limit", "table_limit", "time_range", "schema", "each_column",
)  # fmt: skip
#: The reasons that each objection can give, by name.
GIVES: Mapping[str, tuple[str, ...]] = {
    "retention": ("outside_retention",),
    "reserved_names": ("reserved_name",),
    "string_lengths": ("string_too_long",),
    "duplicate_tags": ("duplicate_tag",),
    "mixed_fields": ("duplicate_field",),
    "duplicate_fields": ("duplicate_field",),
    "types": ("type_conflict",),
    "types_from_last": ("type_conflict",),
    "column_limit": ("too_many_columns",),
    "family_limit": ("too_many_fields",),
    "table_limit": ("too_many_tables",),
    "time_range": ("time_out_of_range",),
    "schema": ("measurement_not_in_schema", "column_not_in_schema", "schema_type_mismatch"),
}
#: Those that can be asked of one column after another (``each_column``).
COLUMN_OBJECTIONS = (
    "reserved_names", "duplicate_tags", "mixed_fields", "duplicate_fields", "types", "column_limit", "family_limit",
)  # fmt: skip

#: Named settings for what refused lines do to the others.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "atomic": {"malformed": "reject_batch", "unfit": "reject_batch"},
    "keep_good": {"malformed": "keep_good", "unfit": "keep_good"},
    "queued": {
        "malformed": "reject_batch",
        "unfit": "keep_good",
        "unit": "field",
        "queued": ["type_conflict", "outside_retention"],
    },
}


@cache
def _judging(*settings: object) -> object:
    """Something that stands for these settings, and for no others."""
    return object()


@dataclass(frozen=True, slots=True)
class WriteRules:
    """How a batch is judged.

    ``grammar`` names a module of :mod:`mockflux.lineprotocol`. ``order``: ``phase`` parses all lines before any is
    judged, ``line`` judges line by line, ``shard`` parses all and judges those of each shard together
    (:mod:`mockflux.writing.byshard`). ``malformed`` and ``unfit`` say what a malformed line, and a well-formed but
    refused point, do to the others: ``reject_batch`` or ``keep_good``; the reasons in ``spoils`` refuse the batch whole
    in any case. ``unit`` is what counts as a point, and is refused or stored by itself: a ``line`` or each ``field`` of
    it; a malformed line counts one. ``queued`` are reasons that are found only when the queue is worked off, long after
    the reply; with none of them points are stored at once. ``report`` says how many of each, and ``together``, a reply
    may name. ``decided_by`` lists reasons by name, most important first: the first of them that occurs decides the
    reply's wording; where none does, the first rejection in the body, those of ``decided_last`` put aside: one of
    these decides only where there is no other, the first of them before the next.

    ``objections`` are the questions that a point is asked, in this order; the first that finds something counts.
    ``each_column`` goes through the columns of the line from left to right and asks of each the ``column_objections``,
    in this order. ``reserved_fields`` and ``reserved_tags`` are keys that a point must not have; ``reserved_beside``
    says what becomes of such a field beside others: the point is refused (``refuse``) or stored without it (``drop``).
    ``string_limit`` is the longest string value in bytes, 0 for any length.

    ``line_numbering``: ``physical`` lines of the body, or ``parser``: blank lines and comments are not counted.
    ``quotes`` is how replies show a refused line (:mod:`mockflux.writing.quoting`): ``as_sent``, or
    ``rendered_or_nth``, anew by the grammar or, where it does not follow that, by the physical line of its place.
    ``empty``: whether a body without points is accepted (``accept``) or not (``refuse``). ``creates_target``: whether a
    write makes the target that is not there yet: ``never``, ``on_write`` (whatever becomes of its points), or
    ``on_commit`` (unless the batch is refused whole); ``new_retention``, in seconds, is how long it will keep its
    points. ``gzip`` names the reader of compressed bodies (:mod:`mockflux.writing.decode`).
    """

    grammar: str
    order: Literal["phase", "line", "shard"]
    malformed: Literal["reject_batch", "keep_good"]
    unfit: Literal["reject_batch", "keep_good"]
    report: Mapping[str, Report]
    decided_by: tuple[str, ...]
    decided_last: tuple[str, ...] = ()
    objections: tuple[str, ...] = ("retention", "reserved_names", "string_lengths", "types")
    column_objections: tuple[str, ...] = ()
    reserved_fields: frozenset[str] = frozenset()
    reserved_tags: frozenset[str] = frozenset()
    reserved_beside: Literal["refuse", "drop"] = "refuse"
    string_limit: int = 0
    spoils: frozenset[str] = frozenset()
    unit: Literal["line", "field"] = "line"
    queued: frozenset[str] = frozenset()
    line_numbering: Literal["physical", "parser"] = "physical"
    quotes: Literal["as_sent", "rendered_or_nth"] = "as_sent"
    empty: Literal["accept", "refuse"] = "accept"
    creates_target: Literal["never", "on_write", "on_commit"] = "never"
    new_retention: int = 0
    gzip: Literal["go", "httpd", "flate2"] = "go"
    #: The same for all rules by which a point can be stored or not in just the same cases.
    judging: object = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        judging = _judging(
            self.grammar, self.objections, self.column_objections, self.reserved_fields, self.reserved_tags,
            self.reserved_beside, self.string_limit, self.unit,
        )  # fmt: skip
        object.__setattr__(self, "judging", judging)

    @property
    def asked(self) -> tuple[str, ...]:
        """Every objection that can be raised."""
        own = (name for name in self.objections if name != "each_column")
        return (*own, *(self.column_objections if "each_column" in self.objections else ()))

    def before_reply(self) -> WriteRules:
        """The rules by which the batch is judged before the reply, where the rest is queued."""
        asked = tuple(name for name in self.objections if self.queued.isdisjoint(GIVES.get(name, ())))
        return replace(self, objections=asked)

    def after_reply(self) -> WriteRules:
        """The rules by which what was queued is judged when it is stored."""
        asked = tuple(name for name in self.objections if not self.queued.isdisjoint(GIVES.get(name, ())))
        return replace(self, objections=asked)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a database may hold: ``columns`` of a table, ``family_fields``: fields of one family in it, those that
    are named ``family::field``, and ``tables``; each 0 for any number.

    ``time_counts``: whether the time column is one of them. ``elsewhere`` is the number of tables in other databases,
    where the limit is for all of them together.
    """

    columns: int = 0
    tables: int = 0
    time_counts: bool = True
    elsewhere: int = 0
    family_fields: int = 0


#: Without limits.
ENDLESS = Room()


def endless() -> Room:
    """Room without limits."""
    return ENDLESS
