"""What the pytest plugin keeps an eye on: the servers of a run, and what befell each during the test at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from mockflux.public import Server

if TYPE_CHECKING:
    from mockflux.faults import Fault
    from mockflux.journal import Exchange, Notes


#: What a query by Arrow Flight begins with, the preface of HTTP/2, as method and path.
GRPC = "PRI *"

#: Requests by method and path with how often they came, for each journal's notes.
Tally: TypeAlias = "dict[Notes, Counter[str]]"


class _Server(Server):
    """A server that keeps the notes of the journals which ``reset()`` takes away: what a test did before it belongs to
    the test. Not the journals: a test may reset as often as it likes."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._past: list[Notes] = []

    def reset(self) -> None:
        """As :meth:`mockflux.Server.reset`."""
        self._past.append(self.world.journal.notes)
        super().reset()


class Watched:
    """One server. ``name`` is the fixture that made it; ``for_one_test`` tells whether it goes with the test."""

    def __init__(self, server: _Server, name: str, *, for_one_test: bool) -> None:
        self.server: Server = server
        self.name = name
        self.url = server.url  # as long as it has one
        self.for_one_test = for_one_test
        #: Whether the test at hand is the one that made it.
        self.new = True
        self._past = server._past
        self._before = 0
        self._not_simulated_before: Tally = {}
        self._not_simulated_told: Tally = {}
        self._told_errors: set[Exchange] = set()

    def begin(self) -> None:
        """A new test: what was until now is no longer of interest, unless nobody was told."""
        self.new = False
        self._past.clear()
        now = self.server.journal.notes
        self._before = now.total
        self._not_simulated_before = {now: Counter(now.not_simulated())}
        self._not_simulated_told = {notes: told for notes, told in self._not_simulated_told.items() if notes is now}

    def _notes(self) -> list[Notes]:
        return [*self._past, self.server.journal.notes]

    def requests(self) -> int:
        """How many requests were answered since the test began, or since its last ``reset()``."""
        return self.server.journal.total - (0 if self._past else self._before)

    def requests_before_reset(self) -> int:
        """How many requests of this test the last ``reset()`` made forgotten."""
        return sum(notes.total for notes in self._past) - (self._before if self._past else 0)

    def exchanges(self, last: int) -> list[Exchange]:
        """The last exchanges of those requests, oldest first."""
        number = min(last, self.requests())
        return list(self.server.journal[-number:]) if number else []

    def pending_faults(self) -> list[Fault]:
        """Planned faults that have not come to pass as often as planned, or not once."""
        return [f for f in self.server.faults if not f.consumed and (f.times is not None or not f.seen)]

    def concerns(self, arguments: Mapping[str, Any]) -> bool:
        """Whether the test at hand has to do with this server; ``arguments`` are the values of its fixtures."""
        return (
            self.for_one_test
            or self.new
            or bool(self._past)
            or self.requests() > 0
            or bool(self.pending_faults())
            or any(value is self.server for value in arguments.values())
        )

    def not_simulated(self) -> dict[str, int]:
        """Requests of this test that are not simulated, by method and path, with how often they came."""
        return self._beyond(self._not_simulated_before)

    def not_simulated_and_not_told(self) -> dict[str, int]:
        """The like of which nobody was told before; now they count as told."""
        untold = self._beyond(self._not_simulated_told)
        self._not_simulated_told = {notes: Counter(notes.not_simulated()) for notes in self._notes()}
        return untold

    def _beyond(self, known: Tally) -> dict[str, int]:
        new: Counter[str] = Counter()
        for notes in self._notes():
            new += Counter(notes.not_simulated()) - known.get(notes, Counter())
        return dict(new)

    def errors(self) -> list[Exchange]:
        """Exchanges with an unexpected exception of mockflux's own, of which nobody was told before."""
        errors = [error for notes in self._notes() for error in notes.errors()]
        untold = [error for error in errors if error not in self._told_errors]
        self._told_errors = set(errors)  # those that no journal knows any more cannot come again
        return untold


class Watch:
    """The servers that the fixtures of one run have started and that may still be of interest."""

    def __init__(self) -> None:
        self.servers: list[Watched] = []
        #: What a report of the test at hand said already.
        self.told = ""

    def start(self, name: str, arguments: Mapping[str, Any], *, for_one_test: bool = False) -> Server:
        """A new server, listening. Raises what :class:`mockflux.Server` and its ``start()`` raise."""
        server = _Server(**arguments)
        server.start()
        self.servers.append(Watched(server, name, for_one_test=for_one_test))
        return server

    def begin(self) -> None:
        """A test begins."""
        self.told = ""
        for watched in self.servers:
            watched.begin()

    def end(self) -> None:
        """A test is through with its teardown: its own servers can be forgotten."""
        self.servers = [watched for watched in self.servers if not watched.for_one_test]

    def errors(self) -> list[tuple[Watched, Exchange]]:
        """Exchanges with an unexpected exception of mockflux's own, of which nobody was told before."""
        return [(watched, exchange) for watched in self.servers for exchange in watched.errors()]

    def not_simulated(self) -> list[str]:
        """A sentence for each server that met requests which are not simulated and of which nobody was told before."""
        return [
            sentence
            for watched in self.servers
            for sentence in _sentences(watched.server.profile.id, watched.not_simulated_and_not_told())
        ]


def _sentences(edition: str, requests: Mapping[str, int]) -> Iterator[str]:
    """What an edition was asked, and how often, that is not simulated."""
    others = {what: n for what, n in requests.items() if what != GRPC}
    if others:
        yield (
            f"mockflux does not simulate {_listed(others)}: answered as a path that {edition} does not have, while a "
            f"real server has it"
        )
    if len(others) < len(requests):
        yield (
            f"mockflux does not simulate queries by Arrow Flight (gRPC): the connection was closed, while a real "
            f"server of {edition} answers them"
        )


def _listed(requests: Mapping[str, int], most: int = 10) -> str:
    listed = [f"{what} ({'once' if n == 1 else f'{n} times'})" for what, n in islice(requests.items(), most)]
    more = len(requests) - len(listed)
    return ", ".join(listed) + (f" and {more} others" if more else "")
