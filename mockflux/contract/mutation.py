"""The mutation check: what a profile says is altered, one thing after another, and its vectors must notice.

    python -m mockflux.contract.mutation [PROFILE…]

plays, for each alteration of a clause, the vectors that name this clause; of a reason, those in which it is worded; of
a type or of a door's headers, those in which they can be seen. One that no vector notices survives: it is printed, and
the exit code is 1. ``mutation_known`` lists those that no reply can tell, with the reason.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from mockflux.contract import mutations
from mockflux.contract.coverage import doors_of
from mockflux.contract.mutation_known import EQUIVALENT, Equivalent
from mockflux.contract.mutation_play import Heard, altered, as_it_is, data_of, play_with
from mockflux.contract.mutations import Mutation
from mockflux.contract.vector import Vector, load_vectors
from mockflux.profile import ProfileError, concrete
from mockflux.profile.errors import one_of
from mockflux.profile.load import Data


@dataclass(frozen=True, slots=True)
class Survivor:
    """An alteration that no vector notices: of which profile, of what (``clause accepted``), what it does, and how
    many vectors did not notice."""

    profile: str
    subject: str
    does: str
    vectors: int

    def __str__(self) -> str:
        played = f"{self.vectors} vectors and none fails" if self.vectors > 1 else "1 vector and it does not fail"
        return f"{self.profile}: {self.subject}: {self.does}: {played}"


@dataclass
class Found:
    """What came of it: how many alterations there were, those that survive, the equivalent ones among them (by
    profile, subject and what it does), and what makes no profile."""

    tried: int = 0
    survivors: list[Survivor] = field(default_factory=list)
    equivalent: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Take in what came of others."""
        self.tried += other.tried
        self.survivors += other.survivors
        self.equivalent += other.equivalent
        self.refused += other.refused


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that a profile says in one way: what can be done to it, where the switches are so, and the vectors
    that show it, those first that tell fastest."""

    name: str
    mutations: Callable[[Mapping[str, Any]], Iterator[Mutation]]
    vectors: Sequence[Vector]


@dataclass(frozen=True, slots=True)
class Shown:
    """A vector as it is, what is said in it, and the seconds that it takes."""

    vector: Vector
    heard: Heard
    seconds: float


def check(profile: str, where: Path | None = None, part: tuple[int, int] = (0, 1)) -> Found:
    """Alter what one profile says, thing by thing; ``where``: the folder of its vectors; ``part`` (n, of): only every
    such subject. Raises AssertionError for a vector that fails already."""
    found = Found()
    number, of = part
    for subject in list(subjects(profile, load_vectors(profile, where)))[number::of]:
        found.add(_check(profile, subject))
    return found


def subjects(profile: str, vectors: Sequence[Vector]) -> Iterator[Subject]:
    """What the vectors of a profile show: clauses as they are worded under the vectors' switches, reasons likewise,
    types, headers of doors. Their order does not depend on how long anything takes."""
    shown = sorted((_shown(vector) for vector in vectors), key=lambda one: (bool(one.vector.switches), one.seconds))
    clauses: dict[tuple[str, str], list[Vector]] = defaultdict(list)
    reasons: dict[tuple[str, str], list[Vector]] = defaultdict(list)
    doors: dict[str, list[Shown]] = defaultdict(list)
    for one in shown:
        vector, data = one.vector, data_of(profile, one.vector.switches)
        for key in sorted({exchange.clause or "" for exchange in vector.exchanges} & data["clause"].keys()):
            clauses[key, mutations.wording(data, key)].append(vector)
        for key in sorted(one.heard.reasons):
            reasons[key, str(data["reason"][key])].append(vector)
        for door in sorted({door for _, door in one.heard.clauses}):
            doors[door].append(one)
    for (key, _), showing in sorted(clauses.items(), key=lambda item: item[0]):
        yield Subject(f"clause {key}", partial(_of_clause, profile, key), showing)
    for (key, _), showing in sorted(reasons.items(), key=lambda item: item[0]):
        yield Subject(f"reason {key}", _from_data(profile, mutations.of_reason, key), showing)
    worded = [one.vector for one in shown if one.heard.reasons]
    for name in data_of(profile, {})["types"]:
        yield Subject(f"type {name}", _from_data(profile, mutations.of_type, name), worded)
    for door, those in sorted(doors.items(), key=lambda item: item[0]):
        said = {key for one in those for key, at in one.heard.clauses if at == door}
        mutate = partial(mutations.of_headers, clauses=said)
        yield Subject(f"headers at {door}", _from_data(profile, mutate, door), [one.vector for one in those])


def _of_clause(profile: str, key: str, switches: Mapping[str, Any]) -> Iterator[Mutation]:
    doors = doors_of(as_it_is(profile, switches)).get(key, ())
    return mutations.of_clause(data_of(profile, switches), key, doors)


def _from_data(
    profile: str, mutate: Callable[[Data, str], Iterator[Mutation]], key: str
) -> Callable[[Mapping[str, Any]], Iterator[Mutation]]:
    return lambda switches: mutate(data_of(profile, switches), key)


def _shown(vector: Vector) -> Shown:
    profile = as_it_is(vector.profile, vector.switches)
    began = time.perf_counter()
    played = play_with(vector, profile)
    assert played.difference is None, f"this vector fails as it is: {played}"
    return Shown(vector, profile.heard, time.perf_counter() - began)


def _check(profile: str, subject: Subject) -> Found:
    found = Found()
    by_switches: dict[str, tuple[Mapping[str, Any], list[Vector]]] = {}
    for vector in subject.vectors:
        by_switches.setdefault(repr(vector.switches), (vector.switches, []))[1].append(vector)
    left: dict[str, int] = {}
    for number, (switches, vectors) in enumerate(by_switches.values()):
        for mutation in subject.mutations(switches):
            if number and mutation.does not in left:
                continue
            left.setdefault(mutation.does, 0)
            found.tried += not number
            try:
                noticed = any(_notices(vector, mutation) for vector in vectors)
            except ProfileError as error:
                found.refused.append(f"{profile}: {subject.name}: {mutation.does}: {error}")
                noticed = True
            if noticed:
                del left[mutation.does]
            else:
                left[mutation.does] += len(vectors)
    for does, vectors_played in left.items():
        if _known(profile, subject.name, does):
            found.equivalent.append((profile, subject.name, does))
        else:
            found.survivors.append(Survivor(profile, subject.name, does, vectors_played))
    return found


def _notices(vector: Vector, mutation: Mutation) -> bool:
    profile = altered(vector.profile, vector.switches, mutation)
    try:
        return play_with(vector, profile, on_the_wire=mutation.on_the_wire).difference is not None
    except AssertionError:
        return True


def _known(profile: str, subject: str, does: str) -> bool:
    return any(entry.fits(profile, subject, does) for entry in EQUIVALENT)


def idle(found: Found) -> list[Equivalent]:
    """Entries of ``EQUIVALENT`` that fit none of what survived."""
    return [entry for entry in EQUIVALENT if not any(entry.fits(*one) for one in found.equivalent)]


#: Into so many pieces the work on a profile is cut, so that several processes end at about the same time.
_PIECES = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Check profiles, print what survives and what is wrong with ``EQUIVALENT``, and return the exit code, which is 2
    for an edition that there is not."""
    parser = argparse.ArgumentParser(prog="python -m mockflux.contract.mutation", description=_SUMMARY)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", help="an edition; all of them unless given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; as many as there are cores")
    given = parser.parse_args(arguments)
    unknown = [profile for profile in given.profiles if profile not in concrete()]
    if unknown:
        print(f"There is no edition {unknown[0]!r}; {one_of(concrete())}.", file=sys.stderr)
        return 2
    profiles = given.profiles or concrete()
    complaints, found = [], Found()
    for one in _found(profiles, given.jobs):
        found.add(one)
    complaints += [str(survivor) for survivor in found.survivors]
    complaints += [f"{refused} (no profile: alter it otherwise)" for refused in found.refused]
    if not given.profiles:
        complaints += [f"mutation_known: nothing of this kind survives: {entry}" for entry in idle(found)]
    for complaint in complaints:
        print(complaint)
    print(f"{found.tried} alterations of {', '.join(profiles)}: {len(found.survivors)} survive")
    return 1 if complaints else 0


def _found(profiles: Sequence[str], jobs: int) -> Iterator[Found]:
    if jobs < 2:
        yield from map(check, profiles)
        return
    parts = [(profile, (number, _PIECES)) for number in range(_PIECES) for profile in profiles]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_part, parts)


def _part(part: tuple[str, tuple[int, int]]) -> Found:
    return check(part[0], None, part[1])


_SUMMARY = "Alter what profiles say, thing by thing; their vectors must notice."

if __name__ == "__main__":
    sys.exit(main())
