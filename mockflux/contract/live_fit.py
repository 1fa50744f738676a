"""Which vectors make sense on a live server, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockflux.contract.live import Live
from mockflux.contract.live_names import Names, names_of, places_of, request_text
from mockflux.contract.places import SHAPES
from mockflux.contract.targets import OWN
from mockflux.contract.vector import Vector

#: The keys of a set-up that can be made there.
_MAKEABLE = frozenset(("buckets", "databases", "tokens", "mappings", "points", "onboarded", "auth"))
#: Why a set-up cannot be made there, by its key.
_REASONS = {
    "faults": "only a planned fault reaches it",
    "clock": "it needs a clock that stands",
    "orgs": "it needs another organization",
}
#: Places that a session gives a value once it is open.
_OPENED = frozenset(("bucket", "database", "bucket_id", "length"))


def why_not(vector: Vector, live: Live, switches: Mapping[str, Any]) -> str | None:
    """Why a vector cannot be played on this server, whose ``switches`` are set so; None where it can.

    What only the attempt tells, such as a token that the server does not make, is told by NotPlayable later.
    """
    vector = live.placed(vector)
    return next(_reasons(vector, live, switches, names_of(vector, live.rules)), None)


def _reasons(vector: Vector, live: Live, switches: Mapping[str, Any], names: Names) -> Iterator[str]:
    if "socket" not in vector.ways:
        yield "it is for calls within a process"
    setup = vector.setup
    if any(exchange.by == "fault" for exchange in vector.exchanges):
        yield _REASONS["faults"]
    for key, value in setup.items():
        if value and key not in _MAKEABLE:
            yield _REASONS.get(key, f"its set-up has {key}, which cannot be made there")
    if any(exchange.advance for exchange in vector.exchanges):
        yield _REASONS["clock"]
    if any(exchange.settle for exchange in vector.exchanges):
        yield "it waits for queued work to be done"
    if not setup.get("onboarded", True):
        yield "it needs a server that was not set up yet"
    if setup.get("auth", live.profile.settings.setup.auth) != (live.authorization is not None):
        yield (
            "it is for a server that asks who one is"
            if live.authorization is None
            else ("it is for a server that asks nobody who he is")
        )
    yield from _other_switches(vector, live, switches)
    if any("schema" in entry or "org" in entry for entry in setup.get("buckets", ())):
        yield "it needs a bucket with a schema, or of another organization"
    if any("expires" in entry for entry in setup.get("tokens", ())):
        yield "it needs a token that expires"
    yield from _names(vector, live, names)
    yield from _unknown(vector, live)
    if live.shared is not None:
        yield from _sharing(vector, live)


def _other_switches(vector: Vector, live: Live, switches: Mapping[str, Any]) -> Iterator[str]:
    standard = {name: info["default"] for name, info in live.profile.switch_info.items()}
    for name, wanted in {**standard, **vector.switches}.items():
        if switches.get(name, standard.get(name)) != wanted:
            yield f"it is for {name} = {wanted}"


def _names(vector: Vector, live: Live, names: Names) -> Iterator[str]:
    if names.fixed:
        yield (
            f"it needs a {live.rules.kind} named {names.fixed[0]!r}, and what a run makes and removes "
            "has names of the run alone"
        )
    for exchange in vector.exchanges:
        text = request_text(exchange.ask)
        said = exchange.response is None or exchange.response.status < 300
        if said and any(pattern.fullmatch(text.partition("\n\n")[0]) for pattern in live.rules.whole):
            yield "it shows all that the server has"
        if any(pattern.search(text) for pattern in live.rules.lasting):
            yield "it changes what is not of its making"


def _unknown(vector: Vector, live: Live) -> Iterator[str]:
    made = {f"token.{entry['name']}" for entry in vector.setup.get("tokens", ())}
    made |= {f"bucket_id.{entry['name']}" for entry in vector.setup.get("buckets", ())}
    if live.rules.request("token") is not None:
        made.add("read_token")
    for place in sorted(places_of(vector) - live.known.keys() - _OPENED - made):
        if place.partition(":")[0] not in SHAPES or place == "token":
            yield f"it needs {{{{{place}}}}}, which nobody told"


def _sharing(vector: Vector, live: Live) -> Iterator[str]:
    kind = live.rules.kind
    setup = vector.setup
    if setup.get("buckets") or setup.get("databases"):
        if live.rules.request("make") is None:
            yield f"it needs another {kind}"
    elif any(name not in OWN for entry in setup.get("tokens", ()) for name in entry.get("write", ())):
        yield f"it needs another {kind}"
    hindrance = live.ledger.hinders(vector)
    if hindrance:
        yield f"it needs a {kind} of its own: {hindrance}"
