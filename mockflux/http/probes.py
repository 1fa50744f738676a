"""The probes: ``/ping``, ``/health``, ``/ready``."""

from __future__ import annotations

from mockflux.http.passage import Passage
from mockflux.outcomes import Healthy, Outcome, Pong, Ready


def ping(passage: Passage) -> Outcome:
    """The server is there."""
    world = passage.world
    return Pong(world.process_id, world.new_request_id())


def health(passage: Passage) -> Outcome:
    """The server is well."""
    return Healthy()


def ready(passage: Passage) -> Outcome:
    """Since when it has been up, by the world's clock."""
    world = passage.world
    return Ready(world.started, world.clock.now() - world.started)
