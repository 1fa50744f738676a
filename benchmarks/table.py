"""Figures as text: one row each, what it came to, and its ratio to each baseline."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.bars import Bar, judged
from benchmarks.figures import Figure
from benchmarks.run import BASELINES, DISK, FLASK, TMPFS

_HEAD = [
    "",
    "mockflux",
    "unit",
    "Flask",
    "influxd disk",
    "influxd tmpfs",
    "÷ Flask",
    "÷ disk",
    "÷ tmpfs",
    "÷ other",
    "bar",
]
_SHORT = {FLASK: "Flask", DISK: "disk", TMPFS: "tmpfs", "first": "first"}


def table(figures: Sequence[Figure]) -> str:
    """All figures; empty columns are left out."""
    rows = [_HEAD, *map(_row, figures)]
    used = [n for n in range(len(_HEAD)) if n < 3 or any(row[n] for row in rows[1:])]
    return aligned(
        [[row[n] for n in used] for row in rows], left={0, *(used.index(n) for n in (2, 9, 10) if n in used)}
    )


def aligned(rows: Sequence[Sequence[str]], left: set[int]) -> str:
    """Rows of equally many cells, the first one a head, in columns; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(w) if n in left else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def number(value: float) -> str:
    """As many digits as say something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or not value else f"{value:.2g}"


def _row(figure: Figure) -> list[str]:
    own = [number(figure.baseline(name)) if name in figure.against else "" for name in BASELINES]
    ratios = [number(figure.ratio(name)) if name in figure.against else "" for name in BASELINES]
    others = [f"{number(figure.ratio(name))} ({name})" for name in figure.against if name not in BASELINES]
    bars = ", ".join(_bar(bar, reached) for bar, reached in judged(figure))
    return [figure.label, number(figure.value), figure.unit, *own, *ratios, " ".join(others), bars]


def _bar(bar: Bar, reached: bool) -> str:
    sign = {"<=": "≤", ">=": "≥"}[bar.direction]
    unit = f" × {_SHORT[bar.baseline]}" if bar.baseline else ""
    return f"{'ok' if reached else 'MISSED'} {sign} {bar.limit:g}{unit}"
