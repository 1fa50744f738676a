"""Vectors: the contract as data, and their loader.

A file of ``vectors/`` has ``profiles`` (patterns of profiles, the default of its vectors), ``[let]`` (macros: a
text, ``{ text, times }`` for a long one, in which ``{n}`` counts from 1 where it is ``numbered``, or a table from
profile patterns to texts) and ``[[vector]]`` tables:

``id shows source``      its name, what it shows, where what it expects comes from
``profiles``             the editions that it holds for: patterns of their ids, or of the path by which one is named
``ways``                 how it can be played; all three unless given (``socket wsgi direct``)
``switches``             of the profile, where they are not the default
``let``                  macros of its own
``setup``                ``clock`` (a moment at which it stands), ``onboarded``, ``auth`` (whether the server asks who
                         one is, where that is not as usual), ``orgs``, ``buckets`` (databases, where an edition has
                         those and no buckets; ``schema`` as ``Server.create_bucket`` takes it makes one explicit),
                         ``databases``, ``tokens`` (for buckets or databases by name; ``expires`` in seconds from the
                         start, below 0 for one that has expired), ``mappings``, ``points`` (line protocol, stored past
                         the wire; its ``bucket`` may be a database), ``faults`` (arguments of ``Server.fail``)
``[[vector.exchange]]``  ``request`` and ``response`` as text (see ``message``); ``clause``, the key of the clause that
                         must have said it, and ``by`` (``fault`` where a planned fault said it); of the request also
                         ``gzip``, ``body_base64``, ``cut``, ``append_hex``, ``chunks``, or ``raw`` for the bytes of the
                         wire; ``interim`` replies; ``broken`` (``reset`` or ``truncated``); ``closes`` where the reply
                         does not say it; ``stored`` and ``logged`` right after it; before it ``advance``, seconds by
                         which the clock moves on, and ``settle``, where queued work is to be done first
``stored``               what can be read in the end, once queued work is done: ``nothing``, ``unchanged`` (the set-up's
                         points), or points, whose ``bucket`` is, unless given, the set-up's bucket or database
``logged``               where given, what the edition's own log has in the end, the bucket ``_monitoring``:
                         ``nothing``, or points

``response``, ``clause``, ``stored`` and ``logged`` may be tables from profile patterns to values; the first that fits
counts.
The file ``let.toml`` has macros for all files of its folder.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from mockflux.contract.form import FILE, LET_FILE, VECTOR, WAYS
from mockflux.contract.message import Expected, Headers, read_request, read_response
from mockflux.contract.vector_names import ProfileNames, names_of_profile
from mockflux.profile import ProfileError, concrete

Value = TypeVar("Value")
#: A field as a vector writes it: its type in InfluxDB 2's words, and its value.
Typed = tuple[str, float | int | str | bool]


class VectorError(ValueError):
    """A vector cannot be used: the message names file, vector, key and what was expected."""


class NoVectors(VectorError):
    """A file or folder has no vector for the profile asked for."""


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """One point that is (to be) stored. ``time`` in ns, or None in an expectation for "the time of the run";
    ``hidden``: kept, but older than the bucket shows."""

    bucket: str
    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, Typed]
    time: int | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A request; its texts may hold places. ``encode`` makes the bytes of the body from its filled text; ``chunks``
    are their sizes on the wire, if it goes in chunks. ``raw`` is all there is where it is set."""

    method: str
    target: str
    headers: Headers
    body: str
    encode: Callable[[str], bytes]
    chunks: tuple[str, ...] | None = None
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what must come of it. ``response`` is None where the connection is reset; the connection ``closes``
    after it or stays open. Before it the clock moves on by ``advance`` seconds, and what is queued is done where it is
    to ``settle``."""

    ask: Ask
    response: Expected | None
    interim: tuple[str, ...]
    broken: str | None
    closes: bool
    clause: str | None
    by: str
    stored: Sequence[StoredPoint] | str | None
    logged: Sequence[StoredPoint] | str | None
    advance: float
    settle: bool


@dataclass(frozen=True, slots=True)
class Vector:
    """One contract record, for one profile, which is named as the vectors were asked for (an id or a path)."""

    id: str
    file: str
    shows: str
    source: str
    profile: str
    ways: tuple[str, ...]
    switches: Mapping[str, Any]
    setup: Mapping[str, Any]
    exchanges: tuple[Exchange, ...]
    stored: Sequence[StoredPoint] | str = field(default="nothing")
    logged: Sequence[StoredPoint] | str | None = None


def folder() -> Path:
    """The folder of the vectors that come with mockflux."""
    return Path(__file__).resolve().parent / "vectors"


def load_vectors(profile: str, where: Path | None = None) -> list[Vector]:
    """The vectors of one profile (an id or a path), in the order of files and of their lines: of the folder that comes
    with mockflux, or of a folder or file of one's own, ``where``.

    Raises OSError for a file that cannot be read; VectorError, with one sentence, for what a file has wrong, and
    NoVectors, which is one, where ``where`` has none for this profile (not of a folder for an edition that comes with
    mockflux: it may be for some of these only); ProfileError for a path that is no profile's.
    """
    return [reader.vector() for reader in _readers(profile, where)]


def load_tables(profile: str, where: Path | None = None) -> dict[str, dict[str, Any]]:
    """The vectors of one profile as they stand in their files, by id: macros put in, and of what depends on the profile
    what is for this one. Raises as :func:`load_vectors`."""
    return {table["id"]: table for table in (reader.table() for reader in _readers(profile, where))}


def _readers(profile: str, where: Path | None) -> list[_Reader]:
    """A reader for each vector of a profile. Raises as :func:`load_vectors`."""
    names, files = names_of_profile(profile), dict(_files(where or folder()))
    shared = files.pop(_SHARED, {}).get("let", {})
    readers: list[_Reader] = []
    others: dict[str, None] = {}
    for file, data in files.items():
        for table in data["vector"]:
            wanted = table.get("profiles", data.get("profiles", ()))
            others |= dict.fromkeys(wanted)
            if names.fit(wanted):
                readers.append(_Reader(file, table, names, {**shared, **data.get("let", {})}))
    if not readers and where is not None and not (where.is_dir() and profile in concrete()):
        patterns = ", ".join(map(repr, others))
        for_whom = f"its patterns of profiles are {patterns}" if patterns else "it names no profiles"
        raise NoVectors(f"{where}: there is no vector for the profile {names}; {for_whom}")
    return readers


def load_all() -> list[Vector]:
    """The vectors of every profile that comes with mockflux. Raises as :func:`load_vectors` and :func:`patterns`."""
    patterns()
    return [vector for profile in concrete() for vector in load_vectors(profile)]


#: The bucket in which an edition logs what it refused, if it does.
MONITORING = "_monitoring"
#: The file of macros for all others of its folder.
_SHARED = "let.toml"


def _files(where: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(where.glob("*.toml")) if where.is_dir() else [where]:
        yield path.name, _read(path, path.stat().st_mtime_ns)


def patterns(where: Path | None = None) -> dict[str, tuple[str, ...]]:
    """The profile patterns of every vector, by its id. Raises VectorError, also for an id that occurs twice and for a
    pattern that no profile fits."""
    found: dict[str, tuple[str, ...]] = {}
    ids = concrete()
    for name, data in _files(where or folder()):
        for table in data.get("vector", ()):
            id, wanted = table["id"], tuple(table.get("profiles", data.get("profiles", ())))
            fault = f"{name}: vector {id!r}"
            if id in found:
                raise VectorError(f"{fault}: id: there is another vector of this id")
            if not wanted:
                raise VectorError(f"{fault}: profiles: missing key; expected a list of profile ids")
            for pattern in wanted:
                if not any(fnmatchcase(edition, pattern) for edition in ids):
                    raise VectorError(f"{fault}: profiles: no profile fits {pattern!r}; there are {', '.join(ids)}")
            found[id] = wanted
    return found


@lru_cache(maxsize=256)
def _read(path: Path, stamp: int) -> dict[str, Any]:
    """A file of vectors, its form checked. Raises VectorError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VectorError(f"{path.name}: TOML: {error}") from None
    for number, table in enumerate(data.get("vector", [])):
        id = table.get("id", f"number {number + 1}") if isinstance(table, dict) else f"number {number + 1}"
        try:
            VECTOR.check(table, path.name, ())
        except ProfileError as error:
            raise VectorError(f"{path.name}: vector {id!r}: {error.key or 'vector'}: {error.problem}") from None
    try:
        (LET_FILE if path.name == _SHARED else FILE).check(data, path.name, ())
    except ProfileError as error:
        raise VectorError(f"{path.name}: {error.key}: {error.problem}") from None
    return data


class _Reader:
    """Reads one vector for one profile."""

    def __init__(self, file: str, table: Mapping[str, Any], profile: ProfileNames, let: Mapping[str, Any]) -> None:
        self._file, self._table, self._profile = file, table, profile
        macros = {**let, **table.get("let", {})}.items()
        self._let = {name: macro for name, value in macros if (macro := self._macro(value)) is not None}

    def vector(self) -> Vector:
        table = self._table
        ways = tuple(table.get("ways", WAYS))
        exchanges = tuple(self._exchange(n, entry, ways) for n, entry in enumerate(table["exchange"]))
        if not exchanges:
            raise self._fault("exchange", "expected at least one")
        stored = self._stored(table["stored"], "stored")
        setup = self._expanded(table.get("setup", {}))
        if stored == "unchanged" and not setup.get("points"):
            raise self._fault("stored", "'unchanged' needs setup.points; expected 'nothing' or a list of points")
        return Vector(
            table["id"], self._file, table["shows"], table["source"], self._profile.name, ways,
            table.get("switches", {}), setup, exchanges, stored, self._logged(table, ""),
        )  # fmt: skip

    def table(self) -> dict[str, Any]:
        """The table itself, macros put in and what is for the profile chosen."""
        table = {key: value for key, value in self._table.items() if key not in ("let", "profiles")}
        for key in ("stored", "logged"):
            if key in table:
                table[key] = self._chosen(table[key], key)
        for number, entry in enumerate(table["exchange"], 1):
            chosen = {
                key: self._chosen(value, f"exchange {number}: {key}")
                for key, value in entry.items()
                if key in ("response", "clause", "stored", "logged")
            }
            table["exchange"] = [*table["exchange"][: number - 1], {**entry, **chosen}, *table["exchange"][number:]]
        expanded: dict[str, Any] = self._expanded(table)
        return expanded

    def _fault(self, key: str, problem: str) -> VectorError:
        return VectorError(f"{self._file}: vector {self._table['id']!r}: {key}: {problem}")

    def _macro(self, value: Any) -> str | None:
        """The text of a macro; None for one that there is not for this profile."""
        if not isinstance(value, dict):
            return str(value)
        if "times" in value:
            text, times = str(value["text"]), int(value["times"])
            if value.get("numbered"):
                return "".join(text.replace("{n}", str(n)) for n in range(1, times + 1))
            return text * times
        return next((str(own) for patterns, own in value.items() if self._fits(patterns)), None)

    def _fits(self, patterns: str) -> bool:
        """Whether one of the patterns, with blanks between them, fits the profile."""
        return self._profile.fit(patterns.split())

    def _chosen(self, value: Any, key: str) -> Any:
        """A value, or that of the first pattern which fits the profile."""
        if not isinstance(value, dict):
            return value
        for patterns, own in value.items():
            if self._fits(patterns):
                return own
        raise self._fault(key, f"nothing here fits the profile {self._profile}; expected one of its patterns to")

    def _expand(self, text: str) -> str:
        """The text with the macros of ``let`` put in; what is left in braces are places."""
        for _ in range(3):  # a macro may use another, and that a third
            for name, value in self._let.items():
                if not value:  # a line that is empty then must not end the headers
                    text = text.replace("{{" + name + "}}\n", "")
                text = text.replace("{{" + name + "}}", value)
        return text

    def _expanded(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._expanded(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self._expanded(entry) for entry in value]
        return self._expand(value) if isinstance(value, str) else value

    def _exchange(self, number: int, table: Mapping[str, Any], ways: tuple[str, ...]) -> Exchange:
        place = f"exchange {number + 1}"
        ask = self._ask(table, place, ways)
        broken, clause = table.get("broken"), self._chosen(table.get("clause"), f"{place}: clause")
        response = None
        if "response" in table:
            text = self._expand(self._chosen(table["response"], f"{place}: response"))
            try:
                response = read_response(text)
            except ValueError as error:
                raise self._fault(f"{place}: response", str(error)) from None
        if (response is None) != (broken == "reset"):
            raise self._fault(f"{place}: response", 'expected one, or broken = "reset" instead of it')
        if clause is None and broken != "reset":
            raise self._fault(f"{place}: clause", "missing key; expected the key of the clause that says the reply")
        if broken is not None and ways != ("socket",):
            raise self._fault("ways", 'only a socket can break off; expected ways = ["socket"]')
        stored = self._stored(table["stored"], f"{place}: stored") if "stored" in table else None
        said = response is not None and (response.header("connection") or "").lower() == "close"
        return Exchange(
            ask, response, tuple(table.get("interim", ())), broken, table.get("closes", said), clause,
            table.get("by", "request"), stored, self._logged(table, f"{place}: "), table.get("advance", 0),
            table.get("settle", False),
        )  # fmt: skip

    def _ask(self, table: Mapping[str, Any], place: str, ways: tuple[str, ...]) -> Ask:
        given = [key for key in ("request", "raw", "raw_base64") if key in table]
        if len(given) != 1:
            raise self._fault(place, "expected one of request, raw, raw_base64")
        if (given != ["request"] or "chunks" in table) and ways != ("socket",):
            raise self._fault("ways", 'raw bytes and chunks are for a socket; expected ways = ["socket"]')
        if "raw" in table:
            return Ask("", "", (), "", _utf8, raw=_utf8(self._expand(table["raw"])))
        if "raw_base64" in table:
            return Ask("", "", (), "", _utf8, raw=self._base64(table["raw_base64"], f"{place}: raw_base64"))
        try:
            method, target, headers, body = read_request(self._expand(table["request"]))
        except ValueError as error:
            raise self._fault(f"{place}: request", str(error)) from None
        if body and ("body_base64" in table or isinstance(table.get("gzip"), list) or "chunks" in table):
            raise self._fault(f"{place}: request", "expected no body in the text beside body_base64, gzip or chunks")
        chunks = tuple(self._expand(chunk) for chunk in table["chunks"]) if "chunks" in table else None
        return Ask(method, target, headers, body, self._encoding(table, place), chunks)

    def _encoding(self, table: Mapping[str, Any], place: str) -> Callable[[str], bytes]:
        fixed = self._base64(table["body_base64"], f"{place}: body_base64") if "body_base64" in table else None
        packed, cut = table.get("gzip", False), table.get("cut", 0)
        try:
            more = bytes.fromhex(table.get("append_hex", ""))
        except ValueError as error:
            raise self._fault(f"{place}: append_hex", str(error)) from None

        def encode(body: str) -> bytes:
            if isinstance(packed, list):
                data = b"".join(gzip.compress(_utf8(self._expand(part)), mtime=0) for part in packed)
            else:
                data = fixed if fixed is not None else _utf8(body)
                data = gzip.compress(data, mtime=0) if packed else data
            return data[: len(data) - cut] + more

        return encode

    def _base64(self, text: str, place: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise self._fault(place, f"expected base64: {error}") from None

    def _stored(self, value: Any, key: str) -> Sequence[StoredPoint] | str:
        chosen = self._chosen(value, key)
        if isinstance(chosen, str):
            return chosen
        return [_point(self._expanded(entry)) for entry in chosen]

    def _logged(self, table: Mapping[str, Any], place: str) -> Sequence[StoredPoint] | str | None:
        """What the edition's own log has; None where it does not matter."""
        if "logged" not in table:
            return None
        found = self._stored(table["logged"], f"{place}logged")
        if found == "unchanged":
            raise self._fault(f"{place}logged", "expected 'nothing' or a list of points")
        return [replace(point, bucket=MONITORING) for point in found] if not isinstance(found, str) else found


def _point(table: Mapping[str, Any]) -> StoredPoint:
    time = table["time"]
    return StoredPoint(
        table.get("bucket", "{{bucket}}"),
        table["measurement"],
        table.get("tags", {}),
        {key: typed(value) for key, value in table["fields"].items()},
        time if isinstance(time, int) else None,
        table.get("hidden", False),
    )


def typed(value: Any) -> Typed:
    """A field value of a vector with its type in InfluxDB's words."""
    if isinstance(value, dict):
        return "unsigned", int(value["unsigned"])
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int):
        return "integer", value
    return ("float", value) if isinstance(value, float) else ("string", str(value))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
