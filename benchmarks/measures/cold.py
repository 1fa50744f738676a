"""A process from exec to its first answer: `mockflux serve`, the Flask handler as a script, influxd.

Bytecode is there from the first round, which does not count.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter_ns
from typing import Any

from benchmarks.figures import Figure, figure, interleaved
from benchmarks.processes import CLONE
from benchmarks.run import DISK, FLASK, TMPFS, Run
from benchmarks.servers import answer_of, end, free_ports, start_influxd

_FLASK = (
    "import sys; from benchmarks import naive, servers;"
    "servers.serve_by_werkzeug(naive.application([]), int(sys.argv[1])).serve_forever()"
)


def measure(run: Run) -> Iterator[Figure]:
    def python(*words: str) -> dict[str, float]:
        [port] = free_ports(1)
        begun = perf_counter_ns()
        process: Any = subprocess.Popen(
            [sys.executable, *words, str(port)],
            cwd=CLONE, env=run.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return _lived(begun, process, port)

    def influxd(folder: str) -> dict[str, float]:
        begun = perf_counter_ns()
        process, port, home = start_influxd(folder)
        try:
            return _lived(begun, process, port)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    alternatives: dict[str, Any] = {
        "mockflux": lambda _: python("-m", "mockflux", "serve", "--quiet", "--port"),
        FLASK: lambda _: python("-c", _FLASK),
    }
    for name in (DISK, TMPFS):
        if name in run.folders:
            alternatives[name] = lambda _, name=name: influxd(run.folders[name])
    got = interleaved(run.amount(11, 3), alternatives)
    words = {"answer": "exec to first answer", "stop": "SIGTERM to exit"}
    for metric, word in list(words.items())[: run.amount(2, 1)]:  # three rounds say nothing of the end
        yield figure(f"cold.{metric}", f"`mockflux serve`, {word}", "ms", got[metric], "mockflux", run.baselines())


def _lived(begun: int, process: Any, port: int) -> dict[str, float]:
    try:
        answer_of(port, process)
    finally:
        answered = perf_counter_ns()
        end(process)
    return {"answer": (answered - begun) / 1e6, "stop": (perf_counter_ns() - answered) / 1e6}
