"""Results as JSON, and two of them compared by their ratios: absolute figures differ between machines and moments."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, is_tail
from benchmarks.processes import CLONE
from benchmarks.table import aligned, number

FORMAT = 1
#: A ratio that moves by less than this is noise.
_NOISE = 1.2


def results(figures: Sequence[Figure], notes: Sequence[str], *, short: bool) -> dict[str, Any]:
    """All that is kept of a run."""
    return {
        "format": FORMAT,
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain")),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "short": short,
        "notes": list(notes),
        "figures": [figure.as_json() for figure in figures],
    }


def heading(result: dict[str, Any]) -> str:
    """Of what a result is, in one line."""
    commit = (result["commit"] or "no commit")[:10] + (" with changes" if result["changed"] else "")
    return f"{commit}, {result['python']}, {result['system']}, {result['cpus']} CPUs, {result['date']}"


def load(path: str | Path) -> dict[str, Any]:
    """A result as it was written. Raises ValueError for a file that is none."""
    try:
        result = json.loads(Path(path).read_text(encoding="utf-8"))
        if result["format"] != FORMAT:
            raise ValueError(f"{path} has format {result['format']}, not {FORMAT}")
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{path} is no result of `python -m benchmarks --json`") from None
    found: dict[str, Any] = result
    return found


def compare(old: dict[str, Any], new: dict[str, Any]) -> str:
    """How the ratios changed, and what only one of both has. Raises ValueError if that is all of it."""
    before = {figure["id"]: figure for figure in old["figures"]}
    after = {figure["id"]: figure for figure in new["figures"]}
    for id in after.keys() & before.keys():
        assert before[id]["unit"] == after[id]["unit"], id
    rows = [row for id, figure in after.items() if id in before for row in _changes(before[id], figure)]
    if not rows:
        raise ValueError("these two results have nothing in common: no figure is in both, held against the same")
    lines = [f"old: {heading(old)}", f"new: {heading(new)}", *_cautions(old, new)]
    lines += ["", aligned([["", "÷", "old", "new", "change", ""], *rows], left={0, 1, 5})]
    for what, one, other in (("old", before, after), ("new", after, before)):
        if only := list(_missing(one, other)):
            lines += ["", f"only in {what}:", *(f"  {text}" for text in only)]
    return "\n".join(lines)


def _cautions(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in ("python", "system", "cpus"):
        if old[name] != new[name]:
            yield f"careful: {name} was {old[name]} and is {new[name]}"
    if old["short"] != new["short"]:
        forms = {True: "a --short run, which does less of everything", False: "a full run"}
        yield f"careful: old is {forms[old['short']]}, new is {forms[new['short']]}"


def _missing(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What there is no counterpart for: figures, by their labels, and baselines, of single figures or of them all."""
    known = {name for figure in other.values() for name in figure["against"]}
    shared = [figure for id, figure in one.items() if id in other]
    alone = dict.fromkeys(name for figure in shared for name in figure["against"] if name not in known)
    for id, figure in one.items():
        if id not in other:
            yield figure["label"]
        elif only := [name for name in figure["against"] if name in known and name not in other[id]["against"]]:
            yield f"{figure['label']} ÷ {', '.join(only)}"
    yield from (f"all that is held against {name}" for name in alone)


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[list[str]]:
    for name, against in new["against"].items():
        if name in old["against"]:
            before, after = old["against"][name]["ratio"], against["ratio"]
            change = f"× {after / before:.2f}" if before else ""
            verdict = "" if is_tail(new["id"]) else _verdict(speedup(before, after, new["better"]))
            yield [new["label"], name, number(before), number(after), change, verdict]


def _verdict(gain: float) -> str:
    if 1 / _NOISE < gain < _NOISE:
        return ""
    return "better" if gain > 1 else "WORSE"


def speedup(before: float, after: float, better: str) -> float:
    """How much better a ratio has become, as a factor; below 1 it is worse. 1 where nothing can be said."""
    if before <= 0 or after <= 0:
        return 1.0
    return before / after if better == "less" else after / before


def _git(*words: str) -> str:
    try:
        out = subprocess.run(["git", *words], cwd=CLONE, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return out.stdout.strip()
