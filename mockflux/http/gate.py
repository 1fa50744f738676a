"""The gate: the profile's ordered checks. The first that fails is the outcome of the request."""

from __future__ import annotations

from collections.abc import Iterable

from mockflux.http import checks
from mockflux.http.passage import Passage
from mockflux.outcomes import Outcome


def names(passage: Passage) -> tuple[str, ...]:
    """The checks that are made of a request that reaches its door, in their order."""
    return (*_early(passage), *_late(passage))


def before_door(passage: Passage) -> Outcome | None:
    """What is asked before it matters whether there is a door: of every request, and by the area of the path."""
    return _run(passage, _early(passage))


def at_door(passage: Passage) -> Outcome | None:
    """What is asked at the door itself."""
    return _run(passage, _late(passage))


def _early(passage: Passage) -> tuple[str, ...]:
    order, request = passage.world.settings.gate, passage.request
    area = order.area(request.path)
    asked = area.before_door if area and f"{request.method} {request.path}" not in area.open else ()
    return (*order.first, *asked)


def _late(passage: Passage) -> tuple[str, ...]:
    return tuple(passage.world.settings.gate.doors.get(passage.door, ()))


def _run(passage: Passage, names: Iterable[str]) -> Outcome | None:
    for name in names:
        outcome = checks.ALL[name](passage)
        if outcome is not None:
            return outcome
    return None
