"""Processes that a run starts: those that follow orders (:mod:`benchmarks.child`), and their environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

CLONE = Path(__file__).resolve().parents[1]


class ChildFailed(Exception):
    """A child could not do what it was told; the text is its traceback."""


def environment(bytecode: str) -> dict[str, str]:
    """For every process of a run. Bytecode is kept, in a folder of the run's own: who measures a start measures no
    compiler, and leaves nothing in the clone. Neither variables for mockflux nor for influxd come in from outside."""
    ours = ("MOCKFLUX_", "INFLUX", "DOCKER_INFLUXDB_", "PYTEST_", "PYTHONDONTWRITEBYTECODE", "PYTHONPROFILE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    before = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {**kept, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONPATH": os.pathsep.join([str(CLONE), *before])}


class Child:
    """A subject in a process of its own. ``facts`` is what it says of itself."""

    def __init__(self, env: Mapping[str, str], target: str, **arguments: Any) -> None:
        self._target = target
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.child", target, json.dumps(arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CLONE, env=dict(env), text=True, encoding="utf-8",
        )  # fmt: skip
        try:
            self.facts: Any = self._answer()
        except BaseException:
            self.close()
            raise

    def do(self, method: str, **arguments: Any) -> Any:
        """Call a method of the subject. Raises ChildFailed if it does."""
        self.begin(method, **arguments)
        return self._answer()

    def begin(self, method: str, **arguments: Any) -> None:
        """Call a method and do not wait; :meth:`finish` does."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": method, "with": arguments}) + "\n")
        self._process.stdin.flush()

    def finish(self) -> Any:
        """What the method that was begun returned."""
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildFailed(f"{self._target} ended with code {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise ChildFailed(f"{self._target}: {answer['error']}")
        return answer["ok"]

    def close(self) -> None:
        """End it: by the end of its stdin, else by SIGTERM, else by SIGKILL."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        for end, patience in ((process.terminate, 2.0), (process.kill, 10.0)):
            try:
                process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                end()
        process.wait()
        process.stdout.close()
