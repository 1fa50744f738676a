"""An application that remembers what it got, a client on a raw socket, and a check that nothing is left behind.

``tests/hostile`` takes its raw client and that check from here, too.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.server import SocketServer

#: What Go's net/http does not mind.
UNMINDED = frozenset({"uri", "minor_version", "old_encoding"})
DEADLINE = 20.0  # seconds after which something counts as hanging
_LINE = re.compile(r"HTTP/1\.[01] [0-9]{3} [^\x00-\x08\x0a-\x1f\x7f]*")
_HEADER = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([^\x00-\x08\x0a-\x1f\x7f]*)")
_AS_IT_CAME = re.compile(r"(X-Influxdb-Error): ([^\r\n]*)", re.DOTALL)
#: What must not come twice.
_SINGLE = ("connection", "content-length", "transfer-encoding")


class App:
    """Answers 204 unless told otherwise; ``requests`` and ``refusals`` are what came."""

    def __init__(self) -> None:
        self.close_header = ("Connection", "close")
        self.close_before: frozenset[str] = frozenset()
        self.max_head = 20_000
        self.max_headers = self.max_target = 0
        self.max_body = 300_000
        self.requests: list[Request] = []
        self.refusals: list[tuple[str, bytes]] = []
        self.failures: list[tuple[BaseException | None, bytes]] = []
        self.minds: set[str] | None = None  # problems that it refuses; None: all but what Go does not mind
        self.reply: Callable[[Request], Reply] = lambda request: Reply(204, "No Content", [("X-Build", "OSS")])

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.reply(request)

    def failed(self, head: bytes) -> Reply:
        self.failures.append((sys.exc_info()[1], head))
        return Reply(500, "Internal Server Error", [("Content-Length", "4")], b"oops", close=True)

    def refuse(self, problem: str, head: bytes) -> Reply | None:
        if problem in UNMINDED if self.minds is None else problem not in self.minds:
            return None
        self.refusals.append((problem, head))
        return Reply(400, "Bad Request: " + problem, [("Connection", "close")], b"400 " + problem.encode())

    def says(self, status: int, reason: str, body: bytes = b"", **attributes: object) -> None:
        """Answer everything so, with a Content-Length."""

        def reply(request: Request) -> Reply:
            made = Reply(status, reason, [("Content-Length", str(len(body)))], body)
            for name, value in attributes.items():
                setattr(made, name, value)
            return made

        self.reply = reply


class Answer:
    """A reply as it came; ``framing`` is ``length``, ``chunked``, ``close`` or ``none``, ``last``: it says that the
    connection ends with it."""

    def __init__(self, line: str, headers: list[tuple[str, str]], body: bytes, framing: str) -> None:
        self.line = line
        self.status = int(line.split()[1])
        self.headers = headers
        self.body = body
        self.framing = framing
        connection = next((value.lower() for name, value in headers if name.lower() == "connection"), "")
        self.last = connection == "close" or (line.startswith("HTTP/1.0") and connection != "keep-alive")


class Client:
    """A raw connection that shows what client libraries hide."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""

    def send(self, *pieces: bytes | str) -> None:
        self.sock.sendall(b"".join(p.encode() if isinstance(p, str) else p for p in pieces))

    def ask(self, *pieces: bytes | str, method: str = "POST") -> Answer:
        self.send(*pieces)
        return self.answer(method)

    def post(self, body: bytes = b"", *headers: str, target: str = "/write") -> Answer:
        return self.ask(post(body, *headers, target=target))

    def _until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            data = self.sock.recv(65536)
            assert data, f"closed; had {self.buffer[:200]!r}"
            self.buffer += data
        before, self.buffer = self.buffer.split(end, 1)
        return before

    def _exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            assert data, "closed inside a body"
            self.buffer += data
        body, self.buffer = self.buffer[:count], self.buffer[count:]
        return body

    def answer(self, method: str = "POST") -> Answer:
        """The next reply. Fails for what is none, or not whole."""
        line, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        assert _LINE.fullmatch(line), f"no status line: {line[:200]!r}"
        headers = [_header(text) for text in lines]
        low = {name.lower(): value for name, value in headers}
        assert all(sum(name.lower() == single for name, _ in headers) <= 1 for single in _SINGLE), headers
        status = int(line.split()[1])
        if method == "HEAD" or status in (100, 204, 304):
            return Answer(line, headers, b"", "none")
        if "transfer-encoding" in low:
            assert low["transfer-encoding"] == "chunked"
            assert "content-length" not in low
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size)
                assert self._exactly(2) == b"\r\n"
            assert self._exactly(2) == b"\r\n"
            return Answer(line, headers, body, "chunked")
        if "content-length" in low:
            return Answer(line, headers, self._exactly(int(low["content-length"])), "length")
        return Answer(line, headers, self.rest(), "close")

    def rest(self) -> bytes:
        """Everything until the server closes."""
        while data := self.sock.recv(65536):
            self.buffer += data
        rest, self.buffer = self.buffer, b""
        return rest

    def closed(self) -> bool:
        """Whether the server closed cleanly after what was read. Waits for it."""
        return self.rest() == b""

    def alive(self) -> bool:
        """Whether the connection takes another request."""
        return self.ask("GET /alive HTTP/1.1\r\nHost: x\r\n\r\n", method="HEAD").status > 0


def _header(text: str) -> tuple[str, str]:
    # A server of InfluxDB 1 tells a client's own bytes there, as they came.
    found = (_AS_IT_CAME if text.startswith("X-Influxdb-Error: ") else _HEADER).fullmatch(text)
    assert found, f"no header: {text[:200]!r}"
    return found[1], found[2]


def post(body: bytes = b"", *headers: str, target: str = "/write") -> bytes:
    """A write with a Content-Length."""
    lines = [f"POST {target} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def connected(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A connection that sends at once, and hangs for no longer than the deadline."""
    sock = socket.create_connection((host, port), timeout=DEADLINE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _open_files() -> set[str]:
    """What is open in this process, each with a name of its own (``socket:[12345]``)."""
    found = set()
    for entry in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # closed meanwhile
            found.add(os.readlink(entry))
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test leaves a thread or an open file. (What earlier tests of other rooms left may go away meanwhile.)"""
    threads, files = set(threading.enumerate()), _open_files()
    yield
    left = set(threading.enumerate()) - threads, _open_files() - files
    assert left == (set(), set()), f"left behind: {left}"  # told here: in tests/hostile pytest does not explain it


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def server(app: App) -> Iterator[SocketServer]:
    server = SocketServer(app)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def connect(server: SocketServer) -> Iterator[Callable[[], Client]]:
    """Open connections to the server; they are closed at the end."""
    clients: list[Client] = []

    def open_one() -> Client:
        clients.append(Client(connected(server.port, server.host)))
        return clients[-1]

    yield open_one
    for client in clients:
        client.sock.close()


@pytest.fixture
def client(connect: Callable[[], Client]) -> Client:
    return connect()


@pytest.fixture(name="post")
def post_bytes() -> Callable[..., bytes]:
    return post


@pytest.fixture
def wrap() -> type[Client]:
    """To make a client of a socket."""
    return Client
