"""What the gate has granted before, remembered: the same request line with the same credentials passes again.

A ticket stands for the checks whose answer rests on nothing but the request line, the Authorization header and the
catalog (``checks.LASTING``). It holds until the catalog changes or the token expires; the other checks, of body and
quota, are made each time, in their order. Only what passed the whole gate gets one: a request that is refused is
refused anew, by the first check that minds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mockflux.http import checks, gate
from mockflux.outcomes import Outcome

if TYPE_CHECKING:
    from mockflux.http.passage import Passage
    from mockflux.http.routes import Handler
    from mockflux.request import Request
    from mockflux.world import World

#: How many a world keeps, and how long a request line with its credentials may be to get one, in characters.
_MOST, _LONGEST = 256, 4096


class Ticket:
    """What the gate found for one request line and credentials, and what it has to ask nevertheless."""

    __slots__ = ("_asked", "_found", "_params", "_rules", "_until", "_version", "handler", "place")

    def __init__(self, passage: Passage, handler: Handler, version: int) -> None:
        self.place = passage.place
        self.handler = handler
        self._version = version
        token = passage.token
        self._until = math.inf if token is None or token.expires is None else token.expires
        self._asked = tuple([checks.PASSING[name] for name in gate.names(passage) if name in checks.PASSING])
        self._found = token, passage.org, passage.bucket, passage.new_mapping
        self._params, self._rules = passage.params, passage.write_rules

    def holds(self, world: World) -> bool:
        """Whether nothing has changed on which it rests."""
        return world.catalog.version == self._version and (self._until is math.inf or world.clock.now() < self._until)

    def admit(self, passage: Passage) -> Outcome | None:
        """Let a request of that line and those credentials through the gate, or say why not."""
        passage.token, passage.org, passage.bucket, passage.new_mapping = self._found
        passage.params, passage.write_rules = self._params, self._rules
        for check in self._asked:
            outcome = check(passage)
            if outcome is not None:
                return outcome
        return None


def find(world: World, request: Request) -> Ticket | None:
    """The ticket for a request; it may have ceased to hold since the last request. A change of the catalog ends all, so
    that nothing is kept of what has been removed."""
    version = world.catalog.version
    if world.tickets_of != version:
        world.tickets, world.tickets_of = {}, version
    ticket: Ticket | None = world.tickets.get((request.method, request.target, request.header("authorization")))
    return ticket


def issue(passage: Passage, handler: Handler, version: int) -> None:
    """Remember that a request has passed the whole gate while the catalog had that version. Nothing is remembered of
    a bucket that is yet to be made: nobody is to hold it but those who write to it; nor of a request that is told
    something else than what its points deserve."""
    world, request, bucket = passage.world, passage.request, passage.bucket
    key = (request.method, request.target, request.header("authorization"))
    if passage.instead is not None or (bucket is not None and world.catalog.bucket_by_id(bucket.id) is not bucket):
        return
    if len(request.target) + len(key[2] or "") > _LONGEST:
        return
    if len(world.tickets) >= _MOST:
        world.tickets = {}
    world.tickets[key] = Ticket(passage, handler, version)
