"""A server of each edition, clients that say what they like to it, and what must hold whatever they say.

What must hold of every conversation is in :meth:`Target.check`; that nothing is left behind, in the fixtures.
"""

from __future__ import annotations

import contextlib
import importlib.util
import select
import socket
import struct
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from mockflux import Server
from mockflux.exchange import Exchange
from mockflux.profile import concrete

_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def _of_server() -> ModuleType:
    """What the tests of the server share. Folders of tests are no packages, so it is loaded by its path."""
    path = Path(__file__).parents[1] / "server" / "conftest.py"
    spec = importlib.util.spec_from_file_location("conftest_of_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


raw = _of_server()
DEADLINE = raw.DEADLINE  # seconds after which something counts as hanging
nothing_left = raw.nothing_left  # of every test
wrap = raw.wrap


class Said:
    """What was read from a connection until it ended, for a client to read again."""

    def __init__(self, got: bytes) -> None:
        self._got = got

    def recv(self, limit: int) -> bytes:
        part, self._got = self._got[:limit], self._got[limit:]
        return part


class Target:
    """A running server of an edition, what has come to its journal, and how often each clause answered."""

    def __init__(self, edition: str, **arguments: object) -> None:
        self.edition = edition
        self.server = Server(edition, seed=1, auth=True, **arguments).start()
        self.port = self.server.port
        self.clauses: Counter[str] = Counter()
        self.conversations = 0
        self._came: list[Exchange] = []
        self._prepare()
        self.server.journal.on_close = self._came.append

    def renew(self) -> None:
        """Begin with a fresh world."""
        self.server.reset()
        self._prepare()

    def _prepare(self) -> None:
        if self.server.profile.settings.buckets.schemas:
            self.server.create_bucket("explicit", schema={})

    def write_target(self) -> str:
        """Path and query of a write that this edition takes."""
        server = self.server
        if "v2-write" not in server.profile.doors:
            return f"/write?db={server.database}"
        if server.database is not None:
            return f"/api/v2/write?bucket={server.database}"
        return f"/api/v2/write?org={server.org}&bucket={server.bucket}"

    @property
    def secret(self) -> str:
        """What lets one in: a token, or the password of a user."""
        secret = self.server.token or self.server.password
        assert secret is not None
        return secret

    def post(self, body: bytes, *headers: str, target: str | None = None) -> bytes:
        """A write, well-formed and allowed."""
        user = f"{self.server.user}:{self.secret}".encode()
        login = (
            f"Authorization: Token {self.secret}"
            if self.server.token
            else f"Authorization: Basic {b64encode(user).decode()}"
        )
        made: bytes = raw.post(body, *headers, login, target=target or self.write_target())
        return made

    def connect(self) -> socket.socket:
        sock: socket.socket = raw.connected(self.port)
        return sock

    def say(self, pieces: Iterable[bytes], ending: str = "half", pause: float = 0.0) -> bytes:
        """Say all of it, and end: by closing one ``half`` and reading to the end, by closing (``close``) or by a
        ``reset`` at once. What was answered."""
        with self.connect() as sock:
            got = bytearray()
            for number, piece in enumerate(pieces):
                if pause and number:
                    time.sleep(pause)
                if not _exchange(sock, piece, got):
                    break
            if ending == "reset":
                reset_on_close(sock)
                return bytes(got)
            if ending == "close":
                return bytes(got)
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while data := sock.recv(65536):
                    got += data
            return bytes(got)

    def quiet(self) -> None:
        """Wait until no connection is served any more. Fails where one hangs."""
        with self.connect() as sock:  # once this one has been accepted, all before it have
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""
        name, deadline = f"mockflux:{self.port} client", time.monotonic() + DEADLINE
        while any(thread.name == name for thread in threading.enumerate()):
            assert time.monotonic() < deadline, "a connection hangs"
            time.sleep(0.0002)

    def converse(self, pieces: Iterable[bytes], ending: str = "half", pause: float = 0.0) -> list[Exchange]:
        """Say it, and check what came of it; the exchanges of it."""
        self.conversations += 1
        if self.conversations % 20 == 0:
            self.renew()
            self.check_alive()
        self._came.clear()
        stored = self.server.world.count()
        got = self.say(pieces, ending, pause)
        self.quiet()
        came = list(self._came)
        self.check(came)
        if ending == "half":
            check_answers(came, got)
        self.server.settle()
        more, accepted = self.server.world.count() - stored, sum(e.verdict.accepted for e in came if e.verdict)
        assert more <= accepted, "more is stored than was accepted"
        return came

    def check(self, came: Iterable[Exchange]) -> None:
        """No exchange met an exception, each is said by a clause of the profile and as that says it."""
        clauses = self.server.profile.clauses
        for exchange in came:
            assert exchange.error is None, exchange.error
            if exchange.reply is not None and exchange.reply.status == 0:
                assert not exchange.simulated
                continue
            assert exchange.clause in clauses, exchange
            assert clauses[exchange.clause].status == exchange.status
            self.clauses[exchange.clause] += 1

    def check_alive(self) -> None:
        """The next client is served as if nothing had been."""
        got = self.say([self.post(b"alive v=1")])
        assert got.startswith(b"HTTP/1.1 20"), got
        self.quiet()
        self.server.settle()


def _exchange(sock: socket.socket, data: bytes, got: bytearray) -> bool:
    """Send all of ``data``, taking what comes meanwhile. False: the other side wants no more."""
    view = memoryview(data)
    while view:
        readable, writable, _ = select.select([sock], [sock], [], DEADLINE)
        assert readable or writable, "the server neither reads nor writes"
        try:
            if readable:
                if not (came := sock.recv(65536)):
                    return False
                got += came
            if writable:
                view = view[sock.send(view[:262144], socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return False
    return True


def reset_on_close(sock: socket.socket) -> None:
    """Have its end told by a reset, whatever is still under way."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def check_answers(came: Iterable[Exchange], got: bytes) -> None:
    """The bytes that came are the replies of these exchanges, in order and no more, and none behind the last."""
    last, client = False, raw.Client(Said(got))
    for exchange in came:
        assert not last, "a request was answered behind the end of its connection"
        reply = exchange.reply
        assert reply is not None
        if reply.status == 0:
            last = True
            continue
        # What is refused as no HTTP gets its words whatever its method, as Go's net/http has it.
        refused = (exchange.clause or "").startswith("malformed_request")
        while (answer := client.answer("" if refused else exchange.method)).status == 100:
            assert (answer.line, answer.headers) == ("HTTP/1.1 100 Continue", [])
        assert answer.status == reply.status
        # The journal cuts what is too much for it.
        assert answer.body[: len(answer.body) - exchange.cut.reply] == reply.body
        last = answer.last
        assert last or answer.framing != "close", "nobody can tell where this body ends"
    rest = client.rest()
    while rest.startswith(_INTERIM):
        rest = rest[len(_INTERIM) :]
    assert rest == b"", f"nobody asked for {rest[:200]!r}"


@pytest.fixture
def make() -> Iterator[Callable[..., Target]]:
    """To make a target of one's own; it is stopped at the end, and must not hang then."""
    made: list[Target] = []

    def make(edition: str, **arguments: object) -> Target:
        made.append(Target(edition, **arguments))
        return made[-1]

    yield make
    for target in made:
        begun = time.monotonic()
        target.server.stop()
        assert time.monotonic() - begun < DEADLINE


@pytest.fixture
def targets(make: Callable[..., Target]) -> dict[str, Target]:
    """A server of each edition, by its id."""
    return {edition: make(edition) for edition in concrete()}


@pytest.fixture(params=concrete())
def target(request: pytest.FixtureRequest, make: Callable[..., Target]) -> Target:
    """A server of one edition; a test that takes it runs for each."""
    return make(request.param)


@pytest.fixture(name="reset_on_close")
def reset_on_close_of() -> Callable[[socket.socket], None]:
    return reset_on_close
