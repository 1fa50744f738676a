"""What a vector is played against. Here: the simulator, by socket, by WSGI and by direct call.

A target needs no more than ``open`` with a set-up, ``send`` and ``stored``, so a live server can be one too: it
answers None to what it cannot tell.
"""

from __future__ import annotations

import io
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_to_bytes

from mockflux.contract.answer import Answer, Connection
from mockflux.contract.live_wire import Access
from mockflux.contract.vector import MONITORING, StoredPoint
from mockflux.http import front
from mockflux.lineprotocol import Line
from mockflux.public import Server
from mockflux.reply import Header, Reply
from mockflux.request import Request
from mockflux.storage import schemas
from mockflux.wsgi import Application

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mockflux.storage.catalog import Bucket
    from mockflux.storage.table import Point


#: What stands for the set-up's own bucket or database in a vector's set-up.
OWN = ("{{bucket}}", "{{database}}")


class Session(Protocol):
    """One server in one state, for one vector."""

    @property
    def known(self) -> Mapping[str, str]:
        """The values of places, without braces."""

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        """One request with these bytes as its body, as they are, and its reply; ``closes``: expect the end of the
        connection after it."""

    def send_raw(self, raw: bytes, *, closes: bool) -> Answer:
        """These bytes, and the reply to them."""

    def said(self) -> tuple[str, str] | None:
        """The clause that said the last reply, and by what it was reached (``request`` or ``fault``); None if the
        target cannot tell."""

    def stored(self) -> list[StoredPoint] | None:
        """Every point in every bucket or database that users made; None if the target cannot read them."""

    def logged(self) -> list[StoredPoint] | None:
        """Every point in the buckets in which the edition logs what it refused; None as for ``stored``."""

    def now(self) -> int:
        """The server's time, in ns since the epoch."""

    def advance(self, seconds: float) -> None:
        """Let the server's clock, which stands, move on."""

    def settle(self) -> None:
        """Have what was accepted and is still queued done, so that it can be read."""

    def leftover(self) -> list[str]:
        """What was planned and has not come to pass."""


class Target(Protocol):
    """Something that vectors can be played against, by one way."""

    @property
    def way(self) -> str:
        """``socket``, ``wsgi`` or ``direct``."""

    def open(
        self, profile: str, switches: Mapping[str, Any], setup: Mapping[str, Any]
    ) -> AbstractContextManager[Session]:
        """A fresh server in that state."""


class _Simulated(ABC):
    """A session with a fresh simulated server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.world = server.world
        self._known: dict[str, str] = {}

    @property
    def known(self) -> Mapping[str, str]:
        return self._known

    @abstractmethod
    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        """See :class:`Session`."""

    def send_raw(self, raw: bytes, *, closes: bool) -> Answer:
        raise TypeError("raw bytes need a socket")

    def said(self) -> tuple[str, str] | None:
        exchange = self.world.journal[-1]
        if exchange.error:
            raise AssertionError(f"an exception in mockflux:\n{exchange.error}")
        by = "fault" if exchange.fault is not None and exchange.fault.clause is not None else "request"
        return exchange.clause, by

    def stored(self) -> list[StoredPoint] | None:
        buckets = [bucket for bucket in self.world.catalog.buckets() if bucket.type == "user"]
        return [point for bucket in buckets for point in self._points(bucket)]

    def logged(self) -> list[StoredPoint] | None:
        buckets = [bucket for bucket in self.world.catalog.buckets() if bucket.name == MONITORING]
        return [point for bucket in buckets for point in self._points(bucket)]

    def _points(self, bucket: Bucket) -> Iterator[StoredPoint]:
        shown = [(p.measurement, p.tags, p.time) for p in self.world.points(bucket)]
        org = self.world.catalog.org(id=bucket.org_id)
        main = org is None or org is self.world.org
        for point in bucket.data.points():
            yield StoredPoint(
                bucket.name if main or org is None else f"{org.name}/{bucket.name}",
                point.measurement,
                point.tags,
                {key: (kind, point.fields[key]) for key, kind in _types(bucket, point).items()},
                point.time,
                (point.measurement, point.tags, point.time) not in shown,
            )

    def now(self) -> int:
        return self.world.clock.now()

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def settle(self) -> None:
        self.server.settle()

    def leftover(self) -> list[str]:
        return [repr(fault) for fault in self.world.faults.pending()]

    # ---------------------------------------------------------------- set-up

    def prepare(self, setup: Mapping[str, Any]) -> None:
        """Make what a vector needs to be there, and learn the values of places."""
        self._learn()
        catalog = self.world.catalog
        for name in setup.get("orgs", ()):
            org = catalog.add_org(name, system_buckets=self.world.settings.setup.system_buckets)
            self._known[f"org_id.{name}"] = org.id
        for entry in setup.get("buckets", ()):
            self._add_bucket(entry)
        for entry in setup.get("databases", ()):
            self.world.add_database(entry["name"], entry.get("retention", 0) * 10**9)
        for entry in setup.get("tokens", ()):
            self._add_token(entry)
        for entry in setup.get("mappings", ()):
            bucket = self._bucket(entry["bucket"])
            catalog.add_mapping(
                bucket, entry["database"], entry["retention_policy"], default=entry.get("default", False)
            )
        for entry in setup.get("points", ()):
            name = entry.get("bucket")
            self.server.write(entry["lines"], bucket=None if name in OWN else name)
        for entry in setup.get("faults", ()):
            self.server.fail(**entry)

    def _learn(self) -> None:
        server, profile = self.server, self.server.profile
        names = (
            "token", "read_token", "org", "org_id", "bucket", "bucket_id", "database", "user", "user_id", "password",
        )  # fmt: skip
        self._known.update({name: value for name in names if (value := getattr(server, name))})
        if server.database is not None:
            self._known["bucket"] = server.database
        access = Access(token=server.token, user=server.user, password=server.password)
        authorization = access.authorization(profile.tables["auth"]["schemes"])
        if authorization is not None:
            self._known["auth"] = authorization
        self._known |= {"version": profile.version, "cluster_uuid": self.world.cluster_uuid}

    def _add_bucket(self, entry: Mapping[str, Any]) -> None:
        """A bucket, or a database in an edition that has those and no buckets."""
        if "org" not in entry and self.world.org is None:
            self.world.add_database(entry["name"], entry.get("retention", 0) * 10**9)
            return
        org = self.world.catalog.org(name=entry["org"]) if "org" in entry else self.world.org
        assert org is not None, "a bucket needs an organization"
        catalog = self.world.catalog
        explicit = schemas.from_user(entry["schema"], catalog.new_schema) if "schema" in entry else None
        bucket = catalog.add_bucket(org, entry["name"], entry.get("retention", 0) * 10**9, schemas=explicit)
        self._known[f"bucket_id.{entry['name']}"] = bucket.id

    def _bucket(self, name: str) -> Bucket:
        """A bucket or database by name, of whichever organization. Raises LookupError if there is none."""
        found = self.world.target(None if name in OWN else name)
        if found is None:
            found = next((bucket for bucket in self.world.catalog.buckets() if bucket.name == name), None)
        if found is None:
            raise LookupError(f"no bucket or database {name!r}; expected one of the set-up")
        return found

    def _add_token(self, entry: Mapping[str, Any]) -> None:
        world = self.world
        rights = world.rights(
            read=[self._bucket(name) for name in entry.get("read", ())],
            write=[self._bucket(name) for name in entry.get("write", ())],
        )
        until = world.clock.now() + entry["expires"] * 10**9 if "expires" in entry else None
        token = world.add_token(rights, status=entry.get("status", "active"), expires=until)
        self._known[f"token.{entry['name']}"] = token.value


def _types(bucket: Bucket, point: Point) -> dict[str, Any]:
    """The types of a point's fields, in their order."""
    line = Line(0, b"", point.measurement, tuple(point.tags.items()), (), None)
    types = bucket.data.types(line, point.time)
    return {key: types[key] for key in point.fields}


class _Direct(_Simulated):
    """Calls the front."""

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        host = [] if _has(headers, "host") else [("Host", "localhost")]
        sent = [*host, *_latin(headers), *_length(method, headers, body)]
        reply: Reply = front.answer(self.world, Request(method, _latin1(target), sent, body))
        time.sleep(reply.delay)
        return Answer(reply.status, reply.reason, _utf8(reply.headers), reply.body)


class _Wsgi(_Simulated):
    """Calls the WSGI application as a WSGI server would."""

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        environ = _environ(method, _latin1(target), [*_latin(headers), *_length(method, headers, body)], body)
        answer = Answer()

        def start_response(status: str, headers: list[Header], *more: object) -> Callable[[bytes], object]:
            code, _, answer.reason = status.partition(" ")
            answer.status, answer.headers = int(code), _utf8(headers)
            return _write

        answer.body = b"".join(Application(self.server)(environ, start_response))
        return answer


class _Socket(_Simulated):
    """Talks to the listening server, each exchange on a connection of its own."""

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        host = [] if _has(headers, "host") else [("Host", f"{self.server.host}:{self.server.port}")]
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in [*host, *headers, *_length(method, headers, body)]]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return self._send(head.encode("utf-8", "surrogateescape") + body, method, closes)

    def send_raw(self, raw: bytes, *, closes: bool) -> Answer:
        return self._send(raw, raw.partition(b" ")[0].decode("latin-1"), closes)

    def _send(self, raw: bytes, method: str, closes: bool) -> Answer:
        with Connection(self.server.host, self.server.port) as connection:
            answer = connection.exchange(raw, method, closes)
        return answer


class Simulator:
    """The simulator, reached by one of the ``WAYS``."""

    def __init__(self, way: str) -> None:
        """Raises KeyError for another way."""
        sessions: dict[str, Callable[[Server], _Simulated]] = {"socket": _Socket, "wsgi": _Wsgi, "direct": _Direct}
        self._session = sessions[way]
        self._way = way

    @property
    def way(self) -> str:
        return self._way

    @contextmanager
    def open(self, profile: str, switches: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[Session]:
        server = Server(
            profile, clock=setup.get("clock", "real"), onboarded=setup.get("onboarded", True), auth=setup.get("auth"),
            **switches,
        )  # fmt: skip
        session = self._session(server)
        session.prepare(setup)
        if self._way != "socket":
            yield session
            return
        with server:
            yield session


def _has(headers: Sequence[Header], name: str) -> bool:
    return any(key.lower() == name for key, _ in headers)


def _length(method: str, headers: Sequence[Header], body: bytes) -> list[Header]:
    """The Content-Length that a client adds to what has none."""
    if _has(headers, "content-length") or _has(headers, "transfer-encoding"):
        return []
    return [("Content-Length", str(len(body)))] if body or method in ("POST", "PUT", "PATCH") else []


def _latin1(text: str) -> str:
    """Text as the server below HTTP hands it on: one character is one byte."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _latin(headers: Sequence[Header]) -> list[Header]:
    return [(_latin1(name), _latin1(value)) for name, value in headers]


def _utf8(headers: Sequence[Header]) -> list[Header]:
    """The reverse, for headers that go out."""
    return [(name, value.encode("latin-1").decode("utf-8", "surrogateescape")) for name, value in headers]


def _write(data: bytes) -> object:
    raise AssertionError("an application of today returns its body")


def _environ(method: str, target: str, headers: Sequence[Header], body: bytes) -> dict[str, Any]:
    """A request as PEP 3333 has it: names in capitals, several headers of one name joined."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ and key != "HTTP_HOST" else value
    return environ
