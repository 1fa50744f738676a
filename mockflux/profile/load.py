"""From the files of a profile to one table: parents found and merged in, every file checked by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockflux.profile.errors import ProfileError, one_of, shown
from mockflux.profile.forms import OPTIONAL, SECTIONS, WHOLE
from mockflux.profile.presets import spelt_out
from mockflux.profile.reading import Data, Stamp, is_file, read, stamp

__all__ = [
    "Data",
    "Merged",
    "bundled",
    "check_complete",
    "concrete",
    "find",
    "folder",
    "laid_over",
    "merge",
    "more_general",
    "over",
]


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
        if not is_file(path):
            raise ProfileError(str(name), "profile", "no such file")
        return path.resolve()
    path = folder() / f"{name}.toml"
    if not is_file(path):
        raise ProfileError(
            str(name), "profile", f"unknown profile; expected a path to a .toml file or one of {', '.join(concrete())}"
        )
    return path


def concrete() -> list[str]:
    """Ids of the bundled profiles that can be served (no parents), in alphabetical order."""
    files = {name: read(path, stamp(path)) for name, path in bundled().items()}
    return [name for name, data in files.items() if not data.get("edition", {}).get("abstract", False)]


@dataclass(frozen=True, eq=False)
class Merged:
    """A profile with its parents merged in.

    ``chain`` has each file with what stands in it, the remotest parent first; ``watched`` the state of every file
    that was read or looked for: as long as these hold, so does the whole.
    """

    path: Path
    data: Data
    chain: tuple[tuple[Path, Data], ...]
    watched: Mapping[Path, Stamp | None]

    @property
    def file(self) -> str:
        """The name of the profile's own file."""
        return self.path.name

    def file_of(self, *path: str) -> str:
        """The file that has the last word on a key (``file_of("clause", "accepted")``), for messages."""
        return self.chain[self.place_of(*path)][0].name

    def place_of(self, *path: str) -> int:
        """Where in the chain that file stands; the profile's own file where none has the key."""
        for place in range(len(self.chain) - 1, -1, -1):
            if value_at(self.chain[place][1], path) is not None:
                return place
        return len(self.chain) - 1


def value_at(table: Any, path: tuple[str, ...]) -> Any:
    """What stands in a table under a dotted key; None for nothing."""
    for part in path:
        if not isinstance(table, dict) or part not in table:
            return None
        table = table[part]
    return table


def merge(path: Path) -> Merged:
    """Read a profile and its parents, check each file by itself, and put them together.

    Raises ProfileError for what is wrong in any of the files.
    """
    chain, watched = _chain(path)
    data: Data = {}
    absent: list[str] = []
    for file, own in reversed(chain):
        absent = _forget_absent(data, own, absent, file.name)
        for section, table in own.items():
            data[section] = laid_over(section, data.get(section, {}), table)
        if data["edition"].get("abstract") and not own["edition"].get("abstract"):
            del data["edition"]["abstract"]
    data["edition"]["absent"] = absent
    data["edition"]["id"] = chain[0][1]["edition"].get("id", path.stem)
    return Merged(path, data, tuple(reversed(chain)), watched)


def check_complete(merged: Merged) -> None:
    """Raise ProfileError for a section or a key that a finished profile must have and this one lacks."""
    for section, form in SECTIONS.items():
        if section not in merged.data:
            if section in OPTIONAL:
                continue
            raise ProfileError(merged.file, section, "missing section")
        form.check_complete(merged.data[section], merged.file, (section,))


def _chain(path: Path) -> tuple[list[tuple[Path, Data]], dict[Path, Stamp | None]]:
    """The profile and its parents, child first; and every file that was read or looked for, with its state."""
    chain: list[tuple[Path, Data]] = []
    watched: dict[Path, Stamp | None] = {}
    while True:
        known = [file for file, _ in chain]
        if path in known:
            names = " -> ".join(p.stem for p in [*known, path])
            raise ProfileError(known[0].name, "edition.extends", f"a cycle: {names}")
        state = watched[path] = stamp(path)
        data = read(path, state)
        _check_file(data, path.name)
        data = spelt_out(data)
        chain.append((path, data))
        parent = data["edition"].get("extends")
        if parent is None:
            return chain, watched
        beside = path.parent / f"{parent.removesuffix('.toml')}.toml"
        watched.setdefault(beside, stamp(beside))
        if is_file(beside) and beside != path:
            path = beside
            continue
        inside = bundled()
        if parent not in inside:
            problem = f"no profile named {shown(parent)}; {one_of(inside)}, or a file beside this one"
            raise ProfileError(path.name, "edition.extends", problem)
        path = inside[parent]


def _check_file(data: Data, file: str) -> None:
    """Unknown sections and keys, wrong types: what can be told from one file alone."""
    if "edition" not in data:
        raise ProfileError(file, "edition", "missing section")
    for section, table in data.items():
        if section not in SECTIONS:
            raise ProfileError(file, section, f"unknown section; {one_of(SECTIONS)}")
        SECTIONS[section].check(table, file, (section,))


def laid_over(section: str, parent: Mapping[str, Any], child: Mapping[str, Any]) -> Data:
    """The child's section over the parent's, entries that stand for themselves replaced whole. Only by what a clause
    is reached (``by``) is no matter of its words, and stays."""
    merged = over(parent, child, whole=section in WHOLE)
    if section == "clause":
        for key, entry in child.items():
            if "by" in parent.get(key, {}) and "like" not in entry:
                merged[key] = {"by": parent[key]["by"], **entry}
    return merged


def over(parent: Mapping[str, Any], child: Mapping[str, Any], *, whole: bool = False) -> Data:
    """The child's entries over the parent's; tables are merged key by key unless entries are replaced whole."""
    merged = dict(parent)
    for key, value in child.items():
        if not whole and isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = over(merged[key], value)
        else:
            merged[key] = value
    return merged


def _forget_absent(data: Data, own: Data, absent: list[str], file: str) -> list[str]:
    """Take away the clauses that the child says it lacks; the keys that are absent now. What falls back to a more
    general clause is stopped at the look-up. A child that says a clause again has it again.

    Raises ProfileError for a key under which no parent says anything.
    """
    inherited, said = data.get("clause", {}), own.get("clause", {})
    lacking = own["edition"].get("absent", [])
    for key in lacking:
        if key in said:
            raise ProfileError(file, "edition.absent", f"{key!r} is a clause of this very file")
        if not any(general in inherited for general in more_general(key)):
            raise ProfileError(file, "edition.absent", f"{key!r} is no clause of a parent; nothing to leave out")
        inherited.pop(key, None)
        data.get("evidence", {}).pop(key, None)
    return [*(key for key in absent if key not in said and key not in lacking), *lacking]


def more_general(key: str) -> tuple[str, ...]:
    """A clause's key and those to which its look-up falls back."""
    rest, _, door = key.partition("@")
    outcome = rest.partition(":")[0]
    return (key, rest, f"{outcome}@{door}", outcome)
