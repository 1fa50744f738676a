"""Speaking with a live server: where it is, who asks, and one raw exchange at a time."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from mockflux.contract.answer import Answer, Connection
from mockflux.profile.live import LiveRequest
from mockflux.reply import Header


class LiveError(Exception):
    """A live server cannot be used as asked for; the message is one sentence."""


class Lacking(LiveError):
    """A request of the profile tells something that is not known."""


class NoAnswer(LiveError):
    """The server was reached, and what came is no answer."""


class Gone(LiveError):
    """The server answered before, and does not any more."""


#: How a sentence on something that was not removed ends where nothing came back.
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Access:
    """Who asks, and what of the server its users know: names and credentials, None for what was not given. ``target``
    is a bucket or database that was made to be written to; ``version`` is what the server tells of itself."""

    token: str | None = None
    org: str | None = None
    user: str | None = None
    password: str | None = None
    read_token: str | None = None
    target: str | None = None
    version: str | None = None

    def authorization(self, schemes: Sequence[str]) -> str | None:
        """The value of the header, by the first scheme of the edition; None where nothing was given for it."""
        if schemes and schemes[0] == "Basic":
            if self.user is None:
                return None
            pair = f"{self.user}:{self.password or ''}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return f"{schemes[0]} {self.token}" if schemes and self.token else None


class Wire:
    """The server at a URL (http or https). ``ca`` is the file of the authority to trust, ``insecure`` trusts anyone.

    Raises LiveError for a URL that is none, and for a file that holds no certificate.
    """

    def __init__(self, url: str, *, ca: str | None = None, insecure: bool = False) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            told = "no URL" if "@" in url else error  # what is taken for a port may be a piece of a password
            raise LiveError(f"URL {_shown(url)!r}: {told}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LiveError(f"URL {_shown(url)!r}: expected one such as http://localhost:8086")
        if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
            raise LiveError(f"URL {_shown(url)!r}: expected scheme, host and port alone")
        if parts.scheme == "http" and (ca or insecure):
            raise LiveError(f"URL {_shown(url)!r}: a certificate is no matter of http; leave --ca and --insecure out")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.hostname
        self._port = port or (443 if parts.scheme == "https" else 80)
        self._context = _context(ca, insecure) if parts.scheme == "https" else None
        self._netloc = parts.netloc
        self._answered = False

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool = False) -> Answer:
        """One request and its reply. Raises LiveError if the server cannot be reached or speaks no HTTP."""
        names = {name.lower() for name, _ in headers}
        lines = [f"{method} {target} HTTP/1.1"]
        if "host" not in names:
            lines.append(f"Host: {self._netloc}")
        lines += [f"{name}: {value}" for name, value in headers]
        if not names & {"content-length", "transfer-encoding"} and (body or method in ("POST", "PUT", "PATCH")):
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return self.send_raw(head.encode("utf-8", "surrogateescape") + body, closes=closes)

    def send_raw(self, raw: bytes, *, closes: bool) -> Answer:
        """These bytes, and the reply to them. Raises as :meth:`send`."""
        method = raw.partition(b" ")[0].decode("latin-1")
        try:
            with Connection(self._host, self._port, context=self._context) as connection:
                answer = connection.exchange(raw, method, closes)
        except ssl.SSLCertVerificationError as error:
            raise LiveError(f"{self.url}: its certificate does not hold: {error.verify_message}; see --ca") from None
        except TimeoutError:
            raise NoAnswer(f"{self.url} did not answer in time") from None
        except OSError as error:
            if self._answered:
                raise Gone(f"{self.url} did not answer any more: {error.strerror or error}") from None
            raise LiveError(f"{self.url} cannot be reached: {error.strerror or error}") from None
        except ValueError as error:
            raise NoAnswer(f"{self.url} does not answer as HTTP does: {error}") from None
        self._answered = self._answered or answer.status != 0
        return answer

    def answered(self, answer: Answer) -> Answer:
        """An answer that has to be one. Raises LiveError where the connection was closed without any."""
        if answer.status == 0:
            more, kind = (" any more", Gone) if self._answered else ("", NoAnswer)
            raise kind(f"{self.url} did not answer{more}: the connection was closed without an answer")
        return answer

    def see_that_it_answers(self) -> None:
        """Raises LiveError where the server closes the connection to the simplest of requests without an answer."""
        self.answered(self.send("GET", "/ping", [], b""))


def _shown(url: str) -> str:
    """A URL without what may be secret in it: what stands before the host, and a query."""
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    place = re.split("[?#]", rest, maxsplit=1)
    if "@" in rest:
        return f"{scheme}{separator}…@{rest.rpartition('@')[2] if len(place) == 1 else '…'}"
    return f"{scheme}{separator}{place[0]}" + ("?…" if len(place) > 1 else "")


def _context(ca: str | None, insecure: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise LiveError(f"--ca {ca}: {getattr(error, 'strerror', None) or error}") from None
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a request of the profile's section ``[live]``: the reply, and what it says."""

    answer: Answer
    value: str | None
    values: tuple[str, ...]
    id: str | None
    failure: str | None

    @property
    def refused(self) -> bool:
        """Whether it was not done, by status or by what the reply says."""
        return not 200 <= self.answer.status < 300 or self.failure is not None

    @property
    def unknown(self) -> bool:
        """Whether the server has no such door: its 404 comes from what sorts requests, which speaks no JSON."""
        return self.answer.status == 404 and not self.answer.body.lstrip().startswith(b"{")

    def __str__(self) -> str:
        text = self.failure or self.answer.body.decode("utf-8", "replace").strip()
        return f"{self.answer.status} {self.answer.reason}" + (f": {' '.join(text.split())[:200]}" if text else "")


def ask(wire: Wire, request: LiveRequest, facts: Mapping[str, str], authorization: str | None) -> Told:
    """Send a request of the profile, filled with facts. Raises Lacking for a fact that is missing,
    LiveError as :class:`Wire`."""
    lacking = [name for name in (*request.target.names, *request.body.names) if name not in facts]
    if lacking:
        raise Lacking(f"the server cannot be asked without --{lacking[0].replace('_', '-')}")
    target = request.target.fill({name: _quoted(name, value) for name, value in facts.items()})
    inside = {name: _escaped(name, value) for name, value in facts.items()} if request.json_body else facts
    body = request.body.fill(inside).encode("utf-8", "surrogateescape")
    headers = [("Authorization", authorization)] if authorization else []
    if request.json_body:
        headers.append(("Content-Type", "application/json"))
    return read(wire.answered(wire.send(request.method, target, headers, body)), request)


#: Facts that are pieces of a request themselves.
_PIECES = frozenset(("kept", "permissions", "default"))


def _quoted(name: str, value: str) -> str:
    return value if name in _PIECES else quote(value.encode("utf-8", "surrogateescape"), safe="")


def _escaped(name: str, value: str) -> str:
    return value if name in _PIECES else json.dumps(value)[1:-1]


def read(answer: Answer, request: LiveRequest) -> Told:
    """What a reply says, where the profile tells that it stands."""
    if request.header:
        value = next((own for name, own in answer.headers if name.lower() == request.header.lower()), None)
        return Told(answer, value, (), None, None)
    try:
        data = json.loads(answer.body) if answer.body else None
    except ValueError:
        data = None
    values = tuple(_texts(data, request.json)) if request.json else ()
    found = next(iter(_texts(data, request.id)), None) if request.id else None
    failure = next(iter(_texts(data, request.fails)), None) if request.fails else None
    return Told(answer, values[0] if values else None, values, found, failure)


def _texts(data: Any, path: str) -> list[str]:
    """What stands in JSON under a dotted path, in which ``*`` is every entry of a list; nothing where there is none."""
    found = [data]
    for part in path.split("."):
        step: list[Any] = []
        for entry in found:
            if isinstance(entry, list):
                step += entry if part == "*" else entry[int(part) : int(part) + 1] if part.isdigit() else []
            elif isinstance(entry, dict) and part in entry:
                step.append(entry[part])
        found = step
    return [str(entry) for entry in found if isinstance(entry, str | int)]


def moment(answer: Answer) -> int | None:
    """The Date of a reply in ns since the epoch; None where it has none."""
    text = next((value for name, value in answer.headers if name.lower() == "date"), None)
    if text is None:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 10**9
    except ValueError:
        return None
