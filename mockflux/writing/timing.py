"""What times mean in one batch."""

from __future__ import annotations

from dataclasses import dataclass

from mockflux.lineprotocol import Line

#: The times that can be stored: 64 bits of ns.
INT64 = range(-(2**63), 2**63)

#: Multipliers as words.
_WORDS = {0: "auto", 1: "nanosecond", 1_000: "microsecond", 1_000_000: "millisecond", 1_000_000_000: "second"}
#: With ``auto`` a timestamp tells its unit by its size: below so many billions it is one of so many ns.
_BY_SIZE = ((5, 1_000_000_000), (5_000, 1_000_000), (5_000_000, 1_000))


@dataclass(frozen=True, slots=True)
class Timing:
    """What times mean in one batch: ``multiplier`` ns per unit of a line's own timestamp (0: each tells its unit by its
    size), ``default`` ns for a line without one, and (ns) the oldest time that the bucket keeps, with its
    ``retention``; 0 for keeping all."""

    multiplier: int
    default: int
    bound: int = 0
    retention: int = 0

    @property
    def precision(self) -> str:
        """The unit as a word: ``second``, ``millisecond``, ``microsecond``, ``nanosecond``, ``auto``."""
        return _WORDS.get(self.multiplier, "")

    def of(self, line: Line) -> int:
        """The time of a line in ns; it can be none that 64 bits hold."""
        if line.time is None:
            return self.default
        return line.time * (self.multiplier or by_size(line.time))


def by_size(time: int) -> int:
    """The ns per unit of a timestamp whose size tells its unit (influxdb3, influxdb3_types/src/write.rs)."""
    billions = abs(time) // 1_000_000_000
    return next((unit for bound, unit in _BY_SIZE if billions < bound), 1)
