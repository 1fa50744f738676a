"""The gate: the profile's ordered checks. The first that fails is the outcome of the request."""

from __future__ import annotations

from collections.abc import Iterable

from mockflux.http import checks
from mockflux.http.passage import Passage
from mockflux.outcomes import Outcome


def before_door(passage: Passage) -> Outcome | None:
    """What is asked before it matters whether there is a door: of every request, and by the area of the path."""
    order, request = passage.world.settings.gate, passage.request
    area = order.area(request.path)
    asked = area.before_door if area and f"{request.method} {request.path}" not in area.open else ()
    return _run(passage, (*order.first, *asked))


def at_door(passage: Passage) -> Outcome | None:
    """What is asked at the door itself."""
    return _run(passage, passage.world.settings.gate.doors.get(passage.door, ()))


def _run(passage: Passage, names: Iterable[str]) -> Outcome | None:
    for name in names:
        outcome = checks.ALL[name](passage)
        if outcome is not None:
            return outcome
    return None
