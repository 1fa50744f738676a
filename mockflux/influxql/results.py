"""What statements come to: series of rows, or what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: A cell of a row. Times are ns since the epoch.
Cell = float | int | str | bool | None | list[str]


@dataclass(slots=True)
class Series:
    """One table of a result. ``name`` may be missing, and so may ``tags``, which are those that points are grouped by;
    a tag that the group lacks is empty. ``timed``: the first column is a time, told in the time zone ``zone`` (empty:
    UTC) where it is told as a text. ``rows`` is None where even their list is missing. ``partial``: there are more rows
    than these."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]] | None
    name: str = ""
    tags: Mapping[str, str] | None = None
    timed: bool = False
    zone: str = ""
    partial: bool = False


@dataclass(slots=True)
class Result:
    """What one statement came to; ``warning`` is what its reply says beside it, ``error`` why it failed;
    ``partial``: there is more of it than this."""

    statement_id: int
    series: list[Series] = field(default_factory=list)
    warning: str = ""
    error: str = ""
    partial: bool = False
