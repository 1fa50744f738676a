"""Which paths of each edition are simulated, as tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from mockflux.contract.vector import load_vectors
from mockflux.http.routes import SIMULATED, handler_of, locate
from mockflux.profile import Profile
from mockflux.profile.steps import API

#: What stands for the variable parts of a path.
_ID = "0000000000000000"
#: What of a path is simulated where not everything is, by door.
_PARTLY: Mapping[str, str] = {
    "v1-query": "the beginning of InfluxQL: set-up and reading back",
}


def path_sections(profiles: Sequence[Profile]) -> Iterator[str]:
    """The paths that mockflux simulates for some edition, beside each other; then what it does not, by edition."""
    yield from _simulated(profiles)
    alike: dict[tuple[str, ...], list[str]] = {}
    for profile in profiles:
        alike.setdefault(tuple(_not_simulated(profile)), []).append(profile.id)
    for rows, ids in alike.items():
        if rows:
            yield ""
            yield f"### Not simulated: {', '.join(ids)}"
            yield ""
            yield from rows


def _simulated(profiles: Sequence[Profile]) -> Iterator[str]:
    """A row for each path; in each cell what there is of it, and how many vectors send requests there."""
    shown = {profile.id: vectors_by_path(profile) for profile in profiles}
    yield f"| path | {' | '.join(profile.id for profile in profiles)} |"
    yield f"|---|{'---|' * len(profiles)}"
    for path in sorted(SIMULATED):
        cells = [_cell(profile, path, shown[profile.id][path]) for profile in profiles]
        if any(cell not in ("", "not") for cell in cells):
            yield f"| `{path}` | {' | '.join(cells)} |"


def _cell(profile: Profile, path: str, vectors: int) -> str:
    has = profile.settings.methods.get(path)
    if has is None:
        return ""
    route = locate(profile, path.replace("{id}", _ID)).route
    if route is None:
        return "not" if has else ""
    answered = {"*"}
    if "own_options" in profile.settings.gate.doors[route.door]:
        answered.add("OPTIONS")
    missing = [method for method in has if method not in answered and handler_of(route, method) is None]
    reasons = [f"no {' '.join(missing)}"] if missing else []
    reasons += [_PARTLY[route.door]] if route.door in _PARTLY else []
    reasons += [] if vectors else ["no vector"]
    return f"partly: {', '.join(reasons)}" if reasons else f"yes ({vectors})"


def vectors_by_path(profile: Profile) -> Counter[str]:
    """How many vectors send a request to each of the simulated paths."""
    found: Counter[str] = Counter()
    for vector in load_vectors(profile.id):
        targets = {re.sub(r"\{\{.*?\}\}", _ID, exchange.ask.target) for exchange in vector.exchanges}
        found.update({path for target in targets if (path := _pattern(target.partition("?")[0]))})
    return found


def _pattern(path: str) -> str | None:
    """The simulated path, as it stands in the table of routes, that fits this one."""
    if path in SIMULATED:
        return path
    parts = path.split("/")
    for pattern in SIMULATED:
        wanted = pattern.split("/")
        if len(wanted) == len(parts) and all(
            w in (part, "{id}") and part for w, part in zip(wanted[1:], parts[1:], strict=True)
        ):
            return pattern
    return None


def _not_simulated(profile: Profile) -> Iterator[str]:
    """Paths of a real server that are answered as unknown ones; those below one another share a row."""
    paths = {
        path: methods
        for path, methods in profile.settings.methods.items()
        if methods and locate(profile, path.replace("{id}", _ID)).route is None
    }
    groups: dict[str, list[str]] = {}
    for path in sorted(paths):
        above = next((known for known in groups if known not in API and path.startswith(f"{known}/")), path)
        groups.setdefault(above, []).append(path)
    if groups:
        yield "| path | methods | and below it |"
        yield "|---|---|---|"
    for above, below in groups.items():
        more = len(below) - 1
        yield f"| `{above}` | {' '.join(paths[above]).replace('*', 'any')} | {f'{more} more' if more else ''} |"
