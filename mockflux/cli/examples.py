"""An example exchange for each clause: a vector of the contract is played, and what went over the wire is shown.

Nothing here is written down anywhere: the reply is the one that the profile gives now, with its switches as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mockflux.cli.showing import body_excerpt, printable, shortened
from mockflux.contract.answer import Answer
from mockflux.contract.play import play
from mockflux.contract.targets import Session, Simulator
from mockflux.contract.vector import Exchange, StoredPoint, Vector, load_vectors
from mockflux.profile import Clause, Profile, concrete
from mockflux.profile.load import find, merge
from mockflux.reply import Header

#: Characters of a request that are taken in at a glance: shorter ones are not any simpler.
_SHORT = 300


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as its vector sends it; of the headers those that the vector names. Where it needs bytes that no
    client would send, they are ``raw``, and the rest is empty."""

    method: str = ""
    target: str = ""
    headers: Sequence[Header] = ()
    body: bytes = b""
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """An exchange that a clause says. ``switches`` are those that had to be set for it, beside the profile's own."""

    vector: Vector
    switches: Mapping[str, Any]
    request: Sent
    reply: Answer

    def as_data(self) -> dict[str, Any]:
        """The example for programs: the request's parts, or its ``raw`` bytes as text, and the reply's. Long texts are
        cut, and say so."""
        sent, reply = self.request, self.reply
        parts = {
            "method": sent.method,
            "target": _short(sent.target),
            "headers": _headers(sent.headers),
            "body": body_excerpt(sent.body),
        }
        return {
            "vector": self.vector.id,
            "shows": self.vector.shows,
            "switches": dict(self.switches),
            "request": parts if sent.raw is None else {"raw": body_excerpt(sent.raw)},
            "reply": {
                "status": reply.status,
                "reason": reply.reason,
                "headers": self._reply_headers(),
                "body": body_excerpt(reply.body),
            },
        }

    def as_lines(self) -> list[str]:
        """The example as curl shows one: each line of the request behind ``>``, of the reply behind ``<``."""
        sent, reply = self.request, self.reply
        if sent.raw is not None:
            request = body_excerpt(sent.raw.replace(b"\r\n", b"\n")).split("\n")
        else:
            request = _message(f"{sent.method} {_short(sent.target)}", _headers(sent.headers), sent.body)
        answer = _message(f"{reply.status} {reply.reason}", self._reply_headers(), reply.body)
        return [*(f"> {line}".rstrip() for line in request), *(f"< {line}".rstrip() for line in answer)]

    def _reply_headers(self) -> list[list[str]]:
        """In the order of the wire; without those that are different each time, so that an example reads the same."""
        return _headers([(name, value) for name, value in self.reply.headers if name.lower() not in _EACH_TIME_ANOTHER])


def _message(first: str, headers: list[list[str]], body: bytes) -> list[str]:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    text = body_excerpt(body).removesuffix("\n")
    return [*lines, "", *text.expandtabs(4).split("\n")] if text else lines


def _headers(headers: Sequence[Header]) -> list[list[str]]:
    return [[_short(name), _short(value)] for name, value in headers]


def _short(text: str) -> str:
    return printable(shortened(text))


#: Dates, and what a server calls a request.
_EACH_TIME_ANOTHER = frozenset(("date", "request-id", "x-request-id"))


# ------------------------------------------------------------------------------------------ finding them


def examples(name: str, profile: Profile, clauses: Iterable[Clause]) -> dict[str, Example]:
    """An example for each of these clauses, by key; a clause that no vector reaches has none.

    ``name`` is the id or the path by which the profile is loaded; its switches are those that ``profile`` has. A
    profile of one's own is played with the vectors of the edition that it extends. Vectors that ask for other switches
    are the last resort. Each vector is played once, up to the first reply that is not as it expects.
    """
    stage = _Stage(name, profile, load_vectors(_edition(name)))
    return {clause.key: found for clause in clauses if (found := stage.example(clause)) is not None}


def _edition(name: str) -> str:
    """The id of the nearest edition of mockflux's own among a profile and its parents; empty if there is none."""
    ids = [data["edition"].get("id", path.stem) for path, data in reversed(merge(find(name)).chain)]
    known = concrete()
    return next((id for id in ids if id in known), "")


class _Stage:
    """Plays the vectors of one profile, those that are asked for."""

    def __init__(self, name: str, profile: Profile, vectors: Sequence[Vector]) -> None:
        self._name, self._profile = name, profile
        defaults = {switch: info["default"] for switch, info in profile.switch_info.items()}
        self._chosen = {switch: value for switch, value in profile.switches.items() if value != defaults[switch]}
        self._reaching: dict[tuple[str, str], list[tuple[Vector, int]]] = {}
        for vector in vectors:
            for number, exchange in enumerate(vector.exchanges):
                if exchange.clause is not None and exchange.broken is None:
                    self._reaching.setdefault((exchange.clause, exchange.by), []).append((vector, number))
        self._played: dict[str, dict[tuple[str, str], Example]] = {}

    def example(self, clause: Clause) -> Example | None:
        """The simplest exchange that this clause says, the way it says it is reached."""
        said = clause.key, clause.by
        for vector, _ in sorted(self._reaching.get(said, ()), key=self._oddity):
            if vector.id not in self._played:
                self._played[vector.id] = self._play(vector)
            if said in self._played[vector.id]:
                return self._played[vector.id][said]
        return None

    def _oddity(self, place: tuple[Vector, int]) -> tuple[int, ...]:
        """What makes an example hard to take in, the worst first; among equals the contract's order counts."""
        vector, number = place
        exchange = vector.exchanges[number]
        return (
            len(self._others(vector)),
            "direct" not in vector.ways,
            exchange.by == "request" and "faults" in vector.setup,
            len(vector.exchanges),
            not exchange.ask.body,
            len(exchange.ask.headers),
            _length(exchange) // _SHORT,
        )

    def _others(self, vector: Vector) -> dict[str, Any]:
        """The switches of a vector that are not as the profile has them."""
        mine = self._profile.switches
        return {switch: value for switch, value in vector.switches.items() if mine.get(switch) != value}

    def _play(self, vector: Vector) -> dict[tuple[str, str], Example]:
        """What a vector shows: the first exchange that each clause said."""
        watched = _Watched(Simulator("direct" if "direct" in vector.ways else "socket"))
        play(replace(vector, profile=self._name, switches={**self._chosen, **vector.switches}), watched)
        found: dict[tuple[str, str], Example] = {}
        for said, request, reply in watched.exchanges:
            if reply.broken is None:
                found.setdefault(said, Example(vector, self._others(vector), request, reply))
        return found


def _length(exchange: Exchange) -> int:
    ask = exchange.ask
    return len(ask.raw or "") + len(ask.target) + sum(map(len, (*map("".join, ask.headers), ask.body)))


# ------------------------------------------------------------------------------------------ watching them


class _Watched:
    """A target that keeps what goes through it, with the clause that said each reply and by what it was reached."""

    def __init__(self, target: Simulator) -> None:
        self.exchanges: list[tuple[tuple[str, str], Sent, Answer]] = []
        self._target = target

    @property
    def way(self) -> str:
        return self._target.way

    @contextmanager
    def open(self, profile: str, switches: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[Session]:
        with self._target.open(profile, switches, setup) as session:
            yield _WatchedSession(session, self)

    def keep(self, said: tuple[str, str] | None, request: Sent, reply: Answer) -> Answer:
        if said is not None:
            self.exchanges.append((said, request, reply))
        return reply


class _WatchedSession:
    """See :class:`mockflux.contract.targets.Session`."""

    def __init__(self, session: Session, watch: _Watched) -> None:
        self._session, self._watch = session, watch

    @property
    def known(self) -> Mapping[str, str]:
        return self._session.known

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        reply = self._session.send(method, target, headers, body, closes=closes)
        return self._watch.keep(self.said(), Sent(method, target, headers, body), reply)

    def send_raw(self, raw: bytes, *, closes: bool) -> Answer:
        reply = self._session.send_raw(raw, closes=closes)
        return self._watch.keep(self.said(), Sent(raw=raw), reply)

    def said(self) -> tuple[str, str] | None:
        return self._session.said()

    def stored(self) -> list[StoredPoint] | None:
        return self._session.stored()

    def logged(self) -> list[StoredPoint] | None:
        return self._session.logged()

    def now(self) -> int:
        return self._session.now()

    def advance(self, seconds: float) -> None:
        self._session.advance(seconds)

    def settle(self) -> None:
        self._session.settle()

    def leftover(self) -> list[str]:
        return self._session.leftover()
