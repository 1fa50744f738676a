"""Bytes that a stored point takes, in a fresh process for each figure, written over the wire.

The journal is filled first, with comments: what it holds is bounded, and no part of a point.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import client, corpora
from benchmarks.figures import Figure
from benchmarks.run import FLASK, Run
from benchmarks.servers import Flask, Mockflux

#: More than the journal keeps, in pieces that are small beside what is weighed.
_COMMENTS, _COMMENT = 1_200, b"# " + b"x" * 2**14 + b"\n"


class Weighed:
    """A server that is filled in its own process."""

    def __init__(self, server: str) -> None:
        self._server = Mockflux() if server == "mockflux" else Flask()

    def facts(self) -> dict[str, Any]:
        return self._server.facts()

    def close(self) -> None:
        self._server.close()

    def bytes_per_point(self, kind: str, points: int, by: str) -> float:
        """What the process grows by (``by="rss"``), or what Python allocates (``by="tracemalloc"``)."""
        make = {"small": corpora.small, "typical": corpora.typical}[kind]
        if by == "tracemalloc":
            tracemalloc.start()
        self._write([_COMMENT] * (_COMMENTS if isinstance(self._server, Mockflux) else 1))
        self._write(make(seed) for seed in range(4))  # whole batches: what it takes to read one is there then
        before = _weight(by)
        # Other seeds than those above: nothing is written twice.
        self._write(make(10 + seed) for seed in range(points // corpora.BATCH))
        after = _weight(by)
        tracemalloc.stop()
        return (after - before) / (points // corpora.BATCH * corpora.BATCH)

    def _write(self, bodies: Any) -> None:
        facts = self.facts()
        client.one_by_one(facts["port"], (client.request(facts, body) for body in bodies))


def _weight(by: str) -> int:
    gc.collect()
    if by == "tracemalloc":
        return tracemalloc.get_traced_memory()[0]
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measure(run: Run) -> Iterator[Figure]:
    ways = [("small", 10**5, "tracemalloc"), ("small", 10**6, "rss"), ("typical", 10**5, "tracemalloc")]
    if run.short:
        ways = [("small", 2 * 10**4, "tracemalloc")]
    if not sys.platform.startswith("linux"):
        run.note("skipped: bytes per point by what a process takes; that is read from /proc")
        ways = [way for way in ways if way[2] == "tracemalloc"]
    for kind, points, by in ways:
        say = {"rss": "resident", "tracemalloc": "allocated"}[by]
        baseline_points = min(points, 5 * 10**4)  # a dict takes as much as the next
        values = {}
        for server, number in (("mockflux", points), (FLASK, baseline_points)):
            child = run.child("benchmarks.measures.memory:Weighed", server=server)
            values[server] = child.do("bytes_per_point", kind=kind, points=number, by=by)
            child.close()
        fields = "1 field" if kind == "small" else "10 fields"
        label = f"bytes a point of {fields}, {points:,} points, {say}"
        yield Figure(f"memory.{kind}.{points}.{by}", label, "bytes", [values["mockflux"]], {FLASK: [values[FLASK]]})
