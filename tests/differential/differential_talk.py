"""Raw exchanges with a server, and the same conversation with two of them."""

from __future__ import annotations

import itertools
import re
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

from mockflux import Server
from mockflux.storage.catalog import Bucket
from mockflux.storage.rules import shard_start


class Answer(NamedTuple):
    """A reply as it came: ``status`` is the whole line, ``headers`` are in order, chunks of the body are joined."""

    status: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name.encode()), b"").decode()


class Talk:
    """A connection to a server on the loopback interface, kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect()

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()
        self._sock.close()

    def _connect(self) -> None:
        self._sock = socket.create_connection(("127.0.0.1", self._port), timeout=60)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._sock.makefile("rb")

    def ask(self, method: str, target: str, headers: tuple[str, ...] = (), body: bytes = b"") -> Answer:
        """One request and its reply. Raises ConnectionError if the server goes away instead."""
        head = [f"{method} {target} HTTP/1.1", "Host: localhost:8086", *headers]
        if method == "POST":
            head.append(f"Content-Length: {len(body)}")
        self._sock.sendall("\r\n".join([*head, "", ""]).encode() + body)
        status, got = self._line(), []
        while line := self._line():
            name, _, value = line.partition(b":")
            got.append((name, value.strip(b" ")))
        low = {name.lower(): value for name, value in got}
        answer = Answer(status, tuple(got), self._body(low))
        if low.get(b"connection") == b"close":
            self.__exit__()
            self._connect()
        return answer

    def _line(self) -> bytes:
        line = self._file.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError(f"the server ended the connection at {line!r}")
        return line.removesuffix(b"\n").removesuffix(b"\r")

    def _body(self, headers: dict[bytes, bytes]) -> bytes:
        if headers.get(b"transfer-encoding") != b"chunked":
            return self._file.read(int(headers.get(b"content-length", 0)))
        body = b""
        while size := int(self._line(), 16):
            body += self._file.read(size)
            self._line()
        self._line()
        return body


@dataclass(frozen=True)
class Ask:
    """A request; ``label`` says what it is for."""

    label: str
    method: str
    target: str
    headers: tuple[str, ...] = ()
    body: bytes = b""


class Refused(NamedTuple):
    """Why mockflux refused a point: the reason in words, and the start (ns) of the shard that it was for, if any."""

    text: str
    shard: int | None


class Exchange(NamedTuple):
    """One request and what both servers answered, and the points that mockflux refused."""

    ask: Ask
    live: Answer
    mockflux: Answer
    refused: tuple[Refused, ...] = ()


_names = itertools.count(1)


class Pair:
    """A live server and mockflux, which are asked the same."""

    def __init__(self, live: Talk, mockflux: Talk, server: Server) -> None:
        self.live, self.mockflux, self.server = live, mockflux, server

    def database(self) -> str:
        """A name that neither has used."""
        return f"differential{next(_names)}"

    def buckets(self, database: str) -> list[Bucket]:
        """What mockflux keeps the retention policies of a database in."""
        found = self.server.world.databases.find(database)
        return [policy.bucket for policy in found.policies.values()] if found else []

    def ask(self, ask: Ask) -> Exchange:
        live = self.live.ask(ask.method, ask.target, ask.headers, ask.body)
        mine = self.mockflux.ask(ask.method, ask.target, ask.headers, ask.body)
        return Exchange(ask, live, mine)

    def write(self, ask: Ask, shard_duration: int) -> Exchange:
        """As :meth:`ask`, with what mockflux refused; shards have that length in ns."""
        exchange = self.ask(ask)
        verdict = self.server.journal[-1].verdict
        refused = [
            Refused(own.text, None if own.time is None else shard_start(own.time, shard_duration))
            for own in (verdict.rejections if verdict else ())
        ]
        return exchange._replace(refused=tuple(refused))


# ---------------------------------------------------------------------------------------------------- what is the same

_REQUEST_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-0{12}")
_IDS = (b"Request-Id", b"X-Request-Id")


def comparable(answer: Answer) -> Answer:
    """The answer without what differs from one request to the next: the date, and ids of which only the form counts.
    The methods of ``Allow`` are a set, which Go walks in any order."""
    return answer._replace(headers=tuple([(name, _comparable(name, value)) for name, value in answer.headers]))


def _comparable(name: bytes, value: bytes) -> bytes:
    if name == b"Date":
        return b"date"
    if name in _IDS and _REQUEST_ID.fullmatch(value):
        return b"id"
    if name == b"Allow":
        return b", ".join(sorted(value.split(b", ")))
    return value
