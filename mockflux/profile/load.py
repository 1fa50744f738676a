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
            data[section] = _over(data.get(section, {}), table, whole=section in WHOLE)
        if data["edition"].get("abstract") and not own["edition"].get("abstract"):
            del data["edition"]["abstract"]
    data["edition"]["id"] = chain[0][1]["edition"].get("id", path.stem)
    return Merged(path.name, data, origin)


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
            path = beside if beside.is_file() else find(parent)
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


def _over(parent: Mapping[str, Any], child: Mapping[str, Any], *, whole: bool = False) -> Data:
    """The child's entries over the parent's; tables are merged key by key unless entries are replaced whole."""
    merged = dict(parent)
    for key, value in child.items():
        if not whole and isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _over(merged[key], value)
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


# ------------------------------------------------------------------------------------------ switches


def switch_values(merged: Merged, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every switch: what the user chose, else its default.

    Raises TypeError for a switch that the profile does not have (it lists those it has), ValueError for a value that
    the switch does not take.
    """
    switches = merged.data.get("switches", {})
    unknown = sorted(set(chosen) - set(switches))
    if unknown:
        known = ", ".join(f"{name}={switches[name]['default']!r}" for name in sorted(switches)) or "none"
        raise TypeError(f"{merged.data['edition']['id']} has no switch {unknown[0]!r}; its switches are: {known}")
    values = {}
    for name, switch in switches.items():
        value = chosen.get(name, switch["default"])
        options = switch.get("values")
        if options is not None and _word(value) not in options:
            raise ValueError(f"switch {name}={value!r}: {one_of(options)}")
        if options is None:
            _check_value(name, value, switch["sets"])
        values[name] = value
    return values


def _check_value(name: str, value: Any, sets: str) -> None:
    """Raise ValueError unless the key that a switch sets takes this value."""
    section = sets.partition(".")[0]
    try:
        SECTIONS[section].check(_nested(sets, value)[section], "", (section,))
    except ProfileError as error:
        raise ValueError(f"switch {name}={value!r}: {error.problem}") from None


def switched(merged: Merged, values: Mapping[str, Any]) -> Merged:
    """The profile with the overlays of its switches applied."""
    data = merged.data
    for name, switch in data.get("switches", {}).items():
        value = values[name]
        overlay = _nested(switch["sets"], value) if "sets" in switch else switch["values"][_word(value)]
        data = {
            **data,
            **{s: _over(data.get(s, {}), table, whole=s in WHOLE) for s, table in overlay.items()},
        }
    return Merged(merged.file, data, merged.origin)


def _word(value: Any) -> str:
    """A switch's value as a key of its ``values``: true and false for flags."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nested(path: str, value: Any) -> Data:
    """``limits.body`` and a value as the table that sets it."""
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


def check_switches(merged: Merged) -> None:
    """Every switch either sets one key or has overlays, and each overlay has the form of a profile."""
    for name, switch in merged.data.get("switches", {}).items():
        file, key = merged.file_of("switches", name), f"switches.{name}"
        if ("sets" in switch) == ("values" in switch):
            raise ProfileError(file, key, "expected either sets (one key) or values (overlays by value)")
        if "values" in switch and _word(switch["default"]) not in switch["values"]:
            raise ProfileError(file, f"{key}.default", f"{one_of(switch['values'])}")
        overlays = switch.get("values") or {"": _nested(switch["sets"], switch["default"])}
        for value, overlay in overlays.items():
            if not isinstance(overlay, dict):
                raise ProfileError(file, f"{key}.values.{value}", "expected a table of sections (an overlay)")
            for section, table in overlay.items():
                if section not in SECTIONS:
                    raise ProfileError(file, f"{key}.values.{value}.{section}", "unknown section")
                SECTIONS[section].check(table, file, ("switches", name, "values", value, section))
