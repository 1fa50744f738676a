"""HTTP/1 as bytes: the head of a request read, a chunked body joined, a reply framed. No socket in here.

httptools does the reading. It is stricter than the servers that mockflux stands for, and knows only the methods of
its own table, so a head is prepared before it gets one (``read_head``), and what decides about the body (its length
or its chunks) is judged here, by the rules of Go's net/http.
"""

from __future__ import annotations

import re

import httptools

from mockflux.reply import Header, Reply

#: Why a request is no HTTP; ``Application.refuse`` words these.
HARD_PROBLEMS = frozenset(
    {
        "head", "header_name", "header_value", "head_too_large", "headers_too_many", "target_too_long",
        "version", "transfer_encoding", "length",
    }
)  # fmt: skip
#: What some servers refuse and others do not mind.
SOFT_PROBLEMS = frozenset(
    {"target", "escape", "uri", "minor_version", "old_encoding", "host_missing", "host_repeated", "host", "expect"}
)

_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f]+) HTTP/(\d)\.(\d)\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_MASKED = re.compile(rb"\n(?=!|[Cc](?i:ontent-length):|[Tt](?i:ransfer-encoding):|[Uu](?i:pgrade):)")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?://[^/?]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What hyperium/http's Uri takes: a path with a query, the same behind a scheme and an authority, or an authority alone.
# Neither "<" nor ">" anywhere, no "`" in a path, no quotation mark in a query.
_URI = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]*://[^/?#<>\"\\^`{|}]+(?=[/?#]|\Z)|(?=/))[^?#<>`]*(?:\?[^#<>\"]*)?(?:#[^<>]*)?"
    r"|[^/?#<>\"\\^`{|}]+"
)
_HOST = re.compile(rb"[A-Za-z0-9!$%&'()*+,\-.:;=\[\]_~]*")
_LENGTH = re.compile(rb"[0-9]{1,19}")
_MAX_LENGTH = 2**63 - 1
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z][!#$%&'*+\-.^_`|~0-9A-Za-z ]*")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
_HEX = re.compile(rb"[0-9A-Fa-f]*")
_BANG = ord("!")


class Unreadable(Exception):
    """The bytes are no HTTP request; ``problem`` is one of ``HARD_PROBLEMS``."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Head:
    """What the head of a request says, for the application and for whoever reads what comes after it.

    ``length`` is that of the body in bytes, or None when the body comes in chunks. ``path`` has no scheme and no
    authority, whatever ``target`` has. ``doubts`` are those of ``SOFT_PROBLEMS`` that were found, in the
    order in which Go looks for them.
    """

    __slots__ = ("again", "doubts", "expects", "headers", "http10", "keep_alive", "length", "method", "path", "target")

    def __init__(self, method: str, target: str, http10: bool) -> None:
        self.method = method
        self.target = target
        self.http10 = http10
        self.path = target
        self.headers: list[Header] = []
        self.keep_alive = False
        self.length: int | None = 0
        self.expects = False
        self.doubts: list[str] = []
        #: Whether it has come before, and was not read again.
        self.again = False


class _Fields:
    """Collects what httptools finds in a head."""

    __slots__ = ("complete", "headers", "keep_alive", "parser", "special")

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.special: dict[bytes, list[bytes]] = {b"host": [], b"content-length": [], b"transfer-encoding": []}
        self.keep_alive = self.complete = False
        self.parser = httptools.HttpRequestParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name[0] == _BANG:
            name = name[1:]
        value = value.rstrip(b" \t")
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))
        found = self.special.get(name.lower())
        if found is not None:
            found.append(value)

    def on_headers_complete(self) -> None:
        self.keep_alive = self.parser.should_keep_alive()

    def on_message_complete(self) -> None:
        self.complete = True


def read_head(raw: bytes, max_headers: int = 0, max_target: int = 0) -> Head:
    """Read a request line and headers, the blank line included. ``max_headers`` lines of headers are taken and
    ``max_target`` bytes of target, each unless it is 0. Raises Unreadable.

    httptools gets a stand-in for the request line, since it knows a closed list of methods and takes no raw UTF-8 in
    a target. Headers by which it would look for a body, or see the end of HTTP (``Upgrade: h2c``, which Java's client
    sends with every request), are masked by a leading ``!`` that is taken off again; a name that has one gets a second.
    """
    line = _REQUEST_LINE.match(raw)
    if line is None:
        raise Unreadable("head")
    method, target, major, minor = line.groups()
    head = Head(method.decode("latin-1"), target.decode("latin-1"), minor == b"0")
    _judge_target(head)
    fields = _read_fields(raw[line.end() - 1 :], b"0" if head.http10 else b"1")
    head.headers, head.keep_alive = fields.headers, fields.keep_alive
    if 0 < max_headers < len(fields.headers):
        raise Unreadable("headers_too_many")
    if 0 < max_target < len(target):
        raise Unreadable("target_too_long")
    if len(fields.special[b"host"]) > 1:
        head.doubts.append("host_repeated")
    head.length = _body_length(fields.special, head.http10)
    if major != b"1":
        raise Unreadable("version")
    if minor not in b"01":
        head.doubts.append("minor_version")
    if head.http10 and fields.special[b"transfer-encoding"]:
        head.doubts.append("old_encoding")
    _judge_host(head, fields.special[b"host"])
    _judge_expectation(head)
    return head


def _read_fields(lines: bytes, minor: bytes) -> _Fields:
    """The headers in ``lines``, which begins with the line feed of the request line and ends with the blank line."""
    if lines.count(b"\n") != lines.count(b"\r\n") + 1:
        lines = b"\n" + _BARE_LF.sub(b"\r\n", lines[1:])
    fields = _Fields()
    try:
        fields.parser.feed_data(b"GET / HTTP/1." + minor + b"\r" + _MASKED.sub(b"\n!", lines))
    except httptools.HttpParserError:
        raise Unreadable(_field_problem(lines)) from None
    finally:
        del fields.parser  # a cycle otherwise, one per request for the collector
    if not fields.complete:
        raise Unreadable("head")
    return fields


def _field_problem(lines: bytes) -> str:
    """A word for what httptools refused. Of several, a blank in a name counts least."""
    problem = "head"
    for line in lines[1:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not line:
            continue
        if not colon or not _NAME.fullmatch(name):
            return "head"
        if not _VALUE.fullmatch(value):
            return "header_value"
        if b" " in name:
            problem = "header_name"
    return problem


def _judge_target(head: Head) -> None:
    """Find the path of the target, and what a strict server would object to."""
    absolute = _ABSOLUTE.match(head.target)
    if absolute and head.method != "CONNECT":
        head.path = head.target[absolute.end() :]
    elif head.target[0] != "/" and head.target != "*" and head.method != "CONNECT":
        head.doubts.append("target")
    if "%" in head.path and _BAD_ESCAPE.search(head.path.partition("?")[0]):
        head.doubts.append("escape")
    if not _URI.fullmatch(head.target):
        head.doubts.append("uri")


def _body_length(special: dict[bytes, list[bytes]], http10: bool) -> int | None:
    """How many bytes of body come; None: chunks. Chunks count more than a length; HTTP/1.0 knows none."""
    encodings, lengths = special[b"transfer-encoding"], special[b"content-length"]
    if encodings and not http10:
        if len(encodings) > 1 or encodings[0].lower() != b"chunked":
            raise Unreadable("transfer_encoding")
        return None
    if not lengths:
        return 0
    if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]) or int(lengths[0]) > _MAX_LENGTH:
        raise Unreadable("length")
    return int(lengths[0])


def _judge_host(head: Head, hosts: list[bytes]) -> None:
    if not hosts:
        if not head.http10 and head.method != "CONNECT":
            head.doubts.append("host_missing")
    elif not _HOST.fullmatch(hosts[0]):
        head.doubts.append("host")


def _judge_expectation(head: Head) -> None:
    wanted = next((value for name, value in head.headers if len(name) == 6 and name.lower() == "expect"), "")
    if not wanted:
        return
    if wanted.lower() == "100-continue":
        head.expects = not head.http10 and head.length != 0
    else:
        head.doubts.append("expect")


class Chunks:
    """A body in chunks, fed piece by piece.

    ``keep`` is how many bytes of it are kept: beyond that ``body`` is emptied and only ``length`` goes on.
    When ``done``, ``rest`` is what came after the message; when the framing is broken, ``problem`` says how, in the
    words of Go's net/http, and nothing more can be read from that connection. ``line_limit`` is the greatest number
    of bytes of a chunk's size line with its extension, or of all trailers.

    However small the chunks and the pieces, it takes no more than the body, and a line of the framing, and its time
    grows as they do.
    """

    __slots__ = (
        "_empty", "_keep", "_line", "_line_limit", "_offset", "_open", "_parser", "_piece",
        "body", "done", "length", "problem", "rest",
    )  # fmt: skip

    def __init__(self, keep: int, line_limit: int) -> None:
        self.body = bytearray()
        self.length = 0
        self.done = False
        self.rest = b""
        self.problem: str | None = None
        self._keep = keep
        self._line_limit = line_limit
        self._open = self._empty = False  # inside a chunk; nothing of its data came
        # httptools does not say where in a piece an event happened, but the end of the message and the words for a
        # broken size line need it: _offset is where the last event ended, _line what came since then in older pieces.
        self._piece, self._offset, self._line = b"", 0, bytearray()
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)
        self._parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the connection. To be called only while neither ``done`` nor ``problem`` is set."""
        self._piece, self._offset = piece, 0
        assert self._parser is not None
        try:
            self._parser.feed_data(piece)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self.done:  # else it stumbled over the next request, which it should not have seen
                self.problem = self._complaint()
        if not self.done and self.problem is None:
            self._line += piece[self._offset :]
            if len(self._line) > self._line_limit:
                self.problem = "header line too long"
        if self.done or self.problem is not None:
            self._parser = None  # it knows this object: a cycle otherwise

    def on_chunk_header(self) -> None:
        if not self.done:
            self._open = self._empty = True
            self._after_line()

    def on_body(self, data: bytes) -> None:
        if self.done:
            return
        self._empty = False
        self._offset += len(data)
        self.length += len(data)
        if self.length <= self._keep:
            self.body += data
        else:
            self.body.clear()

    def on_chunk_complete(self) -> None:
        if not self.done and not self._empty:  # an empty chunk is the last one: its end is that of the message
            self._open = False
            self._after_line()

    def on_message_complete(self) -> None:
        if self.done:
            return
        self.done = True
        trailers = bytes(self._line) + self._piece[self._offset :]
        end = 2 if trailers.startswith(b"\r\n") else trailers.index(b"\r\n\r\n") + 4
        self.rest = trailers[end:]

    def _after_line(self) -> None:
        self._offset = self._piece.index(b"\n", self._offset) + 1
        self._line.clear()

    def _complaint(self) -> str:
        if self._open:
            return "malformed MIME header line" if self._empty else "malformed chunked encoding"
        return size_line_problem(bytes(self._line) + self._piece[self._offset :])


def size_line_problem(data: bytes) -> str:
    """What Go's net/http says to bytes that should begin with the line of a chunk's size and do not."""
    line, end, _ = data.partition(b"\n")
    if end and b"\r" not in line:
        return "chunked line ends with bare LF"
    if end and line.index(b"\r") != len(line) - 1:
        return "invalid CR in chunked line"
    digits = line.partition(b";")[0].rstrip(b" \t\r")
    if not digits:
        return "empty hex number for chunk length"
    good = _HEX.match(digits)
    if good and good.end() > 16:
        return "http chunk length too large"
    if good and good.end() < len(digits):
        return "invalid byte in chunk length"
    return "malformed chunked encoding"


class Framed:
    """A reply as it goes over the wire: ``head``, then ``lead`` + ``body`` + ``tail``; it ``closes`` or does not."""

    __slots__ = ("body", "closes", "head", "lead", "tail")

    def __init__(self, head: bytes, lead: bytes, body: bytes, tail: bytes, closes: bool) -> None:
        self.head = head
        self.lead = lead
        self.body = body
        self.tail = tail
        self.closes = closes


def frame(
    reply: Reply, request: Head | None, closes: bool, close_header: Header, close_before: frozenset[str]
) -> Framed:
    """Put a reply into the bytes that this request gets.

    ``request`` is None when there was none that could be read. ``closes``: the connection ends with the reply; it is
    also made to end by a body whose length the client cannot see, and by a ``Connection: close`` of the reply's own.
    ``close_header`` goes before the first header whose name (in lower case) is in ``close_before``, or to the end.
    """
    http10 = request is not None and request.http10
    bodyless = reply.status in (204, 304) or (request is not None and request.method == "HEAD")
    headers = reply.headers
    names = [name.lower() for name, _ in headers]
    chunked = "transfer-encoding" in names
    if chunked and http10:
        headers = [header for header in headers if header[0].lower() != "transfer-encoding"]
        names = [name.lower() for name, _ in headers]
    if (chunked and http10) or not (bodyless or chunked or "content-length" in names):
        closes = True
    if "connection" in names:
        own = names.index("connection")
        closes = closes or headers[own][1].lower() == "close"
        if closes:  # a reply that always says keep-alive does not when it is the last
            headers = [*headers[:own], (headers[own][0], close_header[1]), *headers[own + 1 :]]
    elif closes != http10:  # the unusual is said: that HTTP/1.1 closes, that HTTP/1.0 does not
        place = next((at for at, name in enumerate(names) if name in close_before), len(names))
        said = close_header if closes else (close_header[0], "keep-alive")
        headers = [*headers[:place], said, *headers[place:]]
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    head = _encode(f"HTTP/1.{0 if http10 else 1} {reply.status} {reply.reason}\r\n{text}\r\n")
    if bodyless:
        return Framed(head, b"", b"", b"", closes)
    if not chunked or http10:
        return Framed(head, b"", reply.body, b"", closes)
    if not reply.body:
        return Framed(head, b"", b"", b"0\r\n\r\n", closes)
    return Framed(head, b"%x\r\n" % len(reply.body), reply.body, b"\r\n0\r\n\r\n", closes)


def _encode(text: str) -> bytes:
    """Heads are latin-1, as the request's are; text beyond that goes as UTF-8, as a server would send its own text."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
