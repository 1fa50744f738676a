"""The files of ../shared/data, each whole in one request: into an empty server, and once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from benchmarks import corpora
from benchmarks.figures import Figure, figure, interleaved
from benchmarks.measures.batches import speed
from benchmarks.processes import Child
from benchmarks.run import Run


def measure(run: Run) -> Iterator[Figure]:
    if run.short:
        return
    found = corpora.files()
    for name in sorted(corpora.FILES.keys() - found.keys()):
        run.note(f"skipped: {name} is not in ../shared/data")
    for name, body in found.items():
        servers, lines, precision = run.fresh("mockflux"), corpora.points_in(body), corpora.FILES[name]
        alternatives = {of: partial(_twice, server, body, lines, precision) for of, server in servers.items()}
        got = interleaved(9, alternatives)
        for metric, word in (("first", "into an empty server"), ("again", "once more")):
            label = f"{name}, {lines:,} lines, {word}"
            yield figure(f"file.{name}.{metric}", label, "lines/s", got[metric], "mockflux", run.baselines(), "more")


def _twice(server: Child, body: bytes, lines: int, precision: str, round: int) -> Mapping[str, float]:
    """As a test has it that starts with a fresh server; and when series and fields are known already."""
    server.do("reset")
    return {metric: speed(server.facts, body, lines, precision) for metric in ("first", "again")}
