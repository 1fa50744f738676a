"""How a reply shows a refused line (``[write] quotes``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from mockflux.lineprotocol import BadLine, Line

#: The text by which a reply shows a line that is the n-th (from 0) of those that the grammar found; None: as sent.
Show = Callable[[Line | BadLine, int], bytes | None]


def as_sent(line: Line | BadLine, place: int) -> bytes | None:
    """The line as it stands in the body."""
    return None


def rendered_or_nth(body: bytes, rendered: Callable[[Line], bytes]) -> Show:
    """What InfluxDB 3 Core shows: a line that follows the grammar as ``rendered`` anew, and for one that does not the
    physical line of that place, though blank lines, comments and line ends in strings shift it (influxdb3,
    influxdb3_write/src/write_buffer/validator.rs)."""

    @cache
    def physical() -> list[bytes]:
        *ended, last = body.split(b"\n")
        # Rust's lines(): a carriage return is part of a line end, and content of a last line that has none.
        return [*(line.removesuffix(b"\r") for line in ended), last]

    def show(line: Line | BadLine, place: int) -> bytes:
        shown = rendered(line) if isinstance(line, Line) else physical()[place]
        return line.text if shown == line.text else shown  # once in memory

    return show
