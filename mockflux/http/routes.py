"""Which path leads to which door and handler; which paths a real server has that mockflux does not simulate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockflux.profile.steps import API, in_api

if TYPE_CHECKING:
    from mockflux.outcomes import Outcome
    from mockflux.profile import Profile

Handler = Callable[[Any], "Outcome"]


@dataclass(frozen=True, slots=True)
class Route:
    """A simulated path: its door, and by method the handler as ``module:function`` below :mod:`mockflux.http`.

    Each ``{id}`` of a path stands for any one part; :attr:`Place.ids` has them.
    ``short`` routes reach their handler without Flask's dispatch, which costs ten times as much as they do.
    """

    door: str
    handlers: Mapping[str, str]
    short: bool = True


#: Every path that mockflux simulates, for all editions; a profile's doors decide which of them it has.
SIMULATED: Mapping[str, Route] = {
    "/api/v2/write": Route("v2-write", {"POST": "writes:write"}),
    "/write": Route("v1-write", {"POST": "writes:write"}),
    "/api/v3/write_lp": Route("v3-write", {"POST": "writes:write"}),
    "/api/v2/delete": Route("v2-delete", {"POST": "deletes:delete"}),
    "/query": Route("v1-query", dict.fromkeys(("GET", "POST"), "queries:query")),
    "/status": Route("ping", dict.fromkeys(("GET", "HEAD"), "probes:ping")),
    "/ping": Route("ping", dict.fromkeys(("GET", "HEAD", "POST"), "probes:ping")),
    "/health": Route("health", {"*": "probes:health"}),
    "/api/v1/health": Route("health", {"*": "probes:health"}),
    "/ready": Route("ready", {"*": "probes:ready"}),
    "/api/v2/buckets": Route(
        "v2-resources", {"GET": "buckets:list_buckets", "POST": "buckets:create_bucket"}, short=False
    ),
    "/api/v2/buckets/{id}": Route(
        "v2-resources",
        {"GET": "buckets:show_bucket", "PATCH": "buckets:change_bucket", "DELETE": "buckets:remove_bucket"},
        short=False,
    ),
    "/api/v2/buckets/{id}/schema/measurements": Route(
        "v2-resources", {"GET": "schemas:list_schemas", "POST": "schemas:create_schema"}, short=False
    ),
    "/api/v2/buckets/{id}/schema/measurements/{id}": Route(
        "v2-resources", {"GET": "schemas:show_schema", "PATCH": "schemas:change_schema"}, short=False
    ),
    "/api/v2/orgs": Route("v2-resources", {"GET": "lookups:orgs"}, short=False),
    "/api/v2/orgs/{id}/limits": Route("v2-resources", {"GET": "usage:limits"}, short=False),
    "/api/v2/orgs/{id}/usage": Route("v2-resources", {"GET": "usage:usage"}, short=False),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads in one edition.

    ``door``, and the ``route`` behind it (None for a path that is not simulated); ``methods`` of a real server (None
    for a path that it does not have); ``slash``: the path has one slash more than the route (``moved``: it is sent
    on); ``unknown``: the door at which an unknown route is answered; ``ids``: the parts of the path that stand for
    ``{id}``, in order; ``options``: the router answers OPTIONS itself.
    """

    door: str
    route: Route | None
    methods: tuple[str, ...] | None
    unknown: str
    slash: bool = False
    ids: tuple[str, ...] = ()
    options: bool = True

    @property
    def allow(self) -> str:
        """The value of an Allow header: the methods of a real server, and OPTIONS where its router answers that."""
        return ", ".join(sorted({*(self.methods or ()), *(("OPTIONS",) * self.options)}))


def locate(profile: Profile, path: str, method: str = "OPTIONS") -> Place:
    """The place of a path (not decoded) in an edition. ``*`` is one for the method OPTIONS, else a path like any."""
    if path == "*" and method == "OPTIONS":
        return Place("http", None, None, "http")
    table = _table(profile)
    place = table.get(path)
    return place if place is not None else _elsewhere(profile, table, path)


@lru_cache(maxsize=64)
def _table(profile: Profile) -> dict[str, Place]:
    """The places of all paths without variable parts."""
    methods = profile.settings.methods
    return {path: _place(profile, path, methods[path]) for path in methods if "{" not in path}


def _place(profile: Profile, path: str, methods: tuple[str, ...]) -> Place:
    """The place of a path, or of a pattern of paths, that a real server has."""
    route = SIMULATED.get(path)
    if route is not None and route.door not in profile.doors:
        route = None
    unknown = _unknown_door(path)
    return Place(route.door if route else unknown, route, methods, unknown, options=profile.settings.router_options)


def _unknown_door(path: str) -> str:
    return "api-other" if in_api(path) else "other"


def _elsewhere(profile: Profile, table: Mapping[str, Place], path: str) -> Place:
    """Places that are not in the table: a slash too many, variable parts, something below a route, nothing at all."""
    unknown = _unknown_door(path)
    if path.endswith("/") and (without := table.get(path[:-1]) or _by_pattern(profile, path[:-1])):
        how = profile.settings.slash.get(without.door) if without.route else None
        if how == "same":
            return without
        if how == "moved":
            return replace(without, slash=True)
        if unknown == "api-other":  # what the API's routers make of such a slash is not simulated
            return Place(unknown, None, without.methods, unknown)
    return _by_pattern(profile, path) or _below(table, path) or Place(unknown, None, None, unknown)


#: More slashes than a path of an edition's own has.
_DEEP = 30


def _below(table: Mapping[str, Place], path: str) -> Place | None:
    """The place of a path below a route that a real server has: it answers there as that route's router does. None
    where no such route is known."""
    if path.count("/") > _DEEP:  # nothing is known of what lies deeper than every route, however deep it goes
        deepest = max(known.count("/") for known in table)
        path = "/".join(path.split("/", deepest + 2)[: deepest + 2])
    above = path
    while (above := above.rpartition("/")[0]) and above not in API:
        place = table.get(above)
        if place is not None:
            if place.route is None:
                return Place(place.unknown, None, place.methods, place.unknown)
            return Place(place.door, None, None, place.door) if place.unknown == "api-other" else None
    return None


def _by_pattern(profile: Profile, path: str) -> Place | None:
    """The place of a path with variable parts."""
    parts = path.split("/")
    for pattern, place in _patterns(profile).get(len(parts), ()):
        if all(part == wanted or (wanted == "{id}" and part) for part, wanted in zip(parts, pattern, strict=True)):
            ids = tuple(part for part, wanted in zip(parts, pattern, strict=True) if wanted == "{id}")
            return replace(place, ids=ids)
    return None


@lru_cache(maxsize=64)
def _patterns(profile: Profile) -> dict[int, list[tuple[list[str], Place]]]:
    """The places of paths with variable parts, by their number of parts."""
    patterns: dict[int, list[tuple[list[str], Place]]] = {}
    for path, methods in profile.settings.methods.items():
        if "{" in path:
            parts = path.split("/")
            patterns.setdefault(len(parts), []).append((parts, _place(profile, path, methods)))
    return patterns


def handler_of(route: Route, method: str) -> Handler | None:
    """The handler for a method, imported on first need; None if mockflux has none."""
    name = route.handlers.get(method) or route.handlers.get("*")
    return _import(name) if name else None


@lru_cache(maxsize=256)
def _import(name: str) -> Handler:
    module, _, function = name.partition(":")
    handler: Handler = getattr(import_module(f"mockflux.http.{module}"), function)
    return handler
