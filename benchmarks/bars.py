"""What the figures should come to: shown beside them, never asserted in a test."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from benchmarks.figures import Figure
from benchmarks.run import DISK, TMPFS


class Bar(NamedTuple):
    """``figures``: a pattern of ids. ``baseline``: what the limit is a multiple of; empty: the limit is an amount."""

    figures: str
    baseline: str
    direction: Literal["<=", ">="]
    limit: float


BARS = [
    Bar("write.mockflux.*.p50", DISK, "<=", 1.0),
    Bar("write.mockflux.*.p50", TMPFS, "<=", 1.3),
    Bar("batch.typical", DISK, ">=", 1.2),
    Bar("batch.typical", TMPFS, ">=", 1.2),
    Bar("batch.small", DISK, ">=", 0.8),
    Bar("batch.small", TMPFS, ">=", 0.8),
    Bar("life.start.*", "", "<=", 1.5),
    Bar("life.stop.*", "", "<=", 1.5),
    Bar("plugin.import", "", "<=", 5.0),
    Bar("plugin.cost.*", "", "<=", 5.0),
    Bar("memory.small.*", "", "<=", 30.0),
    Bar("growth.points.*", "first", "<=", 1.3),
    Bar("growth.*series.*", "first", "<=", 1.3),
    Bar("growth.journal.*.p50", "first", "<=", 1.3),
]


def judged(figure: Figure) -> list[tuple[Bar, bool]]:
    """The bars that a figure has, and whether it reaches each."""
    return [
        (bar, _reached(bar, figure.ratio(bar.baseline) if bar.baseline else figure.value))
        for bar in BARS
        if fnmatchcase(figure.id, bar.figures) and (not bar.baseline or bar.baseline in figure.against)
    ]


def _reached(bar: Bar, value: float) -> bool:
    return value <= bar.limit if bar.direction == "<=" else value >= bar.limit
