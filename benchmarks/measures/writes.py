"""Single writes on keep-alive connections, one point each: from another process, and from within mockflux's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks import client, corpora
from benchmarks.figures import Figure, figure, interleaved, latencies
from benchmarks.processes import Child
from benchmarks.run import Run

_LABELS = {
    "mockflux": "single write",
    "v1": "single write at /write",
    "serve": "single write, `mockflux serve` with its log",
    "within": "single write, client in the same process",
    "floor": "(the client alone: a socket that says 204)",
}


def measure(run: Run) -> Iterator[Figure]:
    servers = run.fresh(*run.amount(["mockflux", "serve", "floor"], ["mockflux"]))
    for connections in (1, 8):
        count = run.amount(500, 200) * (2 if connections > 1 else 1)

        def outside(server: Child, door: str = "", *, number: int = connections, count: int = count) -> _Alternative:
            def write(round: int) -> Mapping[str, float]:
                bodies = corpora.singles(count, round * count)
                requests = [client.request(server.facts, body, door=door) for body in bodies]
                return latencies(client.side_by_side(server.facts["port"], requests, number))

            return write

        def inside(server: Child, *, number: int = connections, count: int = count) -> _Alternative:
            return lambda round: latencies(
                server.do("writes", count=count, start=(1_000 + round) * count, connections=number)
            )

        alternatives = {name: outside(server) for name, server in servers.items()}
        if not run.short:
            alternatives["v1"] = outside(servers["mockflux"], "v1")
        alternatives["within"] = inside(servers["mockflux"])
        alternatives["flask within"] = inside(servers["flask"])
        got = interleaved(run.amount(15, 5), alternatives)
        for mine, label in _LABELS.items():
            for metric in ("p50", "p99"):
                if mine not in got[metric]:
                    continue
                text = f"{label}, {connections} connection{'s' if connections > 1 else ''}, {metric}"
                values = got[metric]
                if mine == "within":  # Flask, too, has its client in its process then
                    values = {**values, "flask": values["flask within"]}
                yield figure(f"write.{mine}.{connections}.{metric}", text, "µs", values, mine, run.baselines())


_Alternative = Callable[[int], Mapping[str, float]]
