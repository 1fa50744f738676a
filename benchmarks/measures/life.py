"""Start and stop in a warm process, with an idle keep-alive connection open at the stop.

A start is what a fixture does: Server(…) and start(). Flask's app is built beforehand; that of mockflux's profile, too.
For influxd it is the time from exec to the first answer, and from SIGTERM to its end.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from statistics import median
from time import perf_counter_ns
from typing import Any

from benchmarks import client
from benchmarks.figures import Figure, figure, interleaved
from benchmarks.run import DISK, FLASK, TMPFS, Run
from benchmarks.servers import answer_of, end, serve_by_werkzeug, start_influxd

EDITIONS = ["v2-oss", "v2-cloud", "v3-serverless", "v3-dedicated", "v3-clustered", "v3-core", "v3-enterprise"]


class Lives:
    """Servers started and stopped within one process."""

    def facts(self) -> list[str]:
        return EDITIONS

    def mockflux(self, edition: str, times: int) -> dict[str, float]:
        """The medians of several lives, in ms; one more before them is not counted."""
        import mockflux

        return _medians([_life(lambda: mockflux.Server(edition)) for _ in range(times + 1)][1:])

    def flask(self) -> dict[str, float]:
        """One life, in ms; its stop alone takes half a second."""
        from benchmarks import naive

        if not hasattr(self, "app"):
            self.app = naive.application([])
        return _life(lambda: _Werkzeug(self.app))

    def close(self) -> None:
        """Nothing runs between two calls."""


class _Werkzeug:
    def __init__(self, app: Any) -> None:
        self._app = app

    def start(self) -> None:
        self._server = serve_by_werkzeug(self._app)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _life(make: Any) -> dict[str, float]:
    begun = perf_counter_ns()
    server = make()
    server.start()
    started = perf_counter_ns()
    with client.connected(server.port) as sock:
        sock.sendall(client.ping(server.port))
        client.receive(sock, 0)  # some editions do not know /ping, some want a token
        answered = perf_counter_ns()
        server.stop()
        stopped = perf_counter_ns()
    return {
        "start": (started - begun) / 1e6,
        "answer": (answered - begun) / 1e6,
        "stop": (stopped - answered) / 1e6,
    }


def _influxd(folder: str) -> dict[str, float]:
    begun = perf_counter_ns()
    process, port, home = start_influxd(folder)
    try:
        try:
            answer_of(port, process)
        finally:
            answered = perf_counter_ns()
            end(process)
        stopped = perf_counter_ns()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    started = (answered - begun) / 1e6
    return {"start": started, "answer": started, "stop": (stopped - answered) / 1e6}


def _medians(lives: list[dict[str, float]]) -> dict[str, float]:
    return {metric: median(life[metric] for life in lives) for metric in lives[0]}


def measure(run: Run) -> Iterator[Figure]:
    lives, times = run.child("benchmarks.measures.life:Lives"), run.amount(5, 5)
    editions = EDITIONS if not run.short else EDITIONS[:1]
    alternatives: dict[str, Any] = {
        edition: lambda _, edition=edition: lives.do("mockflux", edition=edition, times=times) for edition in editions
    }
    alternatives[FLASK] = lambda _: lives.do("flask")
    for name in (DISK, TMPFS):
        if name in run.folders:
            alternatives[name] = lambda _, name=name: _influxd(run.folders[name])
    got = interleaved(run.amount(11, 5), alternatives)
    lives.close()
    words = {"start": "start", "answer": "start to first answer", "stop": "stop, a connection open"}
    for edition in editions:
        for metric, word in words.items():
            label = f"{word}, {edition}"
            yield figure(f"life.{metric}.{edition}", label, "ms", got[metric], edition, run.baselines())
