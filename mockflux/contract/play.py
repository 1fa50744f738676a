"""Play one vector against one target: what held, and the first thing that did not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from mockflux.contract.answer import Answer
from mockflux.contract.compare import Difference, compare_answer, compare_piece, compare_stored
from mockflux.contract.places import Places, UnknownPlace
from mockflux.contract.targets import Session, Target
from mockflux.contract.vector import Exchange, StoredPoint, Vector


@dataclass
class Played:
    """What came of a vector: the first ``difference`` (None: all held), the clauses that said its replies and by what
    each was reached, and what the target could not tell (``unchecked``). ``at`` is the place of the exchange after
    which it was found, None where it belongs to none of them. Headers that are ``unordered`` (lower case) have lists
    of which each may stand anywhere."""

    vector: Vector
    way: str
    difference: Difference | None = None
    said: list[tuple[str, str]] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    at: int | None = None
    unordered: frozenset[str] = frozenset()

    def __str__(self) -> str:
        name = f"{self.vector.file}: {self.vector.id} [{self.way}]"
        return f"{name}: {self.difference}" if self.difference else f"{name}: as expected"


def play(vector: Vector, target: Target, unordered: frozenset[str] = frozenset()) -> Played:
    """Play a vector. Differences are told, not raised; what is wrong with the vector itself is a difference too.
    ``unordered``: see :class:`Played`."""
    played = Played(vector, target.way, unordered=unordered)
    with ExitStack() as stack:
        try:
            session = stack.enter_context(target.open(vector.profile, vector.switches, vector.setup))
        except (ValueError, TypeError, LookupError) as error:
            played.difference = Difference("set-up", "a server in this state", f"{type(error).__name__}: {error}")
            return played
        places = Places(session.known)
        began = session.now()
        before = session.stored() or []
        try:
            played.difference = _play(vector, session, places, played, (began, before))
        except UnknownPlace as error:
            played.difference = Difference("places", "only places that are known", str(error))
    return played


def _play(
    vector: Vector, session: Session, places: Places, played: Played, start: tuple[int, list[StoredPoint]]
) -> Difference | None:
    began, before = start
    for number, exchange in enumerate(vector.exchanges, 1):
        if exchange.advance:
            session.advance(exchange.advance)
        if exchange.settle:
            session.settle()
        differs = _exchange(exchange, session, places, played)
        if differs is None and exchange.stored is not None:
            differs = _stored(exchange.stored, session, places, played, began, before)
        if differs is None and exchange.logged is not None:
            differs = _logged(exchange.logged, session, places, played, began)
        if differs:
            played.at = number - 1
            return replace(differs, where=f"exchange {number}: {differs.where}")
    left = session.leftover()
    if left:
        return Difference("faults", "every planned fault comes to pass", ", ".join(left))
    session.settle()
    differs = _stored(vector.stored, session, places, played, began, before)
    if differs is None and vector.logged is not None:
        differs = _logged(vector.logged, session, places, played, began)
    return differs


def _exchange(exchange: Exchange, session: Session, places: Places, played: Played) -> Difference | None:
    answer = send(exchange, session, places)
    differs = _compare(exchange, answer, places, played)
    said = session.said()
    if said is None:
        played.unchecked.append("clause")
    elif exchange.clause is not None:
        played.said.append(said)
        # The clause first: it says best why the reply is another one.
        if said != (exchange.clause, exchange.by):
            got = f"{said[0]} by {said[1]}" + (f"; {differs}" if differs else "")
            return Difference("clause", f"{exchange.clause} by {exchange.by}", got)
    return differs


def send(exchange: Exchange, session: Session, places: Places) -> Answer:
    """Send the request of an exchange, its places filled in. Raises UnknownPlace."""
    ask, closes = exchange.ask, exchange.closes
    if ask.raw is not None:
        text = places.fill(ask.raw.decode("utf-8", "surrogateescape"))
        return session.send_raw(text.encode("utf-8", "surrogateescape"), closes=closes)
    headers = [(name, places.fill(value)) for name, value in ask.headers]
    if ask.chunks is None:
        body = ask.encode(places.fill(ask.body))
    else:
        headers.append(("Transfer-Encoding", "chunked"))
        body = b"".join(_chunk(places.fill(piece)) for piece in (*ask.chunks, ""))
    return session.send(ask.method, places.fill(ask.target), headers, body, closes=closes)


def _chunk(piece: str) -> bytes:
    data = piece.encode("utf-8", "surrogateescape")
    return b"%x\r\n%b\r\n" % (len(data), data)


def _compare(exchange: Exchange, answer: Answer, places: Places, played: Played) -> Difference | None:
    socket = played.way == "socket"
    if exchange.broken != answer.broken:
        return Difference("end", exchange.broken or "a whole answer", answer.broken or f"a whole answer: {answer}")
    if exchange.response is None:
        return None
    if exchange.broken:
        return compare_piece(exchange.response, answer, places)
    if socket and exchange.interim != answer.interim:
        return Difference("interim replies", str(list(exchange.interim)), str(list(answer.interim)))
    differs = compare_answer(exchange.response, answer, places, socket=socket, unordered=played.unordered)
    if differs is None and answer.closed is not None and answer.closed != exchange.closes:
        words = {True: "it ends", False: "it stays open"}
        return Difference("connection after the reply", words[exchange.closes], words[answer.closed])
    return differs


def _stored(
    expected: Sequence[StoredPoint] | str,
    session: Session,
    places: Places,
    played: Played,
    began: int,
    before: list[StoredPoint],
) -> Difference | None:
    found = session.stored()
    if found is None:
        played.unchecked.append("stored")
        return None
    if isinstance(expected, str):
        expected = before if expected == "unchanged" else []
    return compare_stored(expected, found, places, (began, session.now()))


def _logged(
    expected: Sequence[StoredPoint] | str, session: Session, places: Places, played: Played, began: int
) -> Difference | None:
    found = session.logged()
    if found is None:
        played.unchecked.append("logged")
        return None
    differs = compare_stored([] if isinstance(expected, str) else expected, found, places, (began, session.now()))
    return replace(differs, where="logged") if differs else None
