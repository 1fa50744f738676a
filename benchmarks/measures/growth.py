"""What a single write costs as points, series and the journal grow: p50, held against the smallest of the same run.

All sizes are there at once, each in a server of its own, and take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import client, corpora
from benchmarks.figures import Figure, interleaved, latencies
from benchmarks.processes import Child
from benchmarks.run import Run
from benchmarks.servers import Mockflux

_TIME = 1_600_000_000_000_000_000


class Grown(Mockflux):
    """A server that is made to hold much, past the wire."""

    def points(self, count: int) -> None:
        """So many points of the series that single writes go to, at times before theirs."""
        for start in range(0, count, corpora.BATCH):
            lines = range(start, min(start + corpora.BATCH, count))
            self.server.write("\n".join(f"cpu,host=server01,region=eu value=0.5 {_TIME + n * 1000}" for n in lines))

    def series(self, count: int) -> None:
        """So many series of one point each."""
        for start in range(0, count, corpora.BATCH):
            lines = range(start, min(start + corpora.BATCH, count))
            self.server.write("\n".join(f"cpu,host=h{n:06},region=eu value=0.5 {_TIME}" for n in lines))

    def forgotten(self) -> int:
        """How many exchanges its journal has forgotten."""
        return self.server.journal.forgotten


def measure(run: Run) -> Iterator[Figure]:
    yield from _grown(run, "points", run.amount([10**3, 10**4, 10**5, 10**6], [10**3, 10**5]), _to_one_series)
    sizes = run.amount([10**2, 10**3, 10**4, 10**5], [10**2, 10**4])
    yield from _grown(run, "series", sizes, _to_some_series)
    if not run.short:
        yield from _grown(run, "series", sizes, _to_any_series, "any")
        yield from _grown(run, "series", sizes, _new_series, "new")
    yield from _journal(run)


_Bodies = Callable[[int, int, int], list[bytes]]  # of a size, a round and a count


def _to_one_series(size: int, number: int, count: int) -> list[bytes]:
    return corpora.singles(count, number * count)


def _to_some_series(size: int, number: int, count: int) -> list[bytes]:
    """To a hundred series, from all over the place, and always the same ones."""
    start = _TIME + 1 + number * count
    return [b"cpu,host=h%06d,region=eu value=0.6 %d" % (n % 100 * (size // 100), start + n) for n in range(count)]


def _to_any_series(size: int, number: int, count: int) -> list[bytes]:
    """To all series in turn, so that of many hardly one comes twice. 7,919 is prime to every size."""
    start = 1 + number * count
    return [
        b"cpu,host=h%06d,region=eu value=0.6 %d" % ((start + n) * 7_919 % size, _TIME + start + n) for n in range(count)
    ]


def _new_series(size: int, number: int, count: int) -> list[bytes]:
    start = number * count
    return [b"cpu,host=n%06d,region=eu value=0.6 %d" % (start + n, _TIME) for n in range(count)]


def _grown(run: Run, what: str, sizes: list[int], bodies: _Bodies, kind: str = "") -> Iterator[Figure]:
    children = {size: run.child("benchmarks.measures.growth:Grown") for size in sizes}
    for size, child in children.items():
        child.begin(what, count=size)
    for child in children.values():
        child.finish()
    count = 10 if kind == "new" else run.amount(300, 150)  # few new ones: there must not be many more than there were
    alternatives: dict[str, Any] = {
        str(size): lambda number, child=child, size=size: _write(child, bodies(size, number, count))
        for size, child in children.items()
    }
    got = interleaved(run.amount(15, 5), alternatives)["p50"]
    for child in children.values():
        child.close()
    saying = {
        "": "single write",
        "any": "single write to a series of long ago",
        "new": "single write of a new series",
    }[kind]
    id = f"growth.{kind}-{what}" if kind else f"growth.{what}"
    for size in sizes:
        label = f"{saying}, {size:,} {what} stored, p50"
        yield Figure(f"{id}.{size}", label, "µs", got[str(size)], _first(got, str(sizes[0]), str(size)))


def _journal(run: Run) -> Iterator[Figure]:
    """A journal that is empty at the start of each round, one that is filling, one that turns over."""
    fills = {"empty": 0, "filling": run.amount(4_000, 0), "turning": run.amount(20_000, 10_000)}
    fills = {name: count for name, count in fills.items() if count or name == "empty"}
    children = {name: run.child("benchmarks.measures.growth:Grown") for name in fills}
    for name, child in children.items():
        bodies = corpora.singles(fills[name], 10**6)
        client.side_by_side(child.facts["port"], [client.request(child.facts, body) for body in bodies], 1)
    count, state = run.amount(300, 150), {name: child.do("forgotten") > 0 for name, child in children.items()}
    if not state["turning"]:
        run.note(f"the journal does not turn over after {fills['turning']:,} writes: that figure is of one that fills")
    if state.get("filling"):
        run.note("the journal that should be filling turns over already")

    def write(name: str, number: int) -> dict[str, float]:
        if name == "empty":
            children[name].do("reset")
        return _write(children[name], corpora.singles(count, number * count))

    alternatives: dict[str, Any] = {name: lambda number, name=name: write(name, number) for name in children}
    got = interleaved(run.amount(15, 5), alternatives)
    for child in children.values():
        child.close()
    words = {"empty": "empty", "filling": f"filling, after {fills.get('filling', 0):,}", "turning": "turning over"}
    for metric in ("p50", "p99"):
        for name in children:
            label = f"single write, journal {words[name]}, {metric}"
            against = _first(got[metric], "empty", name)
            yield Figure(f"growth.journal.{name}.{metric}", label, "µs", got[metric][name], against)


def _write(child: Child, bodies: list[bytes]) -> dict[str, float]:
    requests = [client.request(child.facts, body) for body in bodies]
    return latencies(client.one_by_one(child.facts["port"], requests))


def _first(got: dict[str, list[float]], first: str, name: str) -> dict[str, list[float]]:
    return {} if name == first else {"first": got[first]}
