"""The journal: what was asked, what was answered, and by which rule. Bounded by bytes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mockflux.masking import mask_header, mask_target
from mockflux.reply import Header, Reply
from mockflux.request import Request

if TYPE_CHECKING:
    from mockflux.faults import Fault
    from mockflux.profile.evidence import Evidence
    from mockflux.reasons import Verdict

#: Bytes that a journal keeps before it forgets its oldest exchanges.
KEPT_BYTES = 16 * 2**20
#: Bytes that an exchange takes beside its texts and bodies, roughly.
_OVERHEAD = 2_000


class Exchange:
    """One request and its reply.

    ``number`` counts from 1 and is never given twice; ``time`` is the world's, in ns; ``door`` is the API family
    through which the request came. ``clause`` names the rule of the profile that produced the reply and ``source``
    says where that rule comes from. ``verdict`` is what judging a write found, None for other requests. ``simulated``
    is False for a request that a real server would answer and mockflux does not. ``fault`` is the planned fault that
    befell it. ``error`` is the traceback of an unexpected exception. ``hint`` tells a near miss: what there is instead
    of what was asked for. Credentials are masked.
    """

    __slots__ = ("_request", "door", "error", "evidence", "fault", "hint", "number", "reply", "simulated", "time",
                 "verdict")  # fmt: skip

    def __init__(self, number: int, request: Request, now: int) -> None:
        self.number = number
        self._request = request
        self.time = now
        self.door = "other"
        self.reply: Reply | None = None
        self.evidence: Evidence | None = None
        self.verdict: Verdict | None = None
        self.fault: Fault | None = None
        self.simulated = True
        self.error: str | None = None
        self.hint = ""

    @property
    def request(self) -> Request:
        """The request, credentials masked."""
        sent = self._request
        return Request(
            sent.method, mask_target(sent.target), self.headers, sent.body, problem=sent.problem, length=sent.length
        )

    @property
    def method(self) -> str:
        """The request's method."""
        return self._request.method

    @property
    def path(self) -> str:
        """The request's path, without the query."""
        return self._request.path

    @property
    def headers(self) -> list[Header]:
        """The request's headers, credentials masked."""
        return [mask_header(header) for header in self._request.headers]

    @property
    def body(self) -> bytes:
        """The request's body as sent (still compressed, if it was)."""
        return self._request.body

    @property
    def status(self) -> int | None:
        """The reply's status; None while there is none."""
        return self.reply.status if self.reply else None

    @property
    def clause(self) -> str:
        """The clause of the profile that said the reply."""
        return self.reply.clause if self.reply else ""

    @property
    def source(self) -> str:
        """Where the clause comes from and how well it is known."""
        return str(self.evidence) if self.evidence else ""

    @property
    def size(self) -> int:
        """Bytes that the journal counts for it: heads, bodies and rejected lines."""
        sent = self._request
        size = _OVERHEAD + len(sent.target) + len(sent.body) + (len(self.reply.body) if self.reply else 0)
        size += sum([len(name) + len(value) for name, value in sent.headers])
        if self.verdict and self.verdict.rejections:
            size += sum([len(rejection.line) + len(rejection.text) for rejection in self.verdict.rejections])
        return size

    def line(self) -> str:
        """The exchange in one line: request, status, clause, what was stored."""
        parts = [f"{self.number}.", self.method, mask_target(self._request.target), f"{self._request.length} B", "->"]
        parts.append(str(self.status) if self.status else "no answer")
        if self.clause:
            parts.append(f"[{self.clause}]")
        if self.verdict:
            parts.append(f"{self.verdict.accepted} accepted, {len(self.verdict.rejections)} rejected")
        if self.fault:
            parts.append("(planned fault)")
        if not self.simulated:
            parts.append("NOT SIMULATED")
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"<Exchange {self.line()}>"


class Journal:
    """The exchanges of one world, oldest first. Safe between threads.

    Iterate over it, index it, ask for its length. When more than ``kept_bytes`` are in it, the oldest exchanges are
    forgotten; ``total`` still counts them, ``forgotten`` tells how many. Those that were not simulated or met an
    unexpected exception are noted apart, so that forgetting never hides them.

    ``on_close``, if set, is called with each exchange once it is in the journal and before its reply is sent, in the
    thread of its request; it must not raise.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES, *, on_close: Callable[[Exchange], object] | None = None) -> None:
        self.kept_bytes = kept_bytes
        self.on_close = on_close
        #: Requests answered since the start or the last reset.
        self.total = 0
        #: How many of them are no longer in the journal.
        self.forgotten = 0
        self._bytes = 0
        self._opened = 0
        self._exchanges: deque[Exchange] = deque()
        self._changed = threading.Condition()
        self._waiting = 0
        self._not_simulated: dict[str, int] = {}
        self._errors: deque[Exchange] = deque(maxlen=20)

    def open(self, request: Request, now: int) -> Exchange:
        """An exchange for a request that has just come in; it is in the journal once it is closed."""
        with self._changed:
            self._opened += 1
            return Exchange(self._opened, request, now)

    def close(self, exchange: Exchange, reply: Reply, evidence: Evidence | None) -> None:
        """Enter an exchange with its reply, forget the oldest ones beyond the bound, tell those who wait."""
        exchange.reply, exchange.evidence = reply, evidence
        with self._changed:
            self.total += 1
            self._exchanges.append(exchange)
            self._bytes += exchange.size
            while self._bytes > self.kept_bytes and len(self._exchanges) > 1:
                self._bytes -= self._exchanges.popleft().size
                self.forgotten += 1
            if not exchange.simulated:
                what = f"{exchange.method} {exchange.path}"
                self._not_simulated[what] = self._not_simulated.get(what, 0) + 1
            if exchange.error:
                self._errors.append(exchange)
            if self._waiting:
                self._changed.notify_all()
        if self.on_close is not None:
            self.on_close(exchange)

    def wait(self, reached: Callable[[], bool], timeout: float) -> bool:
        """Wait until ``reached()``, asked anew after each exchange, for at most ``timeout`` seconds.

        It is asked at least every 50 ms, so that what becomes true without a request is seen too.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            self._waiting += 1
        try:
            while not reached():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                with self._changed:
                    self._changed.wait(min(left, 0.05))
            return True
        finally:
            with self._changed:
                self._waiting -= 1

    def not_simulated(self) -> dict[str, int]:
        """Requests that a real server answers and mockflux does not, with how often they came."""
        with self._changed:
            return dict(self._not_simulated)

    def errors(self) -> list[Exchange]:
        """The last exchanges in which mockflux met an unexpected exception of its own."""
        with self._changed:
            return list(self._errors)

    def __iter__(self) -> Iterator[Exchange]:
        with self._changed:
            return iter(list(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def __getitem__(self, index: Any) -> Any:
        with self._changed:
            return list(self._exchanges)[index]

    def __repr__(self) -> str:
        return f"<Journal of {self.total} exchanges>"
