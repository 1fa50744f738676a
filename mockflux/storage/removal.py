"""What is left of columns when points are removed from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from mockflux.lineprotocol import Tags
from mockflux.storage.block import Block

#: The first and the last time (ns) that there can be.
EARLIEST, LATEST = -(2**63), 2**63 - 1


class Meant(Protocol):
    """What a delete is about: :class:`mockflux.storage.predicates.Predicate` is one."""

    def matches(self, measurement: str, tags: Tags) -> bool:
        """Whether it is about points of this series."""

    def takes(self, key: str) -> bool:
        """Whether it takes the field of that key from them."""


@dataclass(frozen=True, slots=True)
class OfMeasurement:
    """All points of a measurement are meant."""

    name: str

    def matches(self, measurement: str, tags: Tags) -> bool:
        return measurement == self.name

    def takes(self, key: str) -> bool:
        return True


def remove(
    blocks: Iterable[Block], series: Collection[int], start: int, stop: int, takes: Callable[[str], bool]
) -> tuple[dict[Hashable, Block], set[tuple[int, int]]]:
    """The blocks that are left, by their keys, and the points that lose fields, as series id and time.

    Removed are, of the points of those series from ``start`` to ``stop`` (ns, both included), the fields whose key
    ``takes`` allows. Blocks that lose nothing are the same as before; a row that keeps some of its fields goes to the
    block of its new shape. The blocks given are left as they are.
    """
    parts: dict[Hashable, list[Block]] = defaultdict(list)
    points: set[tuple[int, int]] = set()
    for block in blocks:
        kept = {key: type for key, type in block.types.items() if not takes(key)}
        hit = [] if len(kept) == len(block.types) else _places(block, series, start, stop)
        if not hit:
            parts[block.key].append(block)
            continue
        points.update((block.series[place], block.times[place]) for place in hit)
        rest = block.only(sorted(set(range(len(block))).difference(hit)), block.types)
        parts[rest.key].append(rest)
        if kept:
            fewer = block.only(hit, kept)
            parts[fewer.key].append(fewer)
    merged = {key: reduce(Block.merged, same) for key, same in parts.items()}
    return {key: block for key, block in merged.items() if block}, points


def _places(block: Block, series: Collection[int], start: int, stop: int) -> list[int]:
    """Where the rows of those series and times are."""
    rows = enumerate(zip(block.series, block.times, strict=True))
    return [place for place, (id, time) in rows if start <= time <= stop and id in series]
