"""What is asked of the request itself: its method, its body's framing, its parameters."""

from __future__ import annotations

from mockflux.http.params import serde_fault
from mockflux.http.passage import Passage
from mockflux.outcomes import (
    BodyUnreadable,
    ConsistencyInvalid,
    MethodNotAllowed,
    OptionsListed,
    Outcome,
    PathMoved,
    PathNotFound,
    PrecisionInvalid,
    Preflight,
)
from mockflux.profile.steps import METHODS


def known_method(passage: Passage) -> Outcome | None:
    """The method is one of HTTP's."""
    return None if passage.request.method in METHODS else MethodNotAllowed("unknown")


def whole_body(passage: Passage) -> Outcome | None:
    """The body came whole. Where this is asked first, the body is read before anything is looked at."""
    problem, passage.body_read = passage.request.problem, True
    return None if problem in (None, "too_large") else BodyUnreadable("framing", problem or "")


def options(passage: Passage) -> Outcome | None:
    """OPTIONS is granted, whatever the path."""
    return Preflight() if passage.request.method == "OPTIONS" else None


def own_options(passage: Passage) -> Outcome | None:
    """OPTIONS is granted where a real server has it among its methods."""
    asked = passage.request.method == "OPTIONS" and "OPTIONS" in (passage.place.methods or ())
    return Preflight() if asked else None


def cors(passage: Passage) -> Outcome | None:
    """OPTIONS is answered here: with an Origin it is a preflight, without one it is refused."""
    if passage.request.method != "OPTIONS":
        return None
    return Preflight() if passage.request.header("origin") else MethodNotAllowed("options")


def method(passage: Passage) -> Outcome | None:
    """A real server has this method here, and the path has no slash too many."""
    place, asked = passage.place, passage.request.method
    if place.slash:
        query = passage.request.query
        return PathMoved(passage.request.path.rstrip("/") + (f"?{query}" if query else ""))
    methods = place.methods or ()
    if "*" in methods or asked in methods:
        return None
    listed = asked == "OPTIONS" and place.options
    return OptionsListed(place.allow) if listed else MethodNotAllowed("method", place.allow)


def exact_method(passage: Passage) -> Outcome | None:
    """A real server has this path with this method; another method of it is a path that nobody knows."""
    methods = passage.place.methods or ()
    return None if passage.request.method in methods or "*" in methods else PathNotFound()


def params(passage: Passage) -> Outcome | None:
    """The query string can be read as the parameters of this door, by serde."""
    return serde_fault(passage.request.target, passage.param_rules)


def consistency(passage: Passage) -> Outcome | None:
    """The level of consistency is one that there is. Asked of a batch only that can be parsed."""
    asked = passage.params.get("consistency", "")
    if passage.instead is None and asked and asked.lower() not in ("any", "one", "quorum", "all"):
        passage.instead = ConsistencyInvalid(asked)
    return None


def precision(passage: Passage) -> Outcome | None:
    """The precision is one that this door knows."""
    rules, asked = passage.param_rules, passage.params.get("precision", "")
    if asked and asked not in rules.precisions and rules.refuse_unknown:
        return PrecisionInvalid(asked, ", ".join(rules.precisions))
    return None
