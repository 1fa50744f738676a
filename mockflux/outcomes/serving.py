"""The server itself: its state, its routes, its probes."""

from __future__ import annotations

from dataclasses import dataclass

from mockflux.outcomes.catalogue import Outcome, Which


@dataclass(frozen=True, slots=True)
class InternalError(Outcome):
    """Something went wrong inside; ``detail`` is for the journal."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable(Outcome):
    """The server cannot take the request now; ``retry_after`` in whole seconds, None to leave the header out."""

    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class TooManyRequests(Outcome):
    """A quota is used up, that of the organization with the id ``org_id``; ``retry_after`` in whole seconds, None to
    leave the header out."""

    retry_after: int | None = None
    org_id: str = ""


@dataclass(frozen=True, slots=True)
class CardinalityExceeded(Outcome):
    """The write would bring more series than the plan of the organization with the id ``org_id`` has room for."""

    org_id: str = ""


@dataclass(frozen=True, slots=True)
class BadGateway(Outcome):
    """What stands in front could not reach the server."""


@dataclass(frozen=True, slots=True)
class PathNotFound(Outcome):
    """The edition has no such path (or mockflux does not simulate it; the journal tells)."""


@dataclass(frozen=True, slots=True)
class PathMoved(Outcome):
    """The path has a trailing slash too many; ``location`` is the one to use."""

    location: str = ""


@dataclass(frozen=True, slots=True)
class MethodNotAllowed(Which):
    """The path exists, but not with this method; ``allow`` lists those it has. Kinds: ``method`` (another one),
    ``options`` (an OPTIONS request that is no CORS preflight), ``unknown`` (no method of HTTP)."""

    which: str = "method"
    allow: str = ""

    KINDS = ("method", "options", "unknown")


@dataclass(frozen=True, slots=True)
class Preflight(Outcome):
    """A CORS preflight, granted."""


@dataclass(frozen=True, slots=True)
class OptionsListed(Outcome):
    """An OPTIONS request, answered with the methods of the path."""

    allow: str = ""


@dataclass(frozen=True, slots=True)
class MalformedRequest(Which):
    """The bytes are no HTTP request that the server below the router accepts; ``old_encoding``: HTTP/1.0 with a
    Transfer-Encoding, which it does not know."""

    which: str = "head"

    KINDS = (
        "head", "target", "target_too_long", "escape", "uri", "header_name", "header_value", "head_too_large",
        "headers_too_many", "host", "host_missing", "host_repeated", "version", "minor_version", "length",
        "transfer_encoding", "old_encoding", "expect",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pong(Outcome):
    """The answer to /ping: ``process_id`` of the server and ``request_id`` (both a UUID) for editions that tell."""

    process_id: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Healthy(Outcome):
    """The answer to /health."""


@dataclass(frozen=True, slots=True)
class Ready(Outcome):
    """The answer to /ready: ``started`` (ns since the epoch) and ``up`` (ns)."""

    started: int = 0
    up: int = 0
