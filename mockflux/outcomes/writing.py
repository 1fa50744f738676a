"""What can become of the points of a write or a delete, and of its body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mockflux.outcomes.catalogue import Outcome, Which
from mockflux.reasons import Malformed, Reason, Rejection


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
    rejections: Sequence[Rejection] = ()
    accepted: int = 0
    #: How many points were refused, of which ``rejections`` may be the first only.
    refused: int = 0
    #: How many of them count with the one that decides.
    alike: int = 0

    KINDS = ("atomic", "partial", "all", *Reason.CATALOGUE)

    @property
    def kind(self) -> str:
        return f"{self.deciding.reason.name}.{self.kept}"

    @classmethod
    def fact_names(cls) -> frozenset[str]:
        return frozenset(
            (
                "kept",
                "accepted",
                "rejected",
                "alike",
                "total",
                "reason",
                "line",
                "line_text",
                "first_line",
                "rejections",
            )
        )

    def facts(self) -> dict[str, Any]:
        rejected = self.refused or len(self.rejections)
        return {
            "kept": self.kept,
            "accepted": self.accepted,
            "rejected": rejected,
            "alike": self.alike or 1,
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
class DeleteInvalid(Which):
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


@dataclass(frozen=True, slots=True)
class BodyUnreadable(Which):
    """The body cannot be read whole.

    Kinds: ``not_gzip`` (declared as gzip, but none), ``empty`` (declared as gzip, and nothing at all), ``truncated``,
    ``corrupt`` (at byte ``offset``), ``checksum``, ``trailing`` (something else behind the gzip data), ``framing``
    (broken chunks; ``detail`` has the reader's words); ``not_utf8`` (``count`` bytes from ``offset`` on are none) and
    ``incomplete_utf8`` (the text ends amid a character).
    """

    which: str = "truncated"
    detail: str = ""
    offset: int = 0
    count: int = 0

    KINDS = (
        "not_gzip", "empty", "truncated", "corrupt", "checksum", "trailing", "framing", "not_utf8", "incomplete_utf8",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BodyTooLarge(Which):
    """The body is longer than ``limit`` bytes: as it was ``sent``, or ``inflated``."""

    limit: int = 0
    which: str = "inflated"

    KINDS = ("sent", "inflated")


@dataclass(frozen=True, slots=True)
class EncodingUnacceptable(Outcome):
    """The body comes in a content encoding that this edition does not read."""

    encoding: str = ""
