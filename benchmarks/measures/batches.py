"""Batches of 5,000 lines of three kinds, one request each; lines per second, the way over the wire included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import client, corpora
from benchmarks.figures import Figure, figure, interleaved
from benchmarks.run import FLASK, Run


def measure(run: Run) -> Iterator[Figure]:
    kinds: dict[str, Callable[[int], bytes]] = {
        "small": corpora.small,
        "typical": corpora.typical,
        "nasty": corpora.nasty,
    }
    if not run.short:
        kinds["unsigned"] = partial(corpora.nasty, unsigned=True)
    for kind, make in kinds.items():
        servers = run.fresh("mockflux")
        rounds = run.amount(9, 3)
        bodies = [make(number) for number in range(rounds + 1)]
        if kind == "unsigned":  # which InfluxDB 1.6 does not know
            servers = {name: servers[name] for name in ("mockflux", FLASK)}
        alternatives = {
            name: lambda number, server=server, bodies=bodies: {
                "speed": speed(server.facts, bodies[number], corpora.BATCH)
            }
            for name, server in servers.items()
        }
        got = interleaved(rounds, alternatives)["speed"]
        label = "nasty lines with unsigned integers" if kind == "unsigned" else f"{kind} lines"
        yield figure(f"batch.{kind}", f"5,000 {label}", "lines/s", got, "mockflux", run.baselines(), "more")


def speed(facts: dict[str, object], body: bytes, lines: int, precision: str = "") -> float:
    """Lines per second of one write."""
    [time] = client.one_by_one(int(str(facts["port"])), [client.request(facts, body, precision=precision)])
    return lines / time * 1e9
