"""A request on its way through the gate, and what the checks have learned of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mockflux.http.params import read_go
from mockflux.http.routes import Place
from mockflux.reasons import Verdict
from mockflux.request import Request

if TYPE_CHECKING:
    from mockflux.profile.settings import AuthRules, ParamRules
    from mockflux.storage.catalog import Bucket, Org, Token
    from mockflux.world import World


class Passage:
    """What a handler gets: the world, the request, its place among the routes, and what the gate found.

    Checks fill in ``token``, ``org``, ``bucket`` and ``content`` (the body, decoded); ``body_read`` tells whether one
    had to look at the body. ``ids`` are the variable parts of the path. A handler that judges a write leaves its
    ``verdict`` here; ``simulated`` is False once it is clear that a real server would answer and mockflux does not.
    """

    def __init__(self, world: World, request: Request, place: Place) -> None:
        self.world = world
        self.request = request
        self.place = place
        self.token: Token | None = None
        self.org: Org | None = None
        self.bucket: Bucket | None = None
        self.body_read = False
        self.content = b""
        self.ids: Mapping[str, str] = {}
        self.verdict: Verdict | None = None
        self.simulated = True

    @property
    def door(self) -> str:
        """The API family through which the request came."""
        return self.place.door

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The query string, read as this edition does."""
        return read_go(self.request.query)

    @property
    def auth_rules(self) -> AuthRules:
        """How credentials may come at this door."""
        return self.world.settings.auth[self.door]

    @property
    def param_rules(self) -> ParamRules:
        """How parameters are named and read at this door."""
        return self.world.settings.params[self.door]
