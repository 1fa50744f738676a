"""Vectors played in process against a profile whose words are altered, and who said what in a vector that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol, cast

from mockflux.contract.mutations import Mutation, clause_entry
from mockflux.contract.play import Played, play
from mockflux.contract.targets import Session, Simulator
from mockflux.contract.vector import Vector
from mockflux.outcomes import Outcome
from mockflux.profile import Clause, Profile
from mockflux.profile.doors import narrowed
from mockflux.profile.load import Data, Merged, find, merge
from mockflux.profile.switches import switch_values, switched
from mockflux.public import Server
from mockflux.reasons import Reason
from mockflux.reply import Reply


@dataclass
class Heard:
    """What was said: ``clauses`` with the door at which; ``cases``, the outcomes, kinds and doors to which requests
    led; and ``reasons`` by the key under which they are worded."""

    clauses: set[tuple[str, str]] = field(default_factory=set)
    cases: set[tuple[str, str, str]] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)


class AlteredProfile(Profile):
    """A profile that notes in ``heard`` what it says, made of data that may be altered, or with one clause altered
    (:meth:`with_clause`). Faults are planned before the words are altered; they are said in the altered ones."""

    def __init__(self, merged: Merged, values: Mapping[str, Any]) -> None:
        super().__init__(merged, values)
        self.heard = Heard()
        self._merged = merged
        self._in_place: Clause | None = None

    def with_clause(self, key: str, data: Data) -> AlteredProfile:
        """This profile with one clause as ``data`` have it. Raises ProfileError for a clause that cannot be."""
        other = copy(self)
        other.heard = Heard()
        other._in_place = Clause(replace(self._merged, data=data), key, clause_entry(data, key))
        return other

    def say(
        self,
        outcome: Outcome,
        door: str,
        date: str,
        origin: str | None = None,
        clause: Clause | None = None,
        own: Callable[[], Mapping[str, str]] | None = None,
        *,
        form: str = "",
    ) -> Reply:
        """As any profile; a given clause stands for its key."""
        said = self.clauses[clause.key] if clause else self.find(outcome.name, outcome.kind, door)
        if said is not None:
            said = self._in_place if self._in_place is not None and self._in_place.key == said.key else said
            self.heard.clauses.add((said.key, door))
            self.heard.cases |= {(outcome.name, outcome.kind, door)} if clause is None else set()
            said = said.at_door.get(door, said)
        return super().say(outcome, door, date, origin, said, own, form=form)

    def word(self, reason: Reason, line: str, number: int) -> str:
        """As any profile."""
        key = f"{reason.name}:{reason.kind}"
        self.heard.reasons.add(key if key in self.reasons else reason.name)
        return super().word(reason, line, number)


def data_of(profile: str, switches: Mapping[str, Any]) -> Data:
    """All that an edition says with these switches, as its file would, parents merged in."""
    return _settled(profile, _kept(switches))[0].data


def as_it_is(profile: str, switches: Mapping[str, Any]) -> AlteredProfile:
    """The profile with these switches, nothing altered, and nothing heard yet."""
    base = copy(_base(profile, _kept(switches)))
    base.heard = Heard()
    return base


def altered(profile: str, switches: Mapping[str, Any], mutation: Mutation) -> AlteredProfile:
    """The profile with these switches and this alteration. Raises ProfileError for one that makes no profile."""
    if mutation.clause is not None:
        return _base(profile, _kept(switches)).with_clause(mutation.clause, mutation.data)
    merged, values = _settled(profile, _kept(switches))
    return AlteredProfile(replace(merged, data=mutation.data), values)


def _kept(switches: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, (type(value), value)) for name, value in switches.items()))


@cache
def _settled(profile: str, switches: tuple[tuple[str, Any], ...]) -> tuple[Merged, dict[str, Any]]:
    merged = merge(find(profile))
    values = switch_values(merged, {name: value for name, (_, value) in switches})
    return narrowed(switched(merged, values)), values


@cache
def _base(profile: str, switches: tuple[tuple[str, Any], ...]) -> AlteredProfile:
    return AlteredProfile(*_settled(profile, switches))


class _InProcess(Protocol):
    server: Server


class _Altered:
    """A simulator whose words are those of another profile once it is set up."""

    def __init__(self, way: str, profile: Profile) -> None:
        self.way = way
        self._profile = profile

    @contextmanager
    def open(self, profile: str, switches: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[Session]:
        with Simulator(self.way).open(profile, switches, setup) as session:
            cast(_InProcess, session).server.world.profile = self._profile
            yield session


def play_with(vector: Vector, profile: Profile, *, on_the_wire: bool = False) -> Played:
    """Play a vector with a profile's words in the place of its own, by direct call if it can go that way, or by the
    way of those headers that only a socket shows, ``on_the_wire``.

    Raises AssertionError where the simulator itself fails.
    """
    ways = ("socket", "direct") if on_the_wire else ("direct", "wsgi", "socket")
    return play(vector, _Altered(next(way for way in ways if way in vector.ways), profile))
