"""The plain settings that writing receives from a profile (``[write]``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: How many rejections a reply may name: the first, all, or at most a number.
Report = Literal["first", "all"] | int


@dataclass(frozen=True, slots=True)
class WriteRules:
    """How a batch is judged.

    ``grammar`` names a module of :mod:`mockflux.lineprotocol`. ``order``: ``phase`` parses all lines before any is
    judged, ``line`` judges line by line. ``malformed`` and ``unfit`` say what a malformed line, and a well-formed but
    refused point, do to the others: ``reject_batch`` or ``keep_good``. ``report`` says how many of each a reply may
    name. ``decided_by`` lists reasons by name, most important first: the first of them that occurs decides the
    reply's wording; where none does, the first rejection in the body. ``reserved_fields`` are field keys that a point
    must not have; ``string_limit`` is the longest string value in bytes, 0 for any length.
    """

    grammar: str
    order: Literal["phase", "line"]
    malformed: Literal["reject_batch", "keep_good"]
    unfit: Literal["reject_batch", "keep_good"]
    report: Mapping[str, Report]
    decided_by: tuple[str, ...]
    reserved_fields: frozenset[str]
    string_limit: int
