"""From a TOML file to one table: parents merged in, every file checked, switches applied."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockflux.profile.errors import ProfileError, one_of
from mockflux.profile.forms import OPTIONAL, SECTIONS, WHOLE
from mockflux.profile.schema import Table

Data = dict[str, Any]


def folder() -> Path:
    """The folder of the profiles that come with mockflux, installed or in a clone."""
    installed = Path(__file__).resolve().parent.parent / "profiles"
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parent.parent.parent / "profiles"


def bundled() -> dict[str, Path]:
    """The profiles that come with mockflux, by id, parents included."""
    return {path.stem: path for path in sorted(folder().glob("*.toml"))}


def find(name: str | Path) -> Path:
    """The file of a profile named by id, or by a path (anything with a slash or ending in .toml).

    Raises ProfileError if there is none.
    """
    path = Path(name)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if not path.is_file():
            raise ProfileError(str(name), "profile", "no such file")
        return path.resolve()
    path = folder() / f"{name}.toml"
    if not path.is_file():
        raise ProfileError(
            str(name), "profile", f"unknown profile; expected a path to a .toml file or one of {', '.join(concrete())}"
        )
    return path


def concrete() -> list[str]:
    """Ids of the bundled profiles that can be served (no parents), in alphabetical order."""
    return [name for name, path in bundled().items() if not _read(path).get("edition", {}).get("abstract", False)]


@dataclass(frozen=True)
class Merged:
    """A profile with its parents merged in. ``origin`` says for an entry (``clause.accepted``) which file has it."""

    file: str
    data: Data
    origin: Mapping[str, str]
    #: The names of the files, the remotest parent first.
    files: tuple[str, ...]

    def file_of(self, section: str, key: str) -> str:
        """The file in which an entry stands, for messages."""
        return self.origin.get(f"{section}.{key}", self.file)


def merge(path: Path) -> Merged:
    """Read a profile and its parents, check each file by itself, and put them together.

    Raises ProfileError for what is wrong in any of the files.
    """
    chain = _chain(path)
    data: Data = {}
    origin: dict[str, str] = {}
    for file, own in reversed(chain):
        _forget_absent(data, own, file.name)
        for section, table in own.items():
            for key in table:
                origin[f"{section}.{key}"] = file.name
            data[section] = over(data.get(section, {}), table, whole=section in WHOLE)
        if data["edition"].get("abstract") and not own["edition"].get("abstract"):
            del data["edition"]["abstract"]
    data["edition"]["id"] = chain[0][1]["edition"].get("id", path.stem)
    return Merged(path.name, data, origin, tuple(file.name for file, _ in reversed(chain)))


def check_complete(merged: Merged) -> None:
    """Raise ProfileError for a section or a key that a finished profile must have and this one lacks."""
    for section, form in SECTIONS.items():
        if section not in merged.data:
            if section in OPTIONAL:
                continue
            raise ProfileError(merged.file, section, "missing section")
        if isinstance(form, Table):
            form.check_complete(merged.data[section], merged.file, (section,))


def _read(path: Path) -> Data:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(path.name, "TOML", str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(path.name, "file", str(error)) from None


def _chain(path: Path) -> list[tuple[Path, Data]]:
    """The profile and its parents, child first."""
    chain: list[tuple[Path, Data]] = []
    seen: list[Path] = []
    while True:
        if path in seen:
            names = " -> ".join(p.stem for p in [*seen, path])
            raise ProfileError(seen[0].name, "edition.extends", f"a cycle: {names}")
        seen.append(path)
        data = _read(path)
        _check_file(data, path.name)
        chain.append((path, data))
        parent = data["edition"].get("extends")
        if parent is None:
            return chain
        beside = path.parent / f"{parent}.toml"
        try:
            path = beside if beside.is_file() and beside != path else find(parent)
        except ProfileError:
            raise ProfileError(
                path.name, "edition.extends", f"no profile named {parent!r}; {one_of(bundled())}"
            ) from None


def _check_file(data: Data, file: str) -> None:
    """Unknown sections and keys, wrong types: what can be told from one file alone."""
    if "edition" not in data:
        raise ProfileError(file, "edition", "missing section")
    for section, table in data.items():
        if section not in SECTIONS:
            raise ProfileError(file, section, f"unknown section; {one_of(SECTIONS)}")
        SECTIONS[section].check(table, file, (section,))


def over(parent: Mapping[str, Any], child: Mapping[str, Any], *, whole: bool = False) -> Data:
    """The child's entries over the parent's; tables are merged key by key unless entries are replaced whole."""
    merged = dict(parent)
    for key, value in child.items():
        if not whole and isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = over(merged[key], value)
        else:
            merged[key] = value
    return merged


def _forget_absent(data: Data, own: Data, file: str) -> None:
    """Take away the clauses that the child says it lacks. What falls back to a more general clause is stopped at the
    look-up. Raises ProfileError for a key under which no parent says anything."""
    inherited, evidence = data.get("clause", {}), data.get("evidence", {})
    for key in own["edition"].get("absent", ()):
        if not any(general in inherited for general in _more_general(key)):
            raise ProfileError(file, "edition.absent", f"{key!r} is no clause of a parent; nothing to leave out")
        inherited.pop(key, None)
        evidence.pop(key, None)


def _more_general(key: str) -> tuple[str, ...]:
    """A clause's key and those to which its look-up falls back."""
    rest, _, door = key.partition("@")
    outcome = rest.partition(":")[0]
    return (key, rest, f"{outcome}@{door}", outcome)
