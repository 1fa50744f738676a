"""Planned faults as they befall a request: which one, and the clause that it has said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockflux.http import supposed
from mockflux.http.passage import Passage
from mockflux.http.routes import Place, handler_of
from mockflux.outcomes import BodyTooLarge, Outcome, PointsRejected, TooManyDatabases
from mockflux.profile.clause import Key
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.world import MAX_BODY, World

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
    rules, key = passage.param_rules, Key.parse(clause.key)
    # Where database and retention policy are told apart, the name is that of the database alone.
    split = "retention_policy" in Outcome.CATALOGUE[key.outcome].fact_names()
    asked = {
        "org": next((value for name in rules.org if (value := passage.params.get(name))), None),
        "bucket": passage.params.get(rules.target),
        "database": passage.params.get(rules.target) if split else passage.target_name,
        "retention_policy": passage.params.get(rules.retention_policy) or rules.default_policy,
        "encoding": request.header("content-encoding") or "deflate",
        "precision": passage.params.get("precision"),
        "limit": _limits(world).get(key.outcome),
        "allow": place.allow,
        "location": request.path,
    }
    known = {
        **world.known(),
        **{fact: value for fact, value in asked.items() if value},
        **clause.example,
        **fault.facts,
    }
    if key.outcome == PointsRejected.name:
        reason, kept = _taken_apart(key.kind)
        known["deciding"] = rejection = supposed.rejection(passage, reason)
        known |= {"rejections": (rejection,), **({"kept": kept} if kept else {})}
    outcome = Outcome.CATALOGUE[key.outcome].example(key.kind, known)
    return world.say(outcome, key.door or place.door, request, clause)


def _limits(world: World) -> dict[str, int]:
    """The limits that outcomes tell of."""
    limits = world.settings.limits
    return {
        BodyTooLarge.name: limits.sent or limits.inflated or MAX_BODY,
        TooManyDatabases.name: limits.databases,
    }


def _taken_apart(kind: str) -> tuple[str, str]:
    """Reason and what became of the other points, of a kind of ``points_rejected``; either may be empty."""
    reason, _, kept = kind.rpartition(".")
    if not reason and kept not in ("atomic", "partial", "all"):
        return kept, ""
    return reason, kept
