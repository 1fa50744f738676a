"""One request and its reply, as the journal keeps it: credentials masked, too much of it cut."""

from __future__ import annotations

from copy import copy
from itertools import accumulate, chain
from sys import getsizeof
from typing import TYPE_CHECKING, NamedTuple

from mockflux import masking
from mockflux.masking import Secrets, mask_header, no_secrets, without_secrets
from mockflux.reasons import Verdict
from mockflux.rejections import weights, within
from mockflux.reply import Header, Reply
from mockflux.request import Request

if TYPE_CHECKING:
    from mockflux.faults import Fault
    from mockflux.profile.evidence import Evidence

#: Bytes that an exchange takes beside its texts and bodies, and a header beside its own, roughly.
_OVERHEAD, _HEADER_OVERHEAD = 1_000, 160
#: Bytes that a place in a list takes.
_SLOT = 8


class Cut(NamedTuple):
    """What a journal does not keep of an exchange greater than the journal: the last so many bytes of the request's
    body and of the reply's, the last so many rejected and dropped points of its verdict, the last so many headers of
    the request."""

    body: int = 0
    reply: int = 0
    rejected: int = 0
    dropped: int = 0
    headers: int = 0


_WHOLE = Cut()


class Exchange:
    """One request and its reply.

    ``number`` counts from 1 and is never given twice; ``time`` is the world's, in ns; ``door`` is the API family
    through which the request came. ``clause`` names the rule of the profile that produced the reply and ``source``
    says where that rule comes from. ``verdict`` is what judging a write found, None for other requests. ``simulated``
    is False for a request that a real server would answer and mockflux does not. ``fault`` is the planned fault that
    befell it. ``error`` is the traceback of an unexpected exception. ``hint`` tells a near miss: what there is instead
    of what was asked for, ``lacking`` what is not simulated of a path that is. ``size`` is the number of bytes that the
    journal counts for it, once it is in the journal, and ``cut`` says what of it was too much to keep.

    Credentials are masked, and so are the world's tokens and passwords wherever they turn up in the request's head,
    in ``hint`` and in ``error``. Bodies, ``reply`` and ``verdict`` are as they were sent.
    """

    __slots__ = (
        "_error",
        "_hint",
        "_request",
        "_secrets",
        "cut",
        "door",
        "evidence",
        "fault",
        "lacking",
        "number",
        "reply",
        "simulated",
        "size",
        "time",
        "verdict",
    )  # fmt: skip

    def __init__(self, number: int, request: Request, now: int, secrets: Secrets = no_secrets) -> None:
        self.number = number
        self._request = request
        self._secrets = secrets
        self.time = now
        self.door = "other"
        self.reply: Reply | None = None
        self.evidence: Evidence | None = None
        self.verdict: Verdict | None = None
        self.fault: Fault | None = None
        self.simulated = True
        self.lacking = ""
        self._error: str | None = None
        self._hint = ""
        self.size = 0
        self.cut = _WHOLE

    @property
    def request(self) -> Request:
        """The request, credentials masked."""
        sent = self._request
        masked = Request(self.method, self._target(), self.headers, sent.body, problem=sent.problem, length=sent.length)
        masked.path = self.path
        return masked

    @property
    def method(self) -> str:
        """The request's method; ``…`` if it does not look like one."""
        return self.without_secrets(masking.mask_request_line(self._request.method, "")[0])

    @property
    def path(self) -> str:
        """The request's path, without the query."""
        return self._masked(self._request.path)

    def _target(self) -> str:
        return self._masked(self._request.target)

    def _masked(self, target: str) -> str:
        masked = masking.mask_request_line(self._request.method, target)[1]
        return masking.target_without_secrets(masked, self._secrets())

    @property
    def headers(self) -> list[Header]:
        """The request's headers, credentials masked."""
        secrets = list(self._secrets())
        masked = [mask_header(header) for header in self._request.headers]
        return [(without_secrets(name, secrets), without_secrets(value, secrets)) for name, value in masked]

    @property
    def body(self) -> bytes:
        """The request's body as sent (still compressed, if it was)."""
        return self._request.body

    @property
    def status(self) -> int | None:
        """The reply's status; None while there is none, and where a planned fault sent nothing."""
        return (self.reply.status or None) if self.reply else None

    @property
    def clause(self) -> str:
        """The clause of the profile that said the reply."""
        return self.reply.clause if self.reply else ""

    @property
    def source(self) -> str:
        """Where the clause comes from and how well it is known."""
        return str(self.evidence) if self.evidence else ""

    @property
    def hint(self) -> str:
        """What there is instead of what was asked for; empty where there is nothing to say."""
        return self.without_secrets(self._hint) if self._hint else ""

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint

    @property
    def error(self) -> str | None:
        """The traceback of an unexpected exception; None if all went well."""
        return self.without_secrets(self._error) if self._error else None

    @error.setter
    def error(self, error: str | None) -> None:
        self._error = error

    @property
    def rejected(self) -> int:
        """How many points were rejected, whether the journal keeps them or not."""
        return len(self.verdict.rejections) + self.cut.rejected if self.verdict else 0

    @property
    def dropped(self) -> int:
        """How many points were dropped without a word, whether the journal keeps them or not."""
        return len(self.verdict.dropped) + self.cut.dropped if self.verdict else 0

    def without_secrets(self, text: str) -> str:
        """A text in which the tokens and passwords of the exchange's world are masked."""
        return without_secrets(text, self._secrets())

    def line(self) -> str:
        """The exchange in one line: request, status, clause, what was stored."""
        parts = [f"{self.number}.", self.method, self._target(), f"{self._request.length} B", "->"]
        parts.append(str(self.status) if self.status else "no answer")
        if self.clause:
            parts.append(f"[{self.clause}]")
        if self.verdict:
            parts.append(f"{self.verdict.accepted} accepted, {self.rejected} rejected")
        if self.fault:
            parts.append("(planned fault)")
        if not self.simulated:
            parts.append(f"NOT SIMULATED: {self.without_secrets(self.lacking)}" if self.lacking else "NOT SIMULATED")
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"<Exchange {self.line()}>"

    # ---------------------------------------------------------------- for the journal

    def weigh(self) -> int:
        """Bytes of memory that it takes, roughly."""
        self._request.at_rest()
        sent, reply, verdict = self._request, self.reply, self.verdict
        # The target counts twice: path and query are copies.
        size = _OVERHEAD + len(sent.method) + 2 * len(sent.target) + len(sent.body)
        if not sent.shared:
            size += _weight_of(sent.headers)
        if reply is not None:
            size += _SLOT * len(reply.headers) if reply.shared else len(reply.body) + _weight_of(reply.headers)
        if self._hint or self._error:
            size += getsizeof(self._hint) + getsizeof(self._error)
        if verdict is not None and (verdict.rejections or verdict.dropped):
            size += sum(weights(verdict.rejections)) + sum(weights(verdict.dropped))
        return size

    def cut_to(self, room: int) -> None:
        """Keep its head, and of the rest the beginning, so that it takes no more than ``room`` bytes.

        What somebody else may hold is not altered: the reply is cut before it is sent.
        """
        whole, reply, verdict = self._request, self.reply, self.verdict or Verdict(0)
        sent = self._request = _with(whole, _within(whole.headers, room // 4), whole.body)
        reply_body = reply.body if reply else b""
        self._error = self._error and self._error[-(room // 16) :]  # what went wrong stands at its end
        self._hint = self._hint[: room // 16]
        bulk = len(sent.body) + len(reply_body) + sum(weights(verdict.rejections)) + sum(weights(verdict.dropped))
        left = max(0, room - (self.weigh() - bulk))
        kept = Verdict(verdict.accepted, within(verdict.rejections, left // 4), within(verdict.dropped, left // 4))
        left -= sum(weights(kept.rejections)) + sum(weights(kept.dropped))
        kept_reply = reply_body[: left // 2]
        kept_body = sent.body[: left - len(kept_reply)]
        self.cut = Cut(
            self.cut.body + len(sent.body) - len(kept_body),
            self.cut.reply + len(reply_body) - len(kept_reply),
            self.cut.rejected + len(verdict.rejections) - len(kept.rejections),
            self.cut.dropped + len(verdict.dropped) - len(kept.dropped),
            self.cut.headers + len(whole.headers) - len(sent.headers),
        )
        self.verdict = kept if self.verdict else None
        self._request = _with(sent, sent.headers, kept_body)
        if reply is not None:
            self.reply = copy(reply)
            self.reply.body = kept_reply
        self.size = self.weigh()


def _weight_of(headers: list[Header]) -> int:
    return _HEADER_OVERHEAD * len(headers) + sum(map(len, chain.from_iterable(headers)))


def _within(headers: list[Header], room: int) -> list[Header]:
    """The first headers that together weigh no more than ``room``."""
    weights = accumulate(_HEADER_OVERHEAD + len(name) + len(value) for name, value in headers)
    return headers[: sum(1 for weight in weights if weight <= room)]


def _with(request: Request, headers: list[Header], body: bytes) -> Request:
    other = copy(request)
    other.headers, other.body, other.shared = headers, body, False
    return other
