"""What the vectors show of a profile, and what they do not. Each function returns sentences; none: all is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockflux.contract.vector import Vector, load_vectors
from mockflux.profile import Profile, load_profile

#: Clauses of a profile by key, with the vectors that reach them as they say.
Reached = Mapping[str, list[str]]


def reached(profile: str) -> dict[str, list[str]]:
    """For each clause of a profile the ids of the vectors that reach it the way it says: by a request alone, or by a
    planned fault. A planned fault that says a clause of a request's does not count."""
    clauses = load_profile(profile).clauses
    found: dict[str, list[str]] = {key: [] for key in clauses}
    for vector in load_vectors(profile):
        for exchange in vector.exchanges:
            clause = clauses.get(exchange.clause or "")
            if clause is not None and clause.by == exchange.by and vector.id not in found[clause.key]:
                found[clause.key].append(vector.id)
    return found


def clauses_without_vector(profile: str) -> list[str]:
    """Clauses that no vector reaches the way they say."""
    clauses = load_profile(profile).clauses
    return [
        f"{profile}: the clause {key!r} has no vector that reaches it by a {clauses[key].by}"
        for key, vectors in reached(profile).items()
        if not vectors
    ]


def vectors_without_clause(profile: str) -> list[str]:
    """Vectors that name a clause which the profile (with their switches) does not have, or by a way it does not go."""
    complaints = []
    for vector in load_vectors(profile):
        clauses = load_profile(profile, vector.switches).clauses
        for exchange in vector.exchanges:
            if exchange.clause is None:
                continue
            name = f"{vector.file}: vector {vector.id!r}"
            if exchange.clause not in clauses:
                complaints.append(f"{name}: {profile} has no clause {exchange.clause!r}")
            elif clauses[exchange.clause].by == "fault" and exchange.by != "fault":
                complaints.append(f'{name}: only a fault reaches {exchange.clause!r}; expected by = "fault"')
    return complaints


def switch_values_without_vector(profile: str) -> list[str]:
    """Values of switches that no vector shows. A switch that takes any value needs one beside its default."""
    loaded = load_profile(profile)
    used = list(_switches(loaded, load_vectors(profile)))
    complaints = []
    for name, info in loaded.switch_info.items():
        if "values" in info:
            missing = [value for value in info["values"] if (name, value) not in used]
            complaints += [f"{profile}: the switch {name}={value} has no vector" for value in missing]
        elif not any(key == name and value != _word(info["default"]) for key, value in used):
            complaints.append(f"{profile}: the switch {name} has no vector with another value than {info['default']}")
    return complaints


def _switches(profile: Profile, vectors: Iterable[Vector]) -> Iterable[tuple[str, str]]:
    """Every switch that a vector names, with its value. The default counts only where it is named: a vector that does
    not care for a switch does not show it."""
    for vector in vectors:
        for name, value in vector.switches.items():
            yield name, _word(value)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def complaints(profile: str) -> list[str]:
    """All of it."""
    return [
        *clauses_without_vector(profile), *vectors_without_clause(profile), *switch_values_without_vector(profile),
    ]  # fmt: skip
