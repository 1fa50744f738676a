"""One run: which servers take part, how much of everything is done, what has to be told beside the figures."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from functools import cached_property
from typing import Any, TypeVar

from benchmarks import places
from benchmarks.processes import Child, environment
from benchmarks.servers import INFLUXD

_Amount = TypeVar("_Amount")
#: The baselines in the order of the table.
FLASK, DISK, TMPFS = "flask", "influxd-disk", "influxd-tmpfs"
BASELINES = [FLASK, DISK, TMPFS]


class Run:
    """Servers start when a measure asks for them, and all of them end with the run (``with Run() as run:``)."""

    def __init__(self, *, short: bool = False) -> None:
        self.short = short
        self.notes: list[str] = []
        self._stack = ExitStack()
        self._servers: dict[str, Child] = {}

    def __enter__(self) -> Run:
        try:
            self.bytecode = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mockflux-benchmark-"))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def env(self) -> dict[str, str]:
        """The environment of every process."""
        return environment(self.bytecode)

    @cached_property
    def folders(self) -> dict[str, str]:
        """Where the data of an influxd lie, by baseline; empty where there is none, and in the short form."""
        if self.short:
            return {}
        if not os.access(INFLUXD, os.X_OK):
            self.note(f"no influxd: {INFLUXD} is not there (Debian: apt-get install influxdb); held against Flask only")
            return {}
        found = {DISK: places.disk(), TMPFS: places.memory()}
        for name, place in found.items():
            if place is None:
                self.note(f"no {name}: no folder for temporary data is on such a file system")
            else:
                self.note(f"{name}: data on {place[1]}")
        return {name: place[0] for name, place in found.items() if place is not None}

    def amount(self, full: _Amount, short: _Amount) -> _Amount:
        """How much of something, by the form of the run."""
        return short if self.short else full

    def note(self, text: str) -> None:
        """A line that goes with the figures."""
        if text not in self.notes:
            self.notes.append(text)

    def say(self, text: str) -> None:
        """What is going on, for who waits at a terminal."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def child(self, target: str, **arguments: Any) -> Child:
        """A subject in a process of its own; the measure may close it, or leave that to the end of the run."""
        child = Child(self.env, target, **arguments)
        self._stack.callback(child.close)
        return child

    def server(self, name: str) -> Child:
        """A server that serves the whole run: ``mockflux``, ``flask``, ``serve``, ``floor``, or an influxd."""
        if name not in self._servers:
            if name in (DISK, TMPFS):
                made = self.child("benchmarks.servers:Influxd", folder=self.folders[name])
            else:
                made = self.child(f"benchmarks.servers:{name.capitalize()}")
            self._servers[name] = made
        return self._servers[name]

    def baselines(self) -> list[str]:
        """The baselines that can be there for what goes over the wire."""
        return [FLASK, *(name for name in (DISK, TMPFS) if name in self.folders)]

    def fresh(self, *names: str) -> dict[str, Child]:
        """Those servers and all baselines, emptied."""
        servers = {name: self.server(name) for name in (*names, *self.baselines())}
        for server in servers.values():
            server.do("reset")
        return servers
