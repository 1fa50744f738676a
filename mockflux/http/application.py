"""What the socket server asks of us: how to answer, how to refuse what is no request, and how much to read."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from mockflux.http import front
from mockflux.profile import Profile
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.world import MAX_BODY, World

#: Room that a compressed body may take beyond the limit on what it inflates to.
_SLACK = 64 * 1024


class Application:
    """The application (:class:`mockflux.server.connection.Application`) of a server of this edition. ``world`` gives
    the world at the time of asking: another one after a reset."""

    def __init__(self, profile: Profile, world: Callable[[], World]) -> None:
        self._world = world
        settings, limits = profile.settings, profile.settings.limits
        self.close_header = (settings.close_header, "close")
        self.close_before = settings.close_before
        self.max_head = limits.head
        self.max_headers = limits.headers
        self.max_target = limits.target
        self.max_body = limits.sent or (limits.inflated + _SLACK if limits.inflated else MAX_BODY)

    def answer(self, request: Request) -> Reply:
        return front.answer(self._world(), request)

    def failed(self, head: bytes) -> Reply:
        world = self._world()
        exchange = world.journal.open(front.as_far_as_it_goes(head), world.clock.now())
        exchange.door, exchange.error = "http", traceback.format_exc()
        reply = front.sorry(world, "http") if head else Reply(0, "", [])
        reply.close = True
        world.journal.close(exchange, reply, world.profile.evidence.get(reply.clause))
        return reply

    def refuse(self, problem: str, head: bytes) -> Reply | None:
        return front.refuse(self._world(), problem, head)
