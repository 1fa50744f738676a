"""Where temporary data can lie: on a disk, in memory. What is told of it are kinds of file systems, never paths."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

_IN_MEMORY = ("tmpfs", "ramfs")
_CLONE = Path(__file__).resolve().parents[1]


def disk() -> tuple[str, str] | None:
    """A folder that is not in memory, with its file system; None if there is none."""
    for folder in (tempfile.gettempdir(), str(_CLONE)):
        if (kind := filesystem(folder)) not in _IN_MEMORY:
            return folder, kind
    return None


def memory() -> tuple[str, str] | None:
    """A folder in memory, with its file system; None if there is none."""
    for folder in ("/dev/shm", tempfile.gettempdir()):
        if Path(folder).is_dir() and (kind := filesystem(folder)) in _IN_MEMORY:
            return folder, kind
    return None


def filesystem(folder: str, mounts: Iterable[str] | None = None) -> str:
    """The kind of the file system that a folder is on, ``unknown`` where the system does not tell."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "unknown"
    path, found, kind = Path(folder).resolve(), -1, "unknown"
    for line in mounts:
        _, where, type_, *_ = line.split(" ")
        point = Path(where.replace("\\040", " "))
        # Of two at the same place the later one is on top.
        if len(point.parts) >= found and (point == path or point in path.parents):
            found, kind = len(point.parts), type_
    return kind
