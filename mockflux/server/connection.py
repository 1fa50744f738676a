"""One connection, from its first byte to its last: requests read, handed to the application, answered.

Runs in a thread of its own and may block wherever it likes: whoever wants it to end shuts its socket down
(``shut``), which wakes every ``recv`` and ``send``, and sets ``stopping``, which wakes a delayed reply.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from typing import TYPE_CHECKING, Protocol

from mockflux.clock import patience
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.server.heads import Heads
from mockflux.server.wire import Chunks, Framed, Head, Unreadable, frame

if TYPE_CHECKING:
    import ssl

_PIECE = 65536  # one recv takes the whole of a small request
_BIG_PIECE = 1 << 20
_JOIN_BELOW = 65536  # a smaller reply goes out in one sendall; copying a greater one costs more than a second call
_PATIENCE = 1.0  # seconds for a client to take notice that it is not listened to any more

_HEAD_END = re.compile(rb"\n\r?\n")
_FIRST_BYTE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Application(Protocol):
    """What answers. Its limits are read for each request, so they may change while the server runs.

    Header texts, of requests and replies, are latin-1: one character is one byte.
    Text beyond latin-1 goes out as UTF-8.
    """

    @property
    def close_header(self) -> tuple[str, str]:
        """How it says that the connection ends, ``("Connection", "close")`` or in lower case."""

    @property
    def close_before(self) -> frozenset[str]:
        """Names of headers, in lower case, that ``close_header`` precedes; it is last where there is none."""

    @property
    def max_head(self) -> int:
        """Greatest number of bytes of a request line with its headers."""

    @property
    def max_headers(self) -> int:
        """Greatest number of header lines; 0 for no limit."""

    @property
    def max_target(self) -> int:
        """Greatest number of bytes of a request's target; 0 for no limit."""

    @property
    def max_body(self) -> int:
        """Greatest number of bytes of a body, as received, that are kept; a longer one is read but not kept."""

    def answer(self, request: Request) -> Reply:
        """Answer one complete request. May take its time; should it raise, ``failed`` is asked."""

    def failed(self, head: bytes) -> Reply:
        """Note the exception that is being handled, which nobody has foreseen, and word the answer to it, with
        ``close``. ``head`` is as much of the request as is known; where there was none, nobody gets the answer."""

    def refuse(self, problem: str, head: bytes) -> Reply | None:
        """Word the answer to something that is no HTTP request; the connection closes after it.

        ``head`` is what came, from its first byte. None closes it without an answer. ``problem`` is one of

        - ``head``: a request line or a header that cannot be read
        - ``header_name``: a blank in the name of a header
        - ``header_value``: a control character in the value of one
        - ``head_too_large``, ``headers_too_many``, ``target_too_long``: beyond ``max_head``, ``max_headers``,
          ``max_target``
        - ``version``: HTTP, but not HTTP/1; HTTP/2 begins so
        - ``transfer_encoding``: one that is not ``chunked``
        - ``length``: a Content-Length that is no number, or two different ones

        or, where servers differ and None means that this one does not mind, so that the request goes on,

        - ``target``: neither a path nor a URL nor ``*``
        - ``escape``: a percent sign in the path that is not followed by two hexadecimal digits
        - ``uri``: a target with characters, or of a form, that hyperium/http refuses
        - ``minor_version``: HTTP/1, but neither 1.0 nor 1.1
        - ``old_encoding``: HTTP/1.0 with a Transfer-Encoding, which it does not know
        - ``host_missing`` (of HTTP/1.1), ``host_repeated``, ``host``: none, several, one with characters no host has
        - ``expect``: an Expect that is not ``100-continue``
        """


class _Gone(Exception):
    """The client closed in the middle of a request."""


class Connection:
    """One client. ``run`` serves it until either side has had enough; ``shut`` ends that from another thread."""

    __slots__ = ("_answering", "_application", "_buffer", "_head", "_heads", "_sock", "_ssl_context", "_stopping")

    def __init__(
        self,
        sock: socket.socket,
        application: Application,
        stopping: threading.Event,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._sock = sock
        self._application = application
        self._stopping = stopping
        self._ssl_context = ssl_context
        self._buffer = bytearray()  # what came and belongs to no request yet
        self._head = b""  # of the request at hand, as it came
        self._heads = Heads()
        self._answering = True  # something of a reply may be on its way, or nothing has been asked

    def run(self) -> None:
        """Serve requests one after the other. Silent when the client vanishes or does not manage a TLS handshake; any
        other exception is the application's to note."""
        with contextlib.suppress(OSError, _Gone):
            try:
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._ssl_context is not None:
                    self._secure(self._ssl_context)
                while not self._stopping.is_set() and self._serve():
                    pass
            except (OSError, _Gone):
                raise
            except Exception:
                self._fail()

    def shut(self) -> None:
        """End all traffic; ``run`` returns soon after. Never after ``close``, whose caller must see to that."""
        # Not SSLSocket.shutdown: it takes the TLS state away under the feet of the thread that uses it.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    # ------------------------------------------------------------------ one request

    def _serve(self) -> bool:
        """One request and its reply. False: the connection is at its end."""
        self._head, self._answering = b"", False
        try:
            raw = self._head = self._read_head()
            if not raw:
                return self._end()
            head = self._heads.read(raw, self._application.max_headers, self._application.max_target)
        except Unreadable as complaint:
            raw = self._head = self._head or bytes(self._buffer)
            refusal = self._application.refuse(complaint.problem, raw)
            return self._linger() if refusal is None else self._send(refusal, None, closes=True, linger=True)
        for doubt in head.doubts:
            refusal = self._application.refuse(doubt, raw)
            if refusal is not None:
                return self._send(refusal, None, closes=True, linger=True)
        request, whole = self._read_request(head)
        reply = self._answer(request)
        return self._send(reply, head, closes=reply.close or not whole or not head.keep_alive, linger=not whole)

    def _answer(self, request: Request) -> Reply:
        try:
            return self._application.answer(request)
        except Exception:  # also an OSError, which would pass here for a client that is gone
            return self._application.failed(self._head)

    def _fail(self) -> None:
        """Have the exception that is being handled noted, and answer unless that has begun."""
        reply = self._application.failed(self._head or bytes(self._buffer[: self._application.max_head]))
        if not self._answering:
            self._send(reply, None, closes=True, linger=True)

    def _read_head(self) -> bytes:
        """Request line, headers and blank line, or nothing when the client has finished. Raises Unreadable."""
        buffer, start = self._buffer, 0
        while True:
            while buffer.startswith((b"\r\n", b"\n")):  # some clients send a line end after a body
                del buffer[: buffer.index(b"\n") + 1]
                start = 0
            end = _HEAD_END.search(buffer, start)
            if (end.end() if end else len(buffer)) > self._application.max_head:
                raise Unreadable("head_too_large")
            if end:
                break
            # A TLS client that talks to a plain port waits for an answer and would never send a line.
            if buffer and buffer != b"\r" and not _FIRST_BYTE.match(buffer):
                raise Unreadable("head")
            start = max(0, len(buffer) - 3)
            data = self._sock.recv(_PIECE)
            if not data:
                return b""
            buffer += data
        raw = bytes(buffer[: end.end()])
        del buffer[: end.end()]
        return raw

    def _read_request(self, head: Head) -> tuple[Request, bool]:
        """Read the body. The second value says whether the next request can be found after it."""
        if head.expects:
            self._sock.sendall(_CONTINUE)
        problem: str | None = None
        body, whole, keep = b"", True, self._application.max_body
        if head.length is None:
            chunks = self._read_chunks(keep)
            body, length, problem = bytes(chunks.body), chunks.length, chunks.problem
            whole = problem is None
        elif (length := head.length) <= keep:
            body = self._read_bytes(length)
        else:
            self._skip_bytes(length)
        if length > keep:
            body, problem = b"", "too_large"
        request = Request(head.method, head.target, head.headers, body, problem=problem, length=length)
        request.shared = head.again
        if head.path is not head.target:  # http://host/path?query
            request.path = head.path.partition("?")[0]
        return request, whole

    def _read_bytes(self, length: int) -> bytes:
        buffer = self._buffer
        if length <= len(buffer):
            body = bytes(buffer[:length])
            del buffer[:length]
            return body
        whole = bytearray(buffer)
        buffer.clear()
        while len(whole) < length:
            whole += self._more(min(length - len(whole), _BIG_PIECE))
        return bytes(whole)

    def _skip_bytes(self, length: int) -> None:
        here = min(length, len(self._buffer))
        del self._buffer[:here]
        missing = length - here
        while missing:
            missing -= len(self._more(min(missing, _BIG_PIECE)))

    def _read_chunks(self, keep: int) -> Chunks:
        chunks = Chunks(keep, self._application.max_head)
        piece = bytes(self._buffer)
        self._buffer.clear()
        while True:
            if piece:
                chunks.feed(piece)
            if chunks.done or chunks.problem is not None:
                self._buffer += chunks.rest
                return chunks
            piece = self._more(_PIECE)

    def _more(self, limit: int) -> bytes:
        data = self._sock.recv(limit)
        if not data:
            raise _Gone
        return data

    # ------------------------------------------------------------------ one reply

    def _send(self, reply: Reply, request: Head | None, *, closes: bool, linger: bool = False) -> bool:
        """Send a reply, or break it off where it asks for that. False: the connection is at its end."""
        if reply.delay > 0 and self._stopping.wait(reply.delay):
            return False
        if reply.transport == "reset":
            return self._reset()
        framed = frame(reply, request, closes, self._application.close_header, self._application.close_before)
        self._answering = True
        if reply.transport == "truncate":
            return self._truncate(framed)
        if len(framed.body) < _JOIN_BELOW:
            self._sock.sendall(framed.head + framed.lead + framed.body + framed.tail)
        else:
            self._sock.sendall(framed.head + framed.lead)
            self._sock.sendall(framed.body)
            if framed.tail:
                self._sock.sendall(framed.tail)
        if not framed.closes:
            return True
        return self._linger() if linger or self._buffer else self._end()

    def _reset(self) -> bool:
        """The next close is an RST. Nothing may be said before it, not even that TLS ends."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        return False

    def _truncate(self, framed: Framed) -> bool:
        """The head promises the whole body, half of it comes. Without a body it stops in the status line: half a head
        passes with many clients for a reply that has fewer headers."""
        if framed.body:
            self._sock.sendall(framed.head + framed.lead + framed.body[: len(framed.body) // 2])
        else:
            self._sock.sendall(framed.head[: len(b"HTTP/1")])
        return False

    # ------------------------------------------------------------------ beginning and end

    def _secure(self, context: ssl.SSLContext) -> None:
        """The TLS handshake. In this thread, so that a slow one holds up nobody. Raises OSError."""
        # wrap_socket() detaches the plain socket; the handshake is apart from it, so that ``shut`` finds the new one.
        self._sock = context.wrap_socket(self._sock, server_side=True, do_handshake_on_connect=False)
        if not self._stopping.is_set():  # else ``shut`` may have come while the socket was neither one
            self._sock.do_handshake()

    def _end(self) -> bool:
        """Say that nothing more comes, so that a TLS client can tell it from a cut line."""
        if self._ssl_context is not None:
            self._sock.setblocking(False)  # say it, do not wait for the answer
            with contextlib.suppress(OSError, ValueError):
                self._sock.unwrap()  # type: ignore[attr-defined]
        return False

    def _linger(self) -> bool:
        """End, but take what the client still sends: closing on unread bytes is an RST that can eat the reply."""
        self._end()
        self._sock.shutdown(socket.SHUT_WR)
        deadline = patience() + _PATIENCE
        while (left := deadline - patience()) > 0:
            self._sock.settimeout(left)
            if not self._sock.recv(_PIECE):
                break
        return False
