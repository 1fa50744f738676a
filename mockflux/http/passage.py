"""A request on its way through the gate, and what the checks have learned of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mockflux.http.params import read_go, read_serde
from mockflux.http.routes import Place
from mockflux.reasons import Verdict
from mockflux.request import Request

if TYPE_CHECKING:
    from mockflux.outcomes import Outcome
    from mockflux.profile.settings import AuthRules, ParamRules
    from mockflux.storage.catalog import Bucket, Org, Token, User
    from mockflux.storage.databases import Database
    from mockflux.storage.predicates import Predicate
    from mockflux.world import World
    from mockflux.writing.rules import WriteRules

#: Retention policies that stand for none.
_NO_POLICY = ("", "''", "autogen", "default")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a delete asks for: the points from ``start`` to ``stop`` (ns, both included) that the predicate means."""

    start: int
    stop: int
    predicate: Predicate


class Passage:
    """What a handler gets: the world, the request, its place among the routes, and what the gate found.

    Checks fill in ``token`` or ``user``, ``org``, ``bucket``, ``database`` (one that has retention policies) and
    ``content`` (the body, decoded); ``instead`` is what becomes of a batch that can be parsed, in place of storing it;
    a bucket that the write may make has a ``new_mapping`` (database and retention policy) if it needs one;
    ``body_read`` tells whether one had to look at the body; ``deletion`` is what a delete asks for. ``ids`` are the
    variable parts of the path, in order. A handler that judges a write leaves its ``verdict`` here; ``simulated`` is
    False once it is clear that a real server would answer and mockflux does not.
    """

    def __init__(self, world: World, request: Request, place: Place) -> None:
        self.world = world
        self.request = request
        self.place = place
        self.token: Token | None = None
        self.org: Org | None = None
        self.bucket: Bucket | None = None
        self.new_mapping: tuple[str, str] | None = None
        self.user: User | None = None
        self.database: Database | None = None
        self.instead: Outcome | None = None
        self.body_read = False
        self.content = b""
        self.deletion: Deletion | None = None
        self.ids = place.ids
        self.verdict: Verdict | None = None
        self.simulated = True
        #: What is not simulated of a path that is: the statement of a query.
        self.lacking = ""

    @property
    def door(self) -> str:
        """The API family through which the request came."""
        return self.place.door

    @cached_property
    def params(self) -> Mapping[str, str]:
        """The query string, read as this edition does."""
        return read_serde(self.request.query) if self.param_rules.style == "serde" else read_go(self.request.query)

    @property
    def target_name(self) -> str:
        """Where to write, by name: the target, and behind a slash the retention policy, in lower case, unless it is one
        of those that stand for none (iox iox_http/src/write/v1.rs)."""
        rules = self.param_rules
        target = self.params.get(rules.target, "")
        policy = self.params.get(rules.retention_policy, "") if rules.retention_policy else ""
        # A policy alone names nothing.
        return target if not target or policy.lower() in _NO_POLICY else f"{target}/{policy.lower()}"

    @property
    def precision(self) -> str:
        """The precision that the request asks for, or the door's own."""
        return self.params.get("precision") or self.param_rules.default_precision

    @cached_property
    def write_rules(self) -> WriteRules:
        """How the batch is judged, this request's own parameters counted."""
        return self.world.settings.rules_for(self.door, self.params)

    @property
    def auth_rules(self) -> AuthRules:
        """How credentials may come at this door."""
        return self.world.settings.auth[self.door]

    @property
    def param_rules(self) -> ParamRules:
        """How parameters are named and read at this door."""
        return self.world.settings.params[self.door]
