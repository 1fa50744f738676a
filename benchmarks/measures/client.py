"""What the official Python client sees, writing single points synchronously. InfluxDB 1.6 has no door for it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.figures import Figure, figure, interleaved, latencies
from benchmarks.run import FLASK, Run
from benchmarks.servers import influxdb_client


def measure(run: Run) -> Iterator[Figure]:
    if run.short:
        return
    if find_spec("influxdb_client") is None:
        run.note("skipped: the Python client's own view; influxdb-client is not installed")
        return
    servers, count = {name: run.server(name) for name in ("mockflux", FLASK, "floor")}, 200
    for server in servers.values():
        server.do("reset")
    outside = {
        name: lambda number, facts=server.facts: latencies(influxdb_client(facts, count, number * count))
        for name, server in servers.items()
    }
    inside = {
        name: lambda number, server=servers[name]: latencies(
            server.do("influxdb_client", count=count, start=(1_000 + number) * count)
        )
        for name in ("mockflux", FLASK)
    }
    for where, alternatives in (("in another process", outside), ("in the same process", inside)):
        got = interleaved(9, alternatives)
        for metric in ("p50", "p99"):
            id = f"client.{'outside' if alternatives is outside else 'inside'}"
            label = f"influxdb-client {where}, one point, {metric}"
            yield figure(f"{id}.{metric}", label, "µs", got[metric], "mockflux", [FLASK])
            if "floor" in got[metric]:
                label = f"(influxdb-client alone: a socket that says 204), {metric}"
                yield figure(f"{id}.floor.{metric}", label, "µs", got[metric], "floor", [FLASK])
