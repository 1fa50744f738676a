"""Planned faults as they befall a request: which one, and the clause that it has said."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mockflux.http.passage import Passage
from mockflux.http.routes import Place, handler_of
from mockflux.lineprotocol import to_text
from mockflux.outcomes import Outcome, PointsRejected
from mockflux.profile.clause import Key
from mockflux.reasons import Malformed, Rejection
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.world import MAX_BODY, World
from mockflux.writing import decode

if TYPE_CHECKING:
    from mockflux.faults import Fault


def befalls(world: World, request: Request, place: Place) -> Fault | None:
    """The planned fault that befalls this request: one that its door would handle, be it a write or a look-up. A
    preflight, or a method that the door does not have, uses none up."""
    handled = place.route is not None and handler_of(place.route, request.method) is not None
    return world.faults.take(place.door) if handled else None


def said_out_of_turn(world: World, request: Request, place: Place, fault: Fault) -> Reply:
    """A clause said by plan, filled with what is known of the request and what the plan gave."""
    clause = fault.clauses[place.door]
    passage = Passage(world, request, place)
    rules = passage.param_rules
    asked = {
        "org": next((value for name in rules.org if (value := passage.params.get(name))), None),
        "bucket": passage.params.get(rules.target),
        "database": passage.params.get(rules.target),
        "retention_policy": passage.params.get(rules.retention_policy),
        "precision": passage.params.get("precision"),
        "allow": place.allow,
        "location": request.path,
    }
    known = {
        **world.known(),
        **{fact: value for fact, value in asked.items() if value},
        **clause.example,
        **fault.facts,
    }
    key = Key.parse(clause.key)
    if key.outcome == PointsRejected.name:
        rejection = Rejection(1, _first_line(request), Malformed("missing fields"))
        known["deciding"] = world.profile.worded(rejection)
    outcome = Outcome.CATALOGUE[key.outcome].example(key.kind, known)
    return world.say(outcome, key.door or place.door, request.header("origin"), clause)


def _first_line(request: Request) -> str:
    """The first line of a body that can be read at once, whether compressed or not."""
    body = request.body
    if request.header("content-encoding") in decode.GZIP:
        with suppress(decode.DecodeError, decode.TooLarge):
            body = decode.inflate(body, MAX_BODY)
    return to_text(body.split(b"\n", 1)[0])
