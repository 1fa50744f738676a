"""What the plugin costs a pytest run that does not use it: of the run, and of the import alone.

The run is one empty test, with the plugin and without it, every other installed plugin left out. Two runs of a process
differ by more than the plugin costs, so there are many, in pairs, and the time on the CPU is told beside. The import is
timed within fresh interpreters that have pytest; its baseline is a loop of pure Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any

from benchmarks.figures import Figure, interleaved
from benchmarks.run import Run

_IMPORT = """\
import json, sys, time
import pytest
def loop():
    begun, total = time.perf_counter_ns(), 0
    for n in range(30_000):
        total += n % 7
    return time.perf_counter_ns() - begun
loops = sorted(loop() for _ in range(5))
before = set(sys.modules)
begun = time.perf_counter_ns()
import mockflux.pytest_plugin
took = time.perf_counter_ns() - begun
print(json.dumps([took / 1e6, loops[2] / 1e6, sorted(set(sys.modules) - before)]))
"""


def measure(run: Run) -> Iterator[Figure]:
    yield from _import(run)
    if not run.short:
        yield from _pytest(run)


def _import(run: Run) -> Iterator[Figure]:
    took: list[float] = []
    loops: list[float] = []
    modules: list[str] = []
    for number in range(run.amount(21, 7) + 1):
        out = subprocess.run([sys.executable, "-c", _IMPORT], env=run.env, capture_output=True, text=True, check=True)
        import_, loop, modules = json.loads(out.stdout)
        if number:
            took.append(import_)
            loops.append(loop)
    run.note(f"the plugin imports, beside what pytest has: {', '.join(modules)}")
    yield Figure("plugin.import", "plugin: its import, after pytest's", "ms", took, {"loop": loops})


def _pytest(run: Run) -> Iterator[Figure]:
    installed = {point.name for point in entry_points(group="pytest11")}
    others = [word for name in sorted(installed - {"mockflux"}) for word in ("-p", f"no:{name}")]
    # From a clone that is not installed pytest has to be told of the plugin.
    with_it, without = (
        ([], ["-p", "no:mockflux"]) if "mockflux" in installed else (["-p", "mockflux.pytest_plugin"], [])
    )
    with tempfile.TemporaryDirectory(prefix="mockflux-benchmark-") as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")

        def once(*words: str) -> dict[str, float]:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *others, *words]
            begun = perf_counter_ns()
            process: Any = subprocess.Popen(
                command, cwd=folder, env=run.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            if not hasattr(os, "wait4"):  # Windows
                code, cpu = process.wait(), float("nan")
            else:
                _, status, used = os.wait4(process.pid, 0)
                code, cpu = os.waitstatus_to_exitcode(status), (used.ru_utime + used.ru_stime) * 1e3
                process.returncode = code
            if code:
                raise RuntimeError(f"{command} ended with code {code}")
            return {"wall": (perf_counter_ns() - begun) / 1e6, "cpu": cpu}

        got = interleaved(40, {"with": lambda _: once(*with_it), "without": lambda _: once(*without)})
    for metric, word in (("wall", "a pytest run of one empty test"), ("cpu", "its time on the CPU")):
        values = got[metric]
        yield Figure(
            f"plugin.run.{metric}", f"{word}, with plugin", "ms", values["with"], {"without": values["without"]}
        )
        cost = [more - less for more, less in zip(values["with"], values["without"], strict=True)]
        spread = median(abs(value - median(cost)) for value in cost)
        label = f"plugin: what it adds to {'the run' if metric == 'wall' else 'the time on the CPU'} (± {spread:.1f})"
        yield Figure(f"plugin.cost.{metric}", label, "ms", cost)
