"""Play the requests of vectors against a live server, and keep what it answered as vectors.

What belongs to the run alone is a place again in what is kept: names, credentials, ids, the Date, versions, lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mockflux.contract.answer import Answer
from mockflux.contract.compare import inflated
from mockflux.contract.live import Live
from mockflux.contract.live_fit import why_not
from mockflux.contract.live_making import NotPlayable
from mockflux.contract.live_names import places_of, request_text
from mockflux.contract.live_wire import NoAnswer
from mockflux.contract.places import PLACE, SHAPES, Places, UnknownPlace
from mockflux.contract.play import send
from mockflux.contract.targets import Session
from mockflux.contract.vector import Exchange, StoredPoint, Vector

#: Shapes that are looked for in a reply, the longest first, so that none is taken for a part of another.
_INVENTED = ("uuid", "trace", "id")
_DAY = 86_400 * 10**9
#: A request longer than this is not written out.
_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """A vector as a live server answered it, as a table of a vector file; or ``why_not``."""

    id: str
    table: Mapping[str, Any] | None
    why_not: str | None = None


def record(
    live: Live, vectors: Iterable[Vector], tables: Mapping[str, Mapping[str, Any]], switches: Mapping[str, Any]
) -> list[Recorded]:
    """Play each vector and keep the answers; ``tables`` are the vectors as they stand in their files, by id.

    Raises LiveError if the server cannot be reached any more; what was made is removed before.
    """
    recorded = []
    table: Mapping[str, Any] | None
    with live.closing():
        for vector in vectors:
            vector, table = _unclocked(vector, tables[vector.id])
            reason = why_not(vector, live, switches)
            try:
                table = None if reason or table is None else _recorded(live, vector, table)
            except (NotPlayable, NoAnswer, UnknownPlace) as error:
                table, reason = None, str(error)
            recorded.append(Recorded(vector.id, table, reason))
    return recorded


def _unclocked(vector: Vector, table: Mapping[str, Any]) -> tuple[Vector, Mapping[str, Any]]:
    """A vector without the clock that stands in its set-up: what is answered at another time is an answer as well. What
    was stored at that time is stored at the time of the run; where the clock is needed for more, it stays."""
    clock = vector.setup.get("clock")
    points = [] if isinstance(table["stored"], str) else table["stored"]
    if clock is None or any(exchange.stored is not None for exchange in vector.exchanges):
        return vector, table
    at = int(clock.timestamp()) * 10**9
    if any(isinstance(point["time"], int) and 0 < abs(point["time"] - at) < _DAY for point in points):
        return vector, table
    setup = {key: value for key, value in vector.setup.items() if key != "clock"}
    stored = [{**point, "time": "{{now}}"} if point["time"] == at else point for point in points] or table["stored"]
    return replace(vector, setup=setup), {**table, "setup": setup, "stored": stored}


def _recorded(live: Live, vector: Vector, table: Mapping[str, Any]) -> dict[str, Any]:
    if any(
        len(str(entry.get(key, ""))) > _LONGEST for entry in table["exchange"] for key in ("request", "gzip", "raw")
    ):
        raise NotPlayable("its request is too long to be written out")
    used, ready = places_of(vector), live.ready(vector)
    vector = ready.vector
    with live.watching(ready), live.open(vector.profile, vector.switches, vector.setup) as session:
        words = _Words(session, vector, used, {unique: name for name, unique in ready.ours.items()}, live.rules.kind)
        exchanges = [
            _exchange(exchange, entry, session, words)
            for exchange, entry in zip(vector.exchanges, table["exchange"], strict=True)
        ]
        stored = session.stored()
    kept = {key: value for key, value in table.items() if key not in ("exchange", "logged", "stored")}
    version = session.known.get("version")
    kept["source"] = f"recorded from a server of version {version}" if version else "recorded from a server"
    kept["stored"] = table["stored"] if stored is None else [_point(point, words) for point in stored] or "nothing"
    return {**kept, "exchange": exchanges}


def _exchange(exchange: Exchange, entry: Mapping[str, Any], session: Session, words: _Words) -> dict[str, Any]:
    answer = send(exchange, session, words.places)
    if answer.broken:
        raise NotPlayable("the server broke the connection off")
    kept = {key: value for key, value in entry.items() if key not in _ANSWERED}
    if answer.interim:
        kept["interim"] = list(answer.interim)
    ends = any(name.lower() == "connection" and value.lower() == "close" for name, value in answer.headers)
    if answer.closed is not None and answer.closed != ends:
        kept["closes"] = answer.closed
    return {**kept, "response": words.response(answer, exchange)}


#: Keys of an exchange that tell what was answered.
_ANSWERED = frozenset(("response", "interim", "closes", "broken", "stored", "logged"))


def _point(point: StoredPoint, words: _Words) -> dict[str, Any]:
    fields = {key: {"unsigned": value} if kind == "unsigned" else value for key, (kind, value) in point.fields.items()}
    time = "{{now}}" if words.is_now(point.time or 0) else point.time
    table: dict[str, Any] = {"measurement": point.measurement, "fields": fields, "time": time}
    bucket = words.text(point.bucket)
    if bucket not in ("{{bucket}}", "{{database}}"):
        table["bucket"] = bucket
    if point.tags:
        table["tags"] = {key: words.text(value) for key, value in point.tags.items()}
    return table


class _Words:
    """Puts places where a reply to a vector has values of the run. ``used`` are the places that the vector itself has,
    ``names`` the names of the run and what they stand for, ``kind`` the place of the target."""

    def __init__(self, session: Session, vector: Vector, used: set[str], names: Mapping[str, str], kind: str) -> None:
        self.places = Places(session.known)
        self._began = session.now()
        self._session = session
        always = {"version", "cluster_uuid"}
        self._kept = _stamps(vector)
        known = {
            value: "{{" + _renamed(place, names) + "}}"
            for place, value in session.known.items()
            if value and (place in used | always or place.startswith(("bucket_id", "token.")))
        }
        own = session.known[kind]
        self._values: dict[str, str] = {**known, own: "{{" + kind + "}}", **names}
        self._numbers: dict[str, int] = {}

    def is_now(self, time: int) -> bool:
        """Whether a time (ns) lies in this run."""
        return self._began <= time <= self._session.now()

    def text(self, text: str) -> str:
        """A text with places for the values that are known."""
        if not self._values:
            return text
        longest = sorted(self._values, key=len, reverse=True)
        pattern = r"(?<![\w-])(" + "|".join(map(re.escape, longest)) + r")(?![\w-])"
        return re.sub(pattern, lambda match: self._values[match.group(1)], text)

    def response(self, answer: Answer, exchange: Exchange) -> str:
        """A reply as a vector writes it. Raises NotPlayable for a body that no text can hold."""
        try:
            body = inflated(answer).decode("utf-8")
        except UnicodeDecodeError:
            raise NotPlayable("the server's answer is no text") from None
        if PLACE.search(body):
            raise NotPlayable("the server's answer has what stands for a place in a vector")
        length = str(len(answer.body))
        self._learn(body, exchange)
        lines = [f"{answer.status} {answer.reason}"]
        for name, value in answer.headers:
            if name.lower() == "date":
                value = "{{date}}" if re.fullmatch(SHAPES["date"], value) else value
            elif name.lower() == "content-length" and value == length != "0":
                value = "{{length}}"
            else:
                self._learn(value, exchange)
                value = self.text(value)
            lines.append(f"{name}: {value}")
        head = "\n".join(lines)
        return f"\n{head}\n\n{self._times(self.text(body))}\n" if body else f"\n{head}\n"

    def _learn(self, text: str, exchange: Exchange) -> None:
        """Give a name to what the server invented: that which the vector has for it, as far as it can be told."""
        for shape in _INVENTED:
            for match in re.finditer(rf"(?<![\w-]){SHAPES[shape]}(?![\w-])", text):
                value = match.group()
                if value not in self._values:
                    place = self._name(shape, exchange)
                    self._values[value] = "{{" + place + "}}"
                    self.places.know(place, value)

    def _name(self, shape: str, exchange: Exchange) -> str:
        taken = set(self._values.values())
        expected = exchange.response
        texts: Sequence[str] = (*(v for _, v in expected.headers), expected.body) if expected else ()
        for text in texts:
            for match in PLACE.finditer(text):
                if match.group(1) == shape and match.group(3) and match.group(0) not in taken:
                    return match.group(0)[2:-2]
        number = self._numbers.get(shape, 100) + 1  # beyond those that vectors have
        self._numbers[shape] = number
        return f"{shape}:{number}"

    def _times(self, text: str) -> str:
        """A text with places for moments of which the vector does not speak itself."""
        return _STAMP.sub(lambda match: match.group() if match.group() in self._kept else "{{now}}", text)


_STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def _stamps(vector: Vector) -> set[str]:
    """The moments that stand in a vector's requests and expectations."""
    found: set[str] = set()
    for exchange in vector.exchanges:
        found.update(_STAMP.findall(request_text(exchange.ask)))
        if exchange.response is not None:
            found.update(_STAMP.findall(exchange.response.body))
    return found


def _renamed(place: str, names: Mapping[str, str]) -> str:
    """A place whose second part is a name of the run, by the name that this stands for."""
    base, dot, name = place.partition(".")
    return base + dot + names.get(name, name)
