"""What came back from a server, and the raw connection that shows what client libraries hide."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass, field


@dataclass
class Answer:
    """One reply as it came: headers in order, chunks of the body joined. ``interim`` are the replies before it
    (``100 Continue``). ``broken``: the connection was reset, or ended in the middle (``truncated``; then there is what
    came until then). ``closed``: it was closed after the reply, None where the way cannot tell."""

    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    interim: tuple[str, ...] = ()
    closed: bool | None = None
    broken: str | None = None


class Broken(Exception):
    """The connection ended before the reply did; ``how`` as in :class:`Answer`."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Connection:
    """A raw HTTP/1.1 connection for one exchange, within TLS where there is a ``context`` for it.

    Raises OSError where nobody can be reached, also for a certificate that does not hold.
    """

    def __init__(self, host: str, port: int, timeout: float = 20.0, context: ssl.SSLContext | None = None) -> None:
        self._sock = socket.create_connection((host, port), timeout=timeout)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            try:
                self._sock = context.wrap_socket(self._sock, server_hostname=host)
            except BaseException:
                self._sock.close()
                raise
        self._buffer = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def exchange(self, raw: bytes, method: str, closes: bool) -> Answer:
        """Send the bytes and read one reply. ``closes``: a close after it is expected, so wait for it a little."""
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError, ssl.SSLEOFError
        ):  # it may answer before it has read all
            self._sock.sendall(raw)
        answer = Answer()
        try:
            self._read(answer, method)
        except Broken as end:
            answer.broken = end.how
            return answer
        answer.closed = self._is_closed(1.0 if closes else 0.002)
        return answer

    def _read(self, answer: Answer, method: str) -> None:
        while True:
            version, _, rest = self._line().partition(" ")
            if not version.startswith("HTTP/1."):
                raise ValueError(f"no HTTP: {version!r}")
            status, _, answer.reason = rest.partition(" ")
            answer.status, answer.headers = int(status), []
            while line := self._line():
                name, _, value = line.partition(":")
                answer.headers.append((name, value.removeprefix(" ")))
            if answer.status >= 200:
                break
            answer.interim += (f"{answer.status} {answer.reason}",)
        low = {name.lower(): value for name, value in answer.headers}
        if method == "HEAD" or answer.status in (204, 304):
            return
        if "chunked" in low.get("transfer-encoding", ""):
            self._read_chunks(answer)
        elif "content-length" in low:
            length = int(low["content-length"])
            while len(self._buffer) < length:
                answer.body = self._buffer
                self._more()
            answer.body, self._buffer = self._buffer[:length], self._buffer[length:]
        else:
            with contextlib.suppress(Broken):
                while True:
                    self._more()
            answer.body, self._buffer = self._buffer, b""

    def _read_chunks(self, answer: Answer) -> None:
        while True:
            size = int(self._line().partition(";")[0], 16)
            while len(self._buffer) < size + 2:
                self._more()
            answer.body += self._buffer[:size]
            self._buffer = self._buffer[size + 2 :]
            if size == 0:
                return

    def _line(self) -> str:
        while b"\r\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode("utf-8", "surrogateescape")

    def _more(self) -> None:
        try:
            data = self._sock.recv(65536)
        except ConnectionResetError:
            raise Broken("reset") from None
        except ssl.SSLEOFError:  # it ended without TLS's own good-bye
            data = b""
        if not data:
            raise Broken("truncated")
        self._buffer += data

    def _is_closed(self, patience: float) -> bool:
        if self._buffer:
            return False
        self._sock.settimeout(patience)
        try:
            return self._sock.recv(1) == b""  # the exchange is over: what comes now is not asked for
        except TimeoutError:
            return False
        except ssl.SSLEOFError:
            return True
        except ConnectionResetError:
            return True
