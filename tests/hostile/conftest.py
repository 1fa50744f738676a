"""A server of each edition, clients that say what they like to it, and what must hold whatever they say.

What must hold of every conversation is in :meth:`Target.check`; that nothing is left behind, in the fixtures.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from mockflux import Server
from mockflux.exchange import Exchange
from mockflux.profile import concrete

DEADLINE = 20.0  # seconds after which something counts as hanging
_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\x00-\x08\x0a-\x1f\x7f]*")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([^\x00-\x08\x0a-\x1f\x7f]*)")
_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Answer:
    """A reply as it came; ``last``: it says that the connection ends."""

    def __init__(self, status: int, headers: dict[bytes, bytes], body: bytes, last: bool) -> None:
        self.status, self.headers, self.body, self.last = status, headers, body, last


def take_answer(raw: bytes, method: str) -> tuple[Answer, bytes]:
    """The first reply of what came, and the rest. Fails for what is none, or not whole."""
    while raw.startswith(_INTERIM):
        raw = raw[len(_INTERIM) :]
    head, end, rest = raw.partition(b"\r\n\r\n")
    assert end, f"no whole head: {raw[:200]!r}"
    line, *lines = head.split(b"\r\n")
    found = _LINE.fullmatch(line)
    assert found, f"no status line: {line[:200]!r}"
    headers: dict[bytes, bytes] = {}
    for text in lines:
        header = _HEADER.fullmatch(text)
        assert header, f"no header: {text[:200]!r}"
        name = header[1].lower()
        assert name not in headers or name not in (b"content-length", b"transfer-encoding", b"connection")
        headers[name] = header[2]
    status, closing = int(found[1]), headers.get(b"connection", b"").lower()
    last = closing == b"close" or (line.startswith(b"HTTP/1.0") and closing != b"keep-alive")
    if method == "HEAD" or status in (204, 304):
        return Answer(status, headers, b"", last), rest
    if b"transfer-encoding" in headers:
        assert headers[b"transfer-encoding"] == b"chunked"
        assert b"content-length" not in headers
        body = b""
        while True:
            size, _, rest = rest.partition(b"\r\n")
            part, rest = rest[: int(size, 16)], rest[int(size, 16) :]
            assert (len(part), rest[:2]) == (int(size, 16), b"\r\n"), "a chunk is not whole"
            body, rest = body + part, rest[2:]
            if not part:
                return Answer(status, headers, body, last), rest
    if b"content-length" in headers:
        length = int(headers[b"content-length"])
        assert len(rest) >= length, "the body is not whole"
        return Answer(status, headers, rest[:length], last), rest[length:]
    assert last, "nobody can tell where this body ends"
    return Answer(status, headers, rest, last), b""


class Target:
    """A running server of an edition, what has come to its journal, and how often each clause answered."""

    def __init__(self, edition: str, **arguments: object) -> None:
        self.edition = edition
        self.server = Server(edition, seed=1, **arguments).start()
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
        if server.database is not None:
            return f"/api/v2/write?bucket={server.database}"
        return f"/api/v2/write?org={server.org}&bucket={server.bucket}"

    def post(self, body: bytes, *headers: str, target: str | None = None) -> bytes:
        """A write, well-formed and allowed."""
        lines = [f"POST {target or self.write_target()} HTTP/1.1", "Host: x", *headers]
        lines += [f"Authorization: Token {self.server.token}", f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + body

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
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


def check_answers(came: Iterable[Exchange], got: bytes) -> None:
    """The bytes that came are the replies of these exchanges, in order and no more, and none behind the last."""
    last = False
    for exchange in came:
        assert not last, "a request was answered behind the end of its connection"
        reply = exchange.reply
        assert reply is not None
        if reply.status == 0:
            last = True
            continue
        # What is refused as no HTTP gets its words whatever its method, as Go's net/http has it.
        refused = (exchange.clause or "").startswith("malformed_request")
        answer, got = take_answer(got, "" if refused else exchange.method)
        assert answer.status == reply.status
        # The journal cuts what is too much for it.
        assert answer.body[: len(answer.body) - exchange.cut.reply] == reply.body
        last = answer.last
    while got.startswith(_INTERIM):
        got = got[len(_INTERIM) :]
    assert got == b"", f"nobody asked for {got[:200]!r}"


def open_files() -> set[str]:
    """What is open in this process, each with a name of its own (``socket:[12345]``)."""
    found = set()
    for entry in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # closed meanwhile
            found.add(os.readlink(entry))
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test leaves a thread or an open file; every server stops in time."""
    threads, files = set(threading.enumerate()), open_files()
    yield
    assert set(threading.enumerate()) - threads == set()
    assert open_files() - files == set()


@pytest.fixture
def targets() -> Iterator[dict[str, Target]]:
    """A server of each edition, by its id."""
    targets = {edition: Target(edition) for edition in concrete()}
    yield targets
    for target in targets.values():
        begun = time.monotonic()
        target.server.stop()
        assert time.monotonic() - begun < DEADLINE


@pytest.fixture(params=concrete())
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server of one edition; a test that takes it runs for each."""
    target = Target(request.param)
    yield target
    begun = time.monotonic()
    target.server.stop()
    assert time.monotonic() - begun < DEADLINE


@pytest.fixture
def make() -> Iterator[type[Target]]:
    """To make a target of one's own."""
    made: list[Target] = []

    def make(edition: str, **arguments: object) -> Target:
        made.append(Target(edition, **arguments))
        return made[-1]

    yield make  # type: ignore[misc]
    for target in made:
        target.server.stop()
