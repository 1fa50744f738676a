"""An HTTP client on a bare socket, with as little work of its own as Python can have.

It keeps its connections alive where the server does; a server that closes them (werkzeug's closes each) costs it a new
one, and that is part of what is measured, as it is for every client.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from time import perf_counter_ns
from typing import Any

_TIMEOUT = 60.0
#: What an HTTP client of InfluxDB sends beside its own headers.
_HEAD = (
    "Host: 127.0.0.1:{port}\r\n"
    "User-Agent: influxdb-client-python/1.50.0\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: identity\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
)


class Unexpected(Exception):
    """An answer that was not the one to be measured; its text says which and what it says."""


def request(facts: dict[str, Any], body: bytes, *, door: str = "", precision: str = "", **other: str) -> bytes:
    """The bytes of one write to a server with those facts. ``other``: ``token=""`` leaves the token out,
    ``target=`` names another bucket or database."""
    where = facts["doors"][door or facts["door"]]
    path = where["path"].format(target=other.get("target", where["target"]))
    path += f"&precision={precision}" if precision else ""
    token = other.get("token", where["token"])
    head = f"POST {path} HTTP/1.1\r\n" + _HEAD.format(port=facts["port"])
    head += f"Authorization: Token {token}\r\n" if token else ""
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def ping(port: int) -> bytes:
    """The bytes of a GET of /ping."""
    return f"GET /ping HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def connected(port: int) -> socket.socket:
    """A new connection."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def receive(sock: socket.socket, status: int) -> bool:
    """Read one answer whole. Returns whether the connection stays. Raises Unexpected for another status; 0 is any."""
    got = sock.recv(65536)
    while b"\r\n\r\n" not in got:
        more = sock.recv(65536)
        if not more:
            raise Unexpected(f"the connection ended within the head of an answer: {got!r}")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    said = int(head[9:12])
    if said == 204 and status in (0, 204):
        return b"onnection: close" not in head
    lower = head.lower() + b"\r\n"
    mark = lower.find(b"\r\ncontent-length:")
    if mark < 0:
        raise Unexpected(f"an answer without Content-Length: {got!r}")
    length = int(lower[mark + 17 : lower.index(b"\r\n", mark + 2)])
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            raise Unexpected(f"the connection ended within the body of an answer: {got!r}")
        body += more
    if status and said != status:
        raise Unexpected(f"status {said} instead of {status}: {body[:300]!r}")
    return b"connection: close" not in lower


def one_by_one(port: int, requests: Iterable[bytes], status: int = 204) -> list[int]:
    """Send requests one after another over one connection. Returns the time that each took, in ns."""
    times = []
    sock = connected(port)
    open_ = True
    try:
        for data in requests:
            start = perf_counter_ns()
            if not open_:
                sock.close()
                sock = connected(port)
            sock.sendall(data)
            open_ = receive(sock, status)
            times.append(perf_counter_ns() - start)
    finally:
        sock.close()
    return times


def side_by_side(port: int, requests: Sequence[bytes], connections: int, status: int = 204) -> list[int]:
    """Send requests over several connections, one under way on each at any time. Returns the times, in ns.

    One thread does it all: threads would wait for each other more than for the server.
    """
    if connections == 1:
        return one_by_one(port, requests, status)
    times: list[int] = []
    waiting = iter(requests)
    with ExitStack() as stack:
        ready = stack.enter_context(selectors.DefaultSelector())
        started: dict[int, int] = {}

        def send(sock: socket.socket | None, data: bytes) -> None:
            start = perf_counter_ns()
            if sock is None:
                sock = stack.enter_context(closing(connected(port)))
                ready.register(sock, selectors.EVENT_READ)
            started[sock.fileno()] = start
            sock.sendall(data)

        for _, data in zip(
            range(connections), waiting, strict=False
        ):  # in this order: zip() must not take one too many
            send(None, data)
        under_way = len(started)
        while under_way:
            answered = ready.select(_TIMEOUT)
            if not answered:
                raise Unexpected(f"no answer on {under_way} connections within {_TIMEOUT:g} s")
            for key, _ in answered:
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                stays = receive(sock, status)
                times.append(perf_counter_ns() - started[key.fd])
                if not stays:
                    ready.unregister(sock)
                    sock.close()
                following = next(waiting, None)
                if following is None:
                    under_way -= 1
                else:
                    send(sock if stays else None, following)
    return times
