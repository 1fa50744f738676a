"""Figures: a value of mockflux and those it is held against, round by round; no figure without its ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal, TypeAlias

#: What each alternative came to in each round, by metric (``p50`` …) and alternative.
Rounds: TypeAlias = "dict[str, dict[str, list[float]]]"
Better = Literal["less", "more"]


@dataclass(frozen=True)
class Figure:
    """``rounds`` are mockflux's values, ``against`` those of each baseline in the same rounds. ``id`` never changes its
    meaning, so that runs of two commits can be compared."""

    id: str
    label: str
    unit: str
    rounds: list[float]
    against: dict[str, list[float]] = field(default_factory=dict)
    better: Better = "less"

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    def baseline(self, name: str) -> float:
        """The median of a baseline's rounds."""
        return median(self.against[name])

    def ratio(self, name: str) -> float:
        """The median of the ratios of the rounds: what disturbs a round disturbs both of its values."""
        pairs = zip(self.rounds, self.against[name], strict=True)
        return median(mine / theirs if theirs else float("inf") for mine, theirs in pairs)

    def ratio_of_best(self, name: str) -> float:
        """The ratio of the best rounds of both: neighbours can only make a round worse."""
        best = min if self.better == "less" else max
        return best(self.rounds) / best(self.against[name])

    def as_json(self) -> dict[str, Any]:
        """All of it, medians included."""
        return {
            "id": self.id,
            "label": self.label,
            "unit": self.unit,
            "better": self.better,
            "value": rounded(self.value),
            "rounds": [rounded(value) for value in self.rounds],
            "against": {
                name: {
                    "value": rounded(self.baseline(name)),
                    "ratio": rounded(self.ratio(name)),
                    "rounds": [rounded(value) for value in values],
                }
                for name, values in self.against.items()
            },
        }


def rounded(value: float) -> float:
    """Four digits are more than any of these figures deserves."""
    return float(f"{value:.4g}")


def interleaved(count: int, alternatives: Mapping[str, Callable[[int], Mapping[str, float]]]) -> Rounds:
    """Each alternative once per round, with the number of the round; the next round begins with the next of them.

    Round 0 warms up and is not counted. An alternative returns its values by metric.
    """
    names = list(alternatives)
    got: Rounds = {}
    for number in range(count + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            values = alternatives[name](number)
            if number:
                for metric, value in values.items():
                    got.setdefault(metric, {}).setdefault(name, []).append(value)
    return got


def figure(
    id: str, label: str, unit: str, metric: Mapping[str, list[float]], mine: str, baselines: list[str],
    better: Better = "less",
) -> Figure:  # fmt: skip
    """A figure of one alternative, held against others as far as they took part."""
    against = {name: metric[name] for name in baselines if name in metric}
    return Figure(id, label, unit, metric[mine], against, better)


def is_tail(id: str) -> bool:
    """Whether a figure is of the slowest of many requests: the neighbours' doing more than ours, so nothing is
    concluded from it."""
    return id.endswith(".p99")


def percentile(values: list[int] | list[float], part: float) -> float:
    """The value that this part of the values does not exceed. Raises ValueError if there are none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def latencies(times: list[int]) -> dict[str, float]:
    """p50 and p99 in µs, of times in ns."""
    return {"p50": percentile(times, 0.5) / 1_000, "p99": percentile(times, 0.99) / 1_000}
