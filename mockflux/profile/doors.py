"""An edition with fewer doors than its parents: what they say of doors that it has not does not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mockflux.profile.errors import ProfileError, one_of
from mockflux.profile.forms import DOORS
from mockflux.profile.load import Data, Merged
from mockflux.profile.schema import Path, dotted

#: What unknown paths, the HTTP layer and a proxy in front say: no requests come in by these, and no edition is without
#: those that its parents have.
ALWAYS = ("api-other", "other", "http", "proxy")
_NOT_THERE = "this door is not in edition.doors"


def check_doors(merged: Merged) -> None:
    """Raise ProfileError where the file that lists the edition's doors, or a child of it, speaks of another door."""
    doors = merged.data["edition"]["doors"]
    listed = False
    for file, own in merged.chain:
        listed = listed or own["edition"].get("doors") == doors
        if not listed:
            continue
        for path, door in _spoken_of(own):
            if door not in doors and door not in ALWAYS:
                raise ProfileError(file.name, dotted(path), _NOT_THERE)
        for number, door in enumerate(own.get("faults", {}).get("doors", ())):
            if door not in doors:
                raise ProfileError(file.name, f"faults.doors.{number}", _NOT_THERE)


def narrowed(merged: Merged) -> Merged:
    """The profile without what it says of doors that the edition has not."""
    listed = merged.data["edition"]["doors"]
    known = {door for _, own in merged.chain for door in own["edition"].get("doors", ())}
    doors = [*listed, *(door for door in ALWAYS if door in known and door not in listed)]
    data = {**merged.data, "edition": {**merged.data["edition"], "doors": doors}}
    for path in [path for path, door in _spoken_of(data) if door not in doors]:
        data = _without(data, path)
    planned = [door for door in data["faults"]["doors"] if door in doors]
    if not planned:
        problem = f"no planned fault can befall a request; {one_of(data['faults']['doors'])}, or [faults] doors = …"
        raise ProfileError(merged.file_of("edition", "doors"), "edition.doors", problem)
    return replace(merged, data={**data, "faults": {**data["faults"], "doors": planned}})


def _spoken_of(data: Data) -> Iterator[tuple[Path, str]]:
    """Every key that belongs to one door, with the door."""
    for section, table in data.items():
        for door in table.get("at", ()) if section in ("auth", "params", "write", "headers") else ():
            yield (section, "at", door), door
    for door in data.get("gate", {}).get("doors", ()):
        yield ("gate", "doors", door), door
    for door in data.get("routes", {}).get("slash", ()):
        yield ("routes", "slash", door), door
    for section in ("clause", "evidence", "envelope"):
        for key in data.get(section, ()):
            door = key.partition("@")[2]
            if door in DOORS:  # others are told with the clause
                yield (section, key), door


def _without(table: Any, path: Path) -> Any:
    first, *rest = path
    if not rest:
        return {key: value for key, value in table.items() if key != first}
    return {**table, first: _without(table[first], tuple(rest))}
