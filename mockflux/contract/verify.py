"""Play vectors against a live server, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockflux.contract.compare import Difference
from mockflux.contract.live import Live
from mockflux.contract.live_fit import why_not
from mockflux.contract.live_making import NotPlayable
from mockflux.contract.live_wire import NoAnswer
from mockflux.contract.play import Played, play
from mockflux.contract.vector import Vector
from mockflux.contract.vector_names import names_of_profile


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one vector: played with or without a ``difference``, or not, and ``why_not``. ``clause`` is the
    clause of the exchange that differs. ``stored_unchecked``: what is stored could not be read, or the vector did not
    get so far."""

    vector: Vector
    why_not: str | None = None
    difference: Difference | None = None
    clause: str | None = None
    stored_unchecked: bool = False

    @property
    def state(self) -> str:
        """``not playable``, ``different`` or ``held``."""
        if self.why_not is not None:
            return "not playable"
        return "different" if self.difference else "held"


@dataclass
class Report:
    """A whole run: every vector, what could not be removed, and the clauses of the profile by how a vector reached
    them there: those ``held``, those that only a fault ``faults`` reaches, the ``unreached`` rest. ``words_of`` is the
    id of the edition whose vectors these are: only its words were compared, be the profile another one that extends it.
    ``unread`` says why nothing stored could be read at all; None where it could."""

    url: str
    profile: str
    words_of: str = ""
    unread: str | None = None
    vectors: list[Verified] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)

    def of(self, state: str) -> list[Verified]:
        """The vectors of one state, see :class:`Verified`."""
        return [entry for entry in self.vectors if entry.state == state]


def verify(
    live: Live, vectors: Iterable[Vector], switches: Mapping[str, Any], told: Callable[[Verified], None]
) -> Report:
    """Play the vectors, one after the other, each told to ``told`` when it is done. ``switches`` are the server's.

    Raises LiveError if the server cannot be reached any more; what was made is removed before, as far as it can be.
    """
    vectors = list(vectors)
    words_of = names_of_profile(vectors[0].profile).id if vectors else live.profile.id
    report = Report(live.wire.url, live.profile.id, words_of, left=live.left)
    with live.closing():
        for vector in vectors:
            verified = verify_one(live, vector, switches)
            report.vectors.append(verified)
            told(verified)
    report.unread = live.unread
    _count_clauses(report, live)
    return report


def verify_one(live: Live, vector: Vector, switches: Mapping[str, Any]) -> Verified:
    """Play one vector. Raises LiveError as :func:`verify`."""
    reason = why_not(vector, live, switches)
    if reason is not None:
        return Verified(vector, why_not=reason)
    try:
        played = play_live(live, vector)
    except NotPlayable as error:
        return Verified(vector, why_not=str(error))
    except NoAnswer as error:
        return Verified(
            vector, difference=Difference("answer", "one that can be read", str(error)), stored_unchecked=True
        )
    clause = vector.exchanges[played.at].clause if played.at is not None else vector.exchanges[-1].clause
    return Verified(
        vector,
        difference=played.difference,
        clause=clause if played.difference else None,
        stored_unchecked="stored" in played.unchecked or not _reached_stored(played),
    )


def _reached_stored(played: Played) -> bool:
    """Whether what is stored was looked at in the end, or it is this that differs."""
    return played.difference is None or played.difference.where.endswith("stored")


def play_live(live: Live, vector: Vector) -> Played:
    """Play a vector under names of its own. Raises NotPlayable, NoAnswer and LiveError."""
    ready = live.ready(vector)
    with live.watching(ready):
        return play(ready.vector, live, live.rules.unordered)


def _count_clauses(report: Report, live: Live) -> None:
    held = {exchange.clause for entry in report.of("held") for exchange in entry.vector.exchanges}
    for key, clause in live.profile.clauses.items():
        kind = report.held if key in held else report.faults if clause.by == "fault" else report.unreached
        kind.append(key)
