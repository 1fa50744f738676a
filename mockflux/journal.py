"""The journal: what was asked, what was answered, and by which rule. Bounded by bytes."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, overload

from mockflux.clock import patience
from mockflux.exchange import Cut as Cut
from mockflux.exchange import Exchange as Exchange
from mockflux.masking import Secrets, no_secrets

if TYPE_CHECKING:
    from mockflux.profile.evidence import Evidence
    from mockflux.reply import Reply
    from mockflux.request import Request

#: Bytes that a journal keeps before it forgets its oldest exchanges.
KEPT_BYTES = 16 * 2**20
#: How many kinds of requests that are not simulated are told apart, and how many characters of each are kept.
_KINDS, _CHARACTERS = 1_000, 200
#: What stands for all further ones.
_OTHERS = "…"
#: How many exchanges with an error are kept beyond the bound, each cut to this part of it.
_ERRORS, _ERROR_PART = 20, 64


class Notes:
    """What outlives forgetting: how many requests a journal has seen, which were not simulated, which went wrong.

    Small and a thing of its own, so that one can keep it and let the journal go.
    """

    def __init__(self) -> None:
        #: Requests answered so far.
        self.total = 0
        self._not_simulated: dict[str, int] = {}
        self._errors: deque[Exchange] = deque(maxlen=_ERRORS)
        self._lock = threading.Lock()

    def take(self, exchange: Exchange) -> None:
        """Note what is to be noted of an exchange."""
        if not exchange.simulated:
            what = f"{exchange.method} {exchange.path}"
            if exchange.lacking:
                what += f": {exchange.without_secrets(exchange.lacking)}"
            with self._lock:
                self._count(what if len(what) <= _CHARACTERS else f"{what[:_CHARACTERS]}…")
        if exchange.error:
            with self._lock:
                self._errors.append(exchange)

    def _count(self, what: str) -> None:
        if what not in self._not_simulated and len(self._not_simulated) >= _KINDS:
            what = _OTHERS
        self._not_simulated[what] = self._not_simulated.get(what, 0) + 1

    def not_simulated(self) -> dict[str, int]:
        """Requests that a real server answers and mockflux does not, with how often they came.

        Of more than a thousand different ones the further ones are counted together, as ``…``.
        """
        with self._lock:
            return dict(self._not_simulated)

    def errors(self) -> list[Exchange]:
        """The last exchanges in which mockflux met an unexpected exception of its own."""
        with self._lock:
            return list(self._errors)


class Journal:
    """The exchanges of one world, oldest first. Safe between threads.

    Iterate over it, index it, ask for its length. When more than ``kept_bytes`` are in it, the oldest exchanges are
    forgotten; ``total`` still counts them, ``forgotten`` tells how many. One that is greater by itself is cut: its head
    stays, with the beginning of the rest. Those that were not simulated or met an unexpected exception are noted
    apart, so that forgetting never hides them.

    ``on_close``, if set, is called with each exchange once it is in the journal and before its reply is sent, in the
    thread of its request. The client gets its answer even if it raises: the first exception goes to
    ``threading.excepthook`` (which prints it; pytest shows it as a warning), as of a thread that nobody waits for.

    ``secrets`` gives the tokens and passwords that must not be shown; it is asked whenever an exchange is looked at.
    """

    def __init__(
        self,
        kept_bytes: int = KEPT_BYTES,
        *,
        on_close: Callable[[Exchange], object] | None = None,
        secrets: Secrets = no_secrets,
    ) -> None:
        self.kept_bytes = kept_bytes
        self.on_close = on_close
        self.secrets = secrets
        #: What outlives forgetting.
        self.notes = Notes()
        #: How many exchanges are no longer in the journal.
        self.forgotten = 0
        self._bytes = 0
        self._opened = 0
        self._exchanges: deque[Exchange] = deque()
        self._changed = threading.Condition()
        self._waiting = 0
        self._complained = False

    @property
    def total(self) -> int:
        """Requests answered since the start or the last reset."""
        return self.notes.total

    def open(self, request: Request, now: int) -> Exchange:
        """An exchange for a request that has just come in; it is in the journal once it is closed."""
        with self._changed:
            self._opened += 1
            return Exchange(self._opened, request, now, self.secrets)

    def close(self, exchange: Exchange, reply: Reply, evidence: Evidence | None) -> None:
        """Enter an exchange with its reply, forget the oldest ones beyond the bound, tell those who wait.

        The journal that opened an exchange closes it, even if a reset has put another in its place meanwhile.
        """
        exchange.reply, exchange.evidence = reply, evidence
        size = exchange.size = exchange.weigh()
        if size > self.kept_bytes:
            exchange.cut_to(self.kept_bytes)
        if not exchange.simulated or exchange.error:
            self.notes.take(exchange)
        with self._changed:
            self.notes.total += 1
            self._exchanges.append(exchange)
            self._bytes += exchange.size
            while self._bytes > self.kept_bytes and len(self._exchanges) > 1:
                self._forget(self._exchanges.popleft())
            if self._waiting:
                self._changed.notify_all()
        if self.on_close is not None:
            self._tell(self.on_close, exchange)

    def _forget(self, exchange: Exchange) -> None:
        self._bytes -= exchange.size
        self.forgotten += 1
        if exchange.error and exchange.size > self.kept_bytes // _ERROR_PART:
            exchange.cut_to(self.kept_bytes // _ERROR_PART)

    def _tell(self, on_close: Callable[[Exchange], object], exchange: Exchange) -> None:
        try:
            on_close(exchange)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # pytest.fail() raises one that is no Exception
            if not self._complained:
                self._complained = True
                with contextlib.suppress(Exception):
                    threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def wait(self, reached: Callable[[], bool], timeout: float) -> bool:
        """Wait until ``reached()``, asked anew after each exchange, for at most ``timeout`` seconds of real time.

        It is asked at least every 50 ms, so that what becomes true without a request is seen too.
        """
        deadline = patience() + timeout
        with self._changed:
            self._waiting += 1
        try:
            while not reached():
                left = deadline - patience()
                if left <= 0:
                    return False
                with self._changed:
                    self._changed.wait(min(left, 0.05))
            return True
        finally:
            with self._changed:
                self._waiting -= 1

    def not_simulated(self) -> dict[str, int]:
        """Requests that a real server answers and mockflux does not, with how often they came.

        Of more than a thousand different ones the further ones are counted together, as ``…``.
        """
        return self.notes.not_simulated()

    def errors(self) -> list[Exchange]:
        """The last exchanges in which mockflux met an unexpected exception of its own."""
        return self.notes.errors()

    def __iter__(self) -> Iterator[Exchange]:
        with self._changed:
            return iter(list(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...

    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        with self._changed:
            return list(self._exchanges)[index]

    def __repr__(self) -> str:
        return f"<Journal of {self.total} exchanges>"
