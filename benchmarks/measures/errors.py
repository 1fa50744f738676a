"""Answers that say no, on one connection: 400 with what is wrong, 401, 404.

The influxd beside asks for no password; for 401 another one is started that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from benchmarks import client
from benchmarks.figures import Figure, figure, interleaved, latencies
from benchmarks.run import DISK, TMPFS, Run

_BAD = b"cpu,host=server01 value=1 1700000000000000000\ncpu,host=server01 value= 1700000000000000001\n"
_GOOD = b"cpu,host=server01 value=1 1700000000000000000"
#: Status, body, and what else of the request is not as it should be.
_WRONG: list[tuple[int, bytes, dict[str, str]]] = [
    (400, _BAD, {}),
    (401, _GOOD, {"token": ""}),
    (404, _GOOD, {"target": "nowhere"}),
]


def measure(run: Run) -> Iterator[Figure]:
    servers = run.fresh("mockflux")
    for status, body, other in _WRONG:
        asked = dict(servers)
        if status == 401:
            for name in (DISK, TMPFS):
                if name in asked:
                    asked[name] = run.child("benchmarks.servers:Influxd", folder=run.folders[name], auth=True)
        count = run.amount(300, 100)
        alternatives = {}
        for name, server in asked.items():
            requests = [client.request(server.facts, body, **other)] * count
            alternatives[name] = partial(_answers, server.facts["port"], requests, status)
        got = interleaved(run.amount(9, 6), alternatives)
        for metric in ("p50", "p99"):
            label = f"answer {status}, {metric}"
            yield figure(f"error.{status}.{metric}", label, "µs", got[metric], "mockflux", run.baselines())
        for name in asked.keys() - {"mockflux"}:
            if asked[name] is not servers[name]:
                asked[name].close()


def _answers(port: int, requests: list[bytes], status: int, round: int) -> Mapping[str, float]:
    return latencies(client.one_by_one(port, requests, status))
