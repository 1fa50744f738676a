"""What ``mockflux record`` does: the vectors to play, and the file of what a live server answered."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mockflux.cli.showing import printable
from mockflux.cli.verifying import chosen, ending_cleanly, expectations, sentences, telling, write
from mockflux.contract.live import Live
from mockflux.contract.live_making import left_line
from mockflux.contract.record import Recorded, record
from mockflux.contract.record_file import text_of
from mockflux.contract.vector import Vector, load_tables


def requests(name: str, vectors: str) -> tuple[list[Vector], dict[str, dict[str, Any]]]:
    """The vectors that a path of a file or folder, or a pattern of ids, means for a profile; and their tables by id.

    Raises ValueError where there are none.
    """
    path = Path(vectors)
    where = path if path.suffix == ".toml" or path.exists() else None
    id, found = expectations(name, where)
    return chosen(found, None if where is not None else vectors), load_tables(id, where)


def refuse_to_overwrite(out: Path, yes: bool) -> None:
    """Raise ValueError for a file that is there, unless ``yes``, and for one that cannot be written."""
    if out.exists() and not yes:
        raise ValueError(f"{out} is there already; --yes says that it may be overwritten")
    folder = out.parent
    if not folder.is_dir():
        raise ValueError(f"cannot write {out}: there is no folder {folder}")
    if out.is_dir():
        raise ValueError(f"cannot write {out}: it is a folder")
    if not os.access(out if out.exists() else folder, os.W_OK):
        raise ValueError(f"cannot write {out}: it is not permitted")


def run(
    live: Live, vectors: Sequence[Vector], tables: Mapping[str, Mapping[str, Any]], switches: Mapping[str, Any],
    out: Path,
) -> str:  # fmt: skip
    """Record and write the file; the text to print. Raises ValueError if nothing could be recorded, or not written."""
    with sentences(), ending_cleanly(), telling(live):
        recorded = record(live, vectors, tables, switches)
    kept = [entry.table for entry in recorded if entry.table is not None]
    lines = [f"not recorded: {entry.id}: {entry.why_not}" for entry in recorded if entry.why_not is not None]
    lines += map(left_line, live.left)
    if not kept:
        why = "; ".join([str(recorded[0].why_not), *map(left_line, live.left)])
        raise ValueError(printable(f"none of the {len(recorded)} vectors can be recorded there: {why}"))
    write(out, text_of(live.profile.id, kept, notes(live, recorded)))
    lines.append(f"{len(kept)} of {len(recorded)} vectors recorded in {out}")
    return printable("\n".join(lines) + "\n")


def notes(live: Live, recorded: Sequence[Recorded]) -> list[str]:
    """What stands at the beginning of the file."""
    read = "read from it" if live.rules.reader and live.shared is None else "as the vectors had it: it was not read"
    version = live.known.get("version", "not told")
    return [
        f"Recorded by mockflux on {datetime.now(UTC):%Y-%m-%d}, from a server whose version is: {version}.",
        f"What the server answered is its own; what is stored ('stored') is {read}.",
        "'clause' is the clause that says it in the profile by which it was recorded.",
    ]
