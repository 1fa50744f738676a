"""The front: every request comes by here, whether from the socket, from WSGI or from a test.

tick -> open an exchange -> work off what is due -> planned fault? -> gate -> handler -> phrase -> close the exchange
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from mockflux.http import gate, planned, tickets
from mockflux.http.nearmiss import hint
from mockflux.http.passage import Passage
from mockflux.http.routes import Handler, Place, handler_of, locate
from mockflux.outcomes import InternalError, MalformedRequest, MethodNotAllowed, OptionsListed, Outcome, PathNotFound
from mockflux.reply import Reply
from mockflux.request import Request

if TYPE_CHECKING:
    from mockflux.faults import Fault
    from mockflux.http.tickets import Ticket
    from mockflux.journal import Exchange
    from mockflux.world import World

#: How a client of HTTP/2 begins (RFC 9113, 3.4).
_HTTP2 = b"PRI * HTTP/2.0\r\n"
#: How a handler is called for a passage: directly, or through a Flask app.
Dispatch = Callable[[Passage, Handler], Outcome]


def call(passage: Passage, handler: Handler) -> Outcome:
    """The short way: call the handler."""
    return handler(passage)


def through_flask(passage: Passage, handler: Handler) -> Outcome:
    """The long way: through the Flask app of the passage's door, which calls the same handler."""
    from mockflux.http.flask_apps import dispatch

    return dispatch(passage, handler)


def by_route(passage: Passage, handler: Handler) -> Outcome:
    """The way that the route asks for: short for writes and probes, through Flask for the resource API."""
    route = passage.place.route
    return call(passage, handler) if route is None or route.short else through_flask(passage, handler)


def answer(world: World, request: Request, dispatch: Dispatch = by_route) -> Reply:
    """The reply to a request; the exchange is in the journal when this returns. Never raises."""
    untimely = _tick_on(world) if world.clock.ticks else None
    exchange = world.journal.open(request, world.clock.now())
    ticket = tickets.find(world, request)
    place = locate(world.profile, request.path, request.method) if ticket is None else ticket.place
    exchange.door = place.door
    try:
        if untimely is not None:
            raise untimely
        world.work_off()
        fault = exchange.fault = planned.befalls(world, request, place) if world.faults else None
        reply = _answer(world, request, place, exchange, fault, dispatch, ticket)
    except Exception:
        exchange.error = traceback.format_exc()
        reply = sorry(world, place.door)
    if request.method == "HEAD":
        reply.body = b""
    world.journal.close(exchange, reply, world.profile.evidence.get(reply.clause))
    return reply


def _tick_on(world: World) -> Exception | None:
    """Advance the clock by its tick; what falls due by that happens, and what comes of it is the request's error."""
    try:
        world.clock.tick_on()
    except Exception as error:
        return error
    return None


def refuse(world: World, problem: str, head: bytes) -> Reply | None:
    """The reply to bytes that are no HTTP request; ``problem`` is a kind of ``malformed_request``. None if the edition
    has no words for it, because it does not mind or because it speaks another language there."""
    if problem == "version" and head.startswith(_HTTP2) and world.settings.grpc:
        _note_grpc(world, head)
        return None
    if world.profile.find(MalformedRequest.name, problem, "http") is None:
        return None
    exchange = world.journal.open(as_far_as_it_goes(head), world.clock.now())
    exchange.door = "http"
    try:
        reply = world.say(MalformedRequest(problem), "http")
    except Exception:
        exchange.error = traceback.format_exc()
        reply = sorry(world, "http")
    world.journal.close(exchange, reply, world.profile.evidence.get(reply.clause))
    return reply


def _note_grpc(world: World, head: bytes) -> None:
    """Put into the journal that a client came with gRPC, which is not simulated: nothing is answered."""
    exchange = world.journal.open(as_far_as_it_goes(head), world.clock.now())
    exchange.door, exchange.simulated = "http", False
    exchange.hint = "the beginning of HTTP/2, as gRPC clients (Arrow Flight queries) speak it"
    world.journal.close(exchange, Reply(0, "", []), None)


def as_far_as_it_goes(head: bytes) -> Request:
    """What can be made out of a head that is no proper one: as a request, so that the journal masks its credentials."""
    first, *others = head.decode("latin-1").split("\n")
    method, _, rest = first.strip("\r").partition(" ")
    # Lines without a name are left out: there is no telling whether a secret stands in them.
    lines = [line.partition(":") for line in others if ":" in line and not line[0].isspace()]
    headers = [(name.strip(), value.strip()) for name, _, value in lines]
    return Request(method, rest.partition(" ")[0], headers, length=len(head))


def _answer(
    world: World,
    request: Request,
    place: Place,
    exchange: Exchange,
    fault: Fault | None,
    dispatch: Dispatch,
    ticket: Ticket | None,
) -> Reply:
    if fault is None:
        return _handle(world, request, place, exchange, dispatch, ticket)
    if fault.transport == "reset_before":
        reply = Reply(0, "", [])
    elif fault.clauses:
        reply = planned.said_out_of_turn(world, request, place, fault)
    else:
        reply = _handle(world, request, place, exchange, dispatch, ticket)
    reply.delay = fault.delay
    reply.transport = {None: None, "truncate": "truncate"}.get(fault.transport, "reset")
    return reply


def _handle(
    world: World, request: Request, place: Place, exchange: Exchange, dispatch: Dispatch, ticket: Ticket | None
) -> Reply:
    passage = Passage(world, request, place)
    if ticket is not None and ticket.holds(world):
        outcome = ticket.admit(passage) or dispatch(passage, ticket.handler)
    else:
        version = world.catalog.version  # before anything is asked: what changes meanwhile makes the ticket void
        outcome = gate.before_door(passage) or _at_the_place(passage, dispatch, version)
    exchange.verdict, exchange.simulated = passage.verdict, passage.simulated
    exchange.lacking = passage.lacking
    if passage.simulated:
        exchange.hint = hint(passage, outcome)
    # What is not simulated is answered as a path that nobody knows.
    reply = world.say(outcome, place.door if passage.simulated else place.unknown, request)
    # A client that asks first, and is refused before its body is wanted, is not told to go on: the connection ends.
    reply.close = reply.close or (not passage.body_read and (request.header("expect") or "").lower() == "100-continue")
    return reply


def _at_the_place(passage: Passage, dispatch: Dispatch, version: int) -> Outcome:
    place = passage.place
    if place.methods is None:  # a path that the edition does not have, or OPTIONS *
        return OptionsListed() if place.door == "http" else PathNotFound()
    if not place.methods:
        return MethodNotAllowed("method", place.allow)
    if place.route is None:
        passage.simulated = False
        return PathNotFound()
    refused = gate.at_door(passage)
    if refused is not None:
        return refused
    handler = handler_of(place.route, passage.request.method)
    if handler is None:
        passage.simulated = False
        return PathNotFound()
    tickets.issue(passage, handler, version)
    return dispatch(passage, handler)


def sorry(world: World, door: str) -> Reply:
    """The edition's 500 for an exception of our own; should even that fail, one without words."""
    try:
        return world.say(InternalError("an exception in mockflux; see the journal"), door)
    except Exception:
        return Reply(500, "Internal Server Error", [("Content-Length", "0")])
