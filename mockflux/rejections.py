"""Rejections by the thousand: those of a batch, and those that a world remembers, bounded by bytes.

A body of bad lines can have millions of rejections, of which few are ever looked at. So a batch holds them as columns,
about 40 bytes each beside lines and reasons, and makes a :class:`mockflux.reasons.Rejection`, in the edition's words,
whenever one is looked at. Who asks something of all of them uses :func:`reasons_of` and :func:`weights`, which make
none.
"""

from __future__ import annotations

import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import accumulate, chain
from operator import eq
from sys import getsizeof
from typing import overload

from mockflux.reasons import Malformed, Reason, Rejection

#: Bytes of rejections that are kept before the oldest are forgotten.
KEPT_BYTES = 16 * 2**20
#: Bytes that a rejection and its reason take beside their texts, roughly.
_OVERHEAD = 350
#: Bytes of a text with the words for a reason, beside what it quotes, and of any other text, roughly.
_WORDS, _TEXT = 20, 50
#: So many are made at once.
_FEW = 100
#: The greatest number of bytes that a character takes.
_WIDEST = 4

#: Gives a rejection its text, its entry and the name of its bucket.
Words = Callable[[Rejection], Rejection]


class Rejections(Sequence[Rejection]):
    """The rejections of one batch, in the order of the body: as a tuple of them, made anew at each look.

    Whoever judges the batch adds to it; once it is handed on it does not change.
    """

    __slots__ = ("_lines", "_numbers", "_reasons", "_shown", "_times", "_words")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self._words: Words | None = None
        self._numbers = array("q")
        self._lines: list[bytes] = []
        self._reasons: list[Reason] = []
        self._times: list[int | None] = []
        self._shown: list[bytes | None] = []

    def add(
        self, number: int, line: bytes, reason: Reason, time: int | None = None, shown: bytes | None = None
    ) -> None:
        """One more, with facts as :class:`mockflux.reasons.Rejection` has them, but for ``line`` and ``shown``, which
        are bytes."""
        self._numbers.append(number)
        self._lines.append(line)
        self._reasons.append(reason)
        self._times.append(time)
        self._shown.append(shown)

    def worded(self, words: Words) -> Rejections:
        """The same, with words for those that are looked at."""
        other = copy(self)
        other._words = words
        return other

    @property
    def reasons(self) -> Sequence[Reason]:
        """The reason of each; do not change it."""
        return self._reasons

    def weights(self) -> Iterator[int]:
        """About :func:`weight` of each; a text that several have in turn is counted with the first of them."""
        line: bytes | None = None
        reason: Reason | None = None
        shown: bytes | None = None
        facts = 0
        for own_line, own_reason, own_shown in zip(self._lines, self._reasons, self._shown, strict=True):
            if own_reason is not reason:
                reason, facts = own_reason, _weight_of_facts(own_reason)
            size = _OVERHEAD + _WORDS + 2 * facts  # as they are, and in words
            if isinstance(reason, Malformed):
                size += len(own_line)  # words for it quote the line
            if own_line is not line:
                line = own_line
                size += _TEXT + len(line)
            if own_shown is not None and own_shown is not shown:
                shown = own_shown
                size += _TEXT + len(shown)
            yield size

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Rejection: ...

    @overload
    def __getitem__(self, place: slice) -> Rejections: ...

    def __getitem__(self, place: int | slice) -> Rejection | Rejections:
        if not isinstance(place, slice):
            place = range(len(self))[place]  # counted from the end, or an IndexError
            return next(iter(self[place : place + 1]))
        part = copy(self)
        for column in ("_numbers", "_lines", "_reasons", "_times", "_shown"):
            setattr(part, column, getattr(self, column)[place])
        return part

    def __iter__(self) -> Iterator[Rejection]:
        raw, line = b"", ""
        columns = zip(self._numbers, self._lines, self._reasons, self._times, self._shown, strict=True)
        for number, own_line, reason, time, own_shown in columns:
            if own_line is not raw:  # several fields of one line share it
                raw, line = own_line, _text(own_line)
            shown = None if own_shown is None else line if own_shown is raw else _text(own_shown)
            made = Rejection(number, line, reason, time=time, shown=shown)
            yield made if self._words is None else self._words(made)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Rejections, tuple, list)):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    def __repr__(self) -> str:
        return repr(tuple(self))


def worded(rejections: Sequence[Rejection], words: Words) -> Sequence[Rejection]:
    """The same rejections, in the words of an edition: a few of them at once, since they will be looked at, many of a
    batch as that is done."""
    if isinstance(rejections, Rejections) and len(rejections) > _FEW:
        return rejections.worded(words)
    return tuple(map(words, rejections))


def reasons_of(rejections: Iterable[Rejection]) -> Iterable[Reason]:
    """The reason of each."""
    return rejections.reasons if isinstance(rejections, Rejections) else (own.reason for own in rejections)


def weights(rejections: Iterable[Rejection]) -> Iterator[int]:
    """The weight of each."""
    return rejections.weights() if isinstance(rejections, Rejections) else map(weight, rejections)


def weight(rejection: Rejection) -> int:
    """Bytes of memory that a rejection takes, roughly: its line, its text, and the texts among its reason's facts."""
    size = _OVERHEAD + getsizeof(rejection.line) + getsizeof(rejection.text)
    if rejection.shown is not None:
        size += getsizeof(rejection.shown)
    return size + _weight_of_facts(rejection.reason)


def _weight_of_facts(reason: Reason) -> int:
    size = 0
    for name in getattr(reason, "__slots__", ()):
        fact = getattr(reason, name)
        if fact.__class__ is str:
            size += getsizeof(fact)
    return size


def within(rejections: Sequence[Rejection], room: int) -> Sequence[Rejection]:
    """The first of them, as many as take no more than ``room`` bytes."""
    fitting = 0
    for taken in accumulate(weights(rejections)):
        if taken > room:
            break
        fitting += 1
    return rejections[:fitting]


class RejectionLog:
    """Rejections, oldest first. Safe between threads.

    Iterate over it, ask for its length. When they take more than ``kept_bytes``, the oldest are forgotten;
    ``forgotten`` tells how many. One that is greater by itself has its texts cut, with a mark that says so.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self.kept_bytes = kept_bytes
        #: How many are no longer in it.
        self.forgotten = 0
        self._parts: deque[Sequence[Rejection]] = deque()
        self._weights: deque[array[int]] = deque()  # of each part
        self._gone = 0  # so many of the first part are forgotten
        self._length = self._bytes = 0
        self._lock = threading.Lock()

    def append(self, rejection: Rejection) -> None:
        """Remember one more."""
        self.extend((rejection,))

    def extend(self, rejections: Iterable[Rejection]) -> None:
        """Remember more, in this order."""
        part = rejections if isinstance(rejections, Rejections) else tuple(rejections)
        if not part:
            return
        sizes = array("q", weights(part))
        with self._lock:
            start = 0
            for place in self._too_great(sizes):
                self._add(part[start:place], sizes[start:place])
                cut = _cut(part[place], self.kept_bytes)
                self._add((cut,), array("q", [weight(cut)]))
                start = place + 1
            self._add(part[start:] if start else part, sizes[start:])

    def _too_great(self, sizes: array[int]) -> list[int]:
        """The places of those that are greater than the log."""
        if max(sizes) <= self.kept_bytes:
            return []
        return [place for place, size in enumerate(sizes) if size > self.kept_bytes]

    def _add(self, part: Sequence[Rejection], sizes: array[int]) -> None:
        if not sizes:
            return
        self._parts.append(part)
        self._weights.append(sizes)
        self._length += len(sizes)
        self._bytes += sum(sizes)
        if self._bytes > self.kept_bytes:
            self._forget()

    def _forget(self) -> None:
        """Forget the oldest, until the rest is within the bound."""
        while self._bytes > self.kept_bytes and self._length > 1:
            self._bytes -= self._weights[0][self._gone]
            self._length -= 1
            self._gone += 1
            self.forgotten += 1
            if self._gone == len(self._weights[0]):
                self._parts.popleft()
                self._weights.popleft()
                self._gone = 0
        if self._gone > len(self._weights[0]) // 2:  # not each time: what is left has to be copied
            self._parts[0], self._weights[0] = self._parts[0][self._gone :], self._weights[0][self._gone :]
            self._gone = 0

    def __iter__(self) -> Iterator[Rejection]:
        with self._lock:
            parts, gone = list(self._parts), self._gone
        if gone:
            parts[0] = parts[0][gone:]
        return chain.from_iterable(parts)

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return f"<RejectionLog of {len(self)} rejections>"


def _cut(rejection: Rejection, room: int) -> Rejection:
    """A rejection that takes no more than ``room`` bytes, of which a thousand or so are needed in any case."""
    reason = rejection.reason
    facts = {name: fact for name in getattr(reason, "__slots__", ()) if isinstance(fact := getattr(reason, name), str)}
    texts = 2 + len(facts)
    characters = max(0, (room - _OVERHEAD) // texts - 256) // _WIDEST
    shortened = {name: _shortened(fact, characters) for name, fact in facts.items()}
    return replace(
        rejection,
        line=_shortened(rejection.line, characters),
        text=_shortened(rejection.text, characters),
        shown=None,
        reason=replace(reason, **shortened),  # type: ignore[type-var]
    )


def _shortened(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}… ({len(text)} characters)"


def _text(raw: bytes) -> str:
    """As :func:`mockflux.lineprotocol.to_text`, which is a floor above."""
    return raw.decode("utf-8", "surrogateescape")
