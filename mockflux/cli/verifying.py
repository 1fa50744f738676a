"""What ``mockflux verify`` does: a live server at hand, the vectors for it, and where the report goes."""

from __future__ import annotations

import json
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from types import FrameType
from typing import Any

from mockflux.cli.serving import switched
from mockflux.cli.showing import printable
from mockflux.contract.live import Live
from mockflux.contract.live_making import left_line
from mockflux.contract.live_wire import Access, LiveError, Wire
from mockflux.contract.vector import NoVectors, Vector, load_vectors
from mockflux.contract.vector_names import lineage
from mockflux.contract.verify import Report, Verified, verify
from mockflux.contract.verify_report import as_data, as_junit, as_text
from mockflux.profile import concrete, load_profile


@contextmanager
def sentences() -> Iterator[None]:
    """Turns what hinders a run into ValueError, with one sentence."""
    try:
        yield
    except LiveError as error:
        raise ValueError(printable(str(error))) from None


def at_hand(
    url: str, name: str, switches: Sequence[str], access: Access, *, ca: str | None, insecure: bool, yes: bool
) -> tuple[Live, dict[str, Any]]:
    """The live server at a URL, checked, with its switches. Raises ValueError for what cannot be used."""
    profile, set_so = switched(name, list(switches))
    if access.target is not None and not yes:
        raise ValueError(f"{access.target!r} will be written to and is not cleaned up; --yes says that this is meant")
    with sentences():
        live = Live(Wire(url, ca=ca, insecure=insecure), profile, access)
        with ending_cleanly(), telling(live):
            live.check()
    return live, set_so


def expectations(name: str, where: Path | None = None) -> tuple[str, list[Vector]]:
    """The vectors for a profile (id or path), and by which name they were loaded: its own, or else that of the nearest
    edition that it extends (of those that come with mockflux, unless the vectors are of one's own, ``where``).

    Raises ValueError where there are none.
    """
    if where is not None and not where.exists():
        raise ValueError(f"there is no file or folder {where}")
    first: NoVectors | None = None
    for named in lineage(name):
        if where is None and named not in concrete():  # patterns may fit any id
            continue
        try:
            vectors = load_vectors(named, where)
        except NoVectors as error:
            first = first or error
            continue
        if vectors:
            return named, vectors
    if first is not None:
        raise ValueError(f"{first}; nor is there one for an edition that it extends")
    place = "there" if where is None else f"in {where}"
    raise ValueError(f"no vectors {place} for {load_profile(name).id}, nor for an edition that it extends")


def listing(name: str, where: Path | None = None, only: str | None = None) -> str:
    """The vectors for a profile as lines: the id of each, and what it shows. Raises ValueError where there are none."""
    vectors = chosen(expectations(name, where)[1], only)
    width = max(len(vector.id) for vector in vectors)
    return printable("".join(f"{vector.id:{width}}  {' '.join(vector.shows.split())}\n" for vector in vectors))


def chosen(vectors: Sequence[Vector], only: str | None) -> list[Vector]:
    """The vectors whose id fits a pattern. Raises ValueError if none does."""
    found = [vector for vector in vectors if only is None or fnmatchcase(vector.id, only)]
    if not found:
        example = f"an id is such as {vectors[0].id}, and 'mockflux verify --list' prints them all"
        raise ValueError(f"no vector of this edition fits {only!r}; {example}")
    return found


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Within it SIGTERM, and that the terminal closes, end the run as Ctrl-C does: what was made is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    former = {
        number: signal.signal(number, interrupt)
        for number in numbers
        if signal.getsignal(number) != signal.SIG_IGN  # nohup
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def telling(live: Live) -> Iterator[None]:
    """A run that ends before its time tells what it leaves behind."""
    try:
        yield
    except (KeyboardInterrupt, LiveError):
        with suppress(OSError):  # the terminal may be closed
            for sentence in live.left:
                print(printable(left_line(sentence)), file=sys.stderr)
        raise


def run(live: Live, vectors: Sequence[Vector], switches: Mapping[str, Any]) -> Report:
    """Play the vectors, with progress on a terminal. Raises ValueError if the server is gone in between."""
    with sentences(), ending_cleanly(), telling(live):
        return verify(live, vectors, switches, _progress(len(vectors)))


def _progress(total: int) -> Callable[[Verified], None]:
    if sys.stderr is None or not sys.stderr.isatty():
        return lambda entry: None
    done = 0

    def told(entry: Verified) -> None:
        nonlocal done
        done += 1
        line = "" if done == total else f"{done}/{total} {entry.vector.id}"[:78]
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    return told


def text(report: Report) -> str:
    """The report as it is printed."""
    return printable(as_text(report))


def save(report: Report, junit: str | None, json_file: str | None) -> None:
    """Write the files that were asked for. Raises OSError, ValueError."""
    for path, content in ((junit, as_junit), (json_file, _json)):
        if path is not None:
            write(Path(path), content(report))


def write(path: Path, content: str) -> None:
    """Write a file. Raises ValueError, in one sentence, if it cannot be written."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror or error}") from None


def _json(report: Report) -> str:
    return json.dumps(as_data(report), indent=2) + "\n"


def named(options: Mapping[str, str | None]) -> Access:
    """Who asks, by the options of the command line. Raises ValueError for two names of one target, for an empty one,
    and for control characters, which would end a line of a request."""
    for name, value in options.items():
        if value == "":
            raise ValueError(f"--{name.replace('_', '-')} must not be empty")
        if value is not None and any(unicodedata.category(char) == "Cc" for char in value):
            raise ValueError(f"--{name.replace('_', '-')} must not have line breaks or other control characters")
    bucket, database = options.get("bucket"), options.get("database")
    if bucket and database:
        raise ValueError("--bucket and --database are the same here; keep one of them")
    return Access(
        token=options.get("token"), org=options.get("org"), user=options.get("user"),
        password=options.get("password"), read_token=options.get("read_token"), target=bucket or database,
        version=options.get("server_version"),
    )  # fmt: skip
