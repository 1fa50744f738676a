"""The gross-fall rule: a ratio to the run's own baseline may be worse than noted, but not by a factor of three.

A neighbour spoils rounds, most often those of whoever has more threads. So two ratios are looked at, the median of the
rounds' and that of the best rounds, and a figure has fallen if both say so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, is_tail, rounded
from benchmarks.results import speedup
from benchmarks.run import DISK, TMPFS
from benchmarks.table import number

FILE = Path(__file__).with_name("expected.json")
GROSS = 3.0
#: Not everyone has an influxd.
_NOT_NOTED = (DISK, TMPFS)

#: Ratios by figure and baseline.
Noted = Mapping[str, Mapping[str, float]]


def ratios(figures: Sequence[Figure]) -> dict[str, dict[str, float]]:
    """The ratios that can be noted."""
    return {
        figure.id: {name: rounded(figure.ratio(name)) for name in figure.against if name not in _NOT_NOTED}
        for figure in figures
        if figure.against and not is_tail(figure.id)
    }


def noted() -> Noted:
    """What was noted; nothing, if nobody has done so yet."""
    if not FILE.exists():
        return {}
    found: Noted = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def note(runs: Sequence[Sequence[Figure]]) -> None:
    """Note the ratios of some short runs for those to come: of each the worst, lest luck becomes the measure."""
    worst: dict[str, dict[str, float]] = {}
    for figures in runs:
        better = {figure.id: figure.better for figure in figures}
        for id, found in ratios(figures).items():
            for name, ratio in found.items():
                before = worst.setdefault(id, {}).setdefault(name, ratio)
                worst[id][name] = (max if better[id] == "less" else min)(before, ratio)
    text = json.dumps({id: found for id, found in sorted(worst.items()) if found}, indent=2)
    FILE.write_text(text + "\n", encoding="utf-8")


def falls(figures: Sequence[Figure], noted: Noted) -> dict[str, str]:
    """What has fallen grossly, a sentence for each figure by its id."""
    told = {}
    for figure in figures:
        for name, before in noted.get(figure.id, {}).items():
            if name in figure.against:
                both = figure.ratio(name), figure.ratio_of_best(name)
                after = min(both) if figure.better == "less" else max(both)
                if (worse := 1 / speedup(before, after, figure.better)) > GROSS:
                    told[figure.id] = (
                        f"{figure.label}: {number(after)} times {name}, noted are {number(before)} times, "
                        f"{worse:.1f} times better"
                    )
    return told
