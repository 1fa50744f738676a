"""What the vectors show of a profile, and what they do not. Each function returns sentences; none: all is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from mockflux.contract.mutation_play import Heard, as_it_is, data_of, play_with
from mockflux.contract.mutations import clause_entry, wording
from mockflux.contract.vector import Vector, folder, load_vectors
from mockflux.outcomes import PointsRejected
from mockflux.profile import Profile, concrete, load_profile
from mockflux.profile.load import find, merge
from mockflux.profile.possible import possible
from mockflux.profile.soundness import courses

#: Clauses of a profile by key, with the vectors that reach them as they say.
Reached = Mapping[str, list[str]]

#: A kind of ``token_malformed`` that is told only where credentials are read strictly.
_STRICT_ONLY = "not_ascii"
#: A kind of ``body_too_large`` that mockflux's own limit alone reaches where the edition has none.
_LIMIT_ONLY = "inflated"


def cases(profile: Profile) -> dict[tuple[str, str, str], str]:
    """Every outcome (name, kind) that a request can have at a door, with the key of the clause that says it."""
    found = {}
    for course in courses(profile.settings, profile.doors):
        for said in possible(course.says, profile.settings, course.door):
            outcome, _, kind = said.partition(":")
            clause = profile.find(outcome, kind, course.door)
            if clause is not None and not _beside_the_edition(profile, kind, course.door):
                found[outcome, kind, course.door] = clause.key
    return found


def _beside_the_edition(profile: Profile, kind: str, door: str) -> bool:
    """Whether a kind of an outcome is none of this edition's, although a step can tell it."""
    limits = profile.settings.limits
    return (kind == _STRICT_ONLY and not profile.settings.auth[door].strict) or (
        kind == _LIMIT_ONLY and bool(limits.sent) and not limits.inflated
    )


def doors_of(profile: Profile) -> dict[str, set[str]]:
    """The doors at which each clause is said, by request or, where only a fault leads there, by a planned one."""
    found: dict[str, set[str]] = {key: set() for key in profile.clauses}
    for (_, _, door), key in cases(profile).items():
        found[key].add(door)
    for key, clause in profile.clauses.items():
        if clause.by == "fault":
            found[key] |= {door for door in profile.settings.faults.doors if key.partition("@")[2] in ("", door)}
    return found


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


# ------------------------------------------------------------------------------------------ what is said, word for word


@lru_cache(maxsize=16)
def heard(profile: str, where: Path) -> tuple[tuple[Vector, Heard], ...]:
    """What is said in each vector of a profile (its folder: ``where``), which is played for that."""
    found = []
    for vector in load_vectors(profile, where):
        listening = as_it_is(profile, vector.switches)
        play_with(vector, listening)
        found.append((vector, listening.heard))
    return tuple(found)


def reasons_without_vector(profile: str) -> list[str]:
    """Reasons for refusing a point that no vector has worded."""
    worded = {key for _, said in heard(profile, folder()) for key in said.reasons}
    return [
        f"{profile}: the reason {key!r} has no vector" for key in load_profile(profile).reasons if key not in worded
    ]


def kinds_without_vector(profile: str) -> list[str]:
    """Kinds of an outcome that a clause says and no vector shows. Those of ``points_rejected`` are reasons, each with
    what became of the other points: they are asked for as reasons and as clauses."""
    loaded = load_profile(profile)
    shown = {(outcome, kind) for _, said in heard(profile, folder()) for outcome, kind, _ in said.cases}
    missing = {
        (key, kind): None
        for (outcome, kind, _), key in cases(loaded).items()
        if outcome != PointsRejected.name and (outcome, kind) not in shown
    }
    return [f"{profile}: the clause {key!r} has no vector for the kind {kind!r}" for key, kind in missing]


def words_without_vector(profile: str) -> list[str]:
    """Values of switches that change the words of a clause or reason where no vector shows these words."""
    shown: set[tuple[str, str]] = set()
    for vector, said in heard(profile, folder()):
        data = data_of(profile, vector.switches)
        shown |= {(key, wording(data, key)) for key, _ in said.clauses if key in data["clause"]}
        shown |= {(f"reason.{key}", str(data["reason"][key])) for key in said.reasons}
    complaints: dict[tuple[str, str], str] = {}
    for switches in ({}, *_alternatives(load_profile(profile))):
        data = data_of(profile, switches)
        words = {key: wording(data, key) for key in data["clause"]}
        words |= {f"reason.{key}": str(entry) for key, entry in data["reason"].items()}
        said_so = (
            ", ".join(f"{name}={_word(value)}" for name, value in switches.items()) or "every switch at its default"
        )
        for key, text in words.items():
            if (key, text) not in shown:
                complaints.setdefault((key, text), f"{profile}: with {said_so} the words of {key!r} have no vector")
    return list(complaints.values())


def _alternatives(profile: Profile) -> Iterable[dict[str, Any]]:
    """Every value of every switch that has a closed set of them."""
    for name, info in profile.switch_info.items():
        for word in info.get("values", ()):
            yield {name: word == "true" if isinstance(info["default"], bool) else word}


def envelopes_without_clause() -> list[str]:
    """Envelopes that no edition uses, with whatever switches, among those that inherit the file that has them."""
    had: dict[tuple[str, str], None] = {}
    used: set[tuple[str, str]] = set()
    for profile in concrete():
        files = [(path.name, own.get("envelope", {})) for path, own in merge(find(profile)).chain]
        had |= {(file, name): None for file, names in files for name in names}
        for name in _envelopes(profile):
            used.update((file, name) for file, names in files if name in names)
    return [f"{file}: the envelope {name!r} is used by no clause" for file, name in had if (file, name) not in used]


def _envelopes(profile: str) -> set[str]:
    """The envelopes, and their forms, that the clauses of a profile use with any value of any switch."""
    found = set()
    for switches in ({}, *_alternatives(load_profile(profile))):
        loaded, data = as_it_is(profile, switches), data_of(profile, switches)
        for key, clause in loaded.clauses.items():
            name = clause_entry(data, key)["envelope"]
            found |= {name, *(f"{name}@{door}" for door in clause.at_door)}
    return found


def complaints(profile: str) -> list[str]:
    """All that can be told of one profile."""
    asked = (
        clauses_without_vector, vectors_without_clause, switch_values_without_vector, reasons_without_vector,
        kinds_without_vector, words_without_vector,
    )  # fmt: skip
    return [complaint for ask in asked for complaint in ask(profile)]
