"""What is measured, a module per subject; each has ``measure(run)``, which gives its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from benchmarks.figures import Figure
from benchmarks.run import Run

#: The subjects in the order of the table.
NAMES = ["writes", "batches", "files", "errors", "client", "life", "cold", "plugin", "memory", "growth"]


def measure_of(name: str) -> Callable[[Run], Iterator[Figure]]:
    """The measure of a subject; imported only when asked for."""
    found: Callable[[Run], Iterator[Figure]] = import_module(f"benchmarks.measures.{name}").measure
    return found
