"""The rejections that a world remembers. Bounded by bytes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from sys import getsizeof
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockflux.reasons import Rejection

#: Bytes of rejections that are kept before the oldest are forgotten.
KEPT_BYTES = 16 * 2**20
#: Bytes that a rejection and its reason take beside their texts, roughly.
_OVERHEAD = 350
#: The greatest number of bytes that a character takes.
_WIDEST = 4


def weight(rejection: Rejection) -> int:
    """Bytes of memory that a rejection takes, roughly: its line, its text, and the texts among its reason's facts."""
    size = _OVERHEAD + getsizeof(rejection.line) + getsizeof(rejection.text)
    if rejection.shown is not None:
        size += getsizeof(rejection.shown)
    reason = rejection.reason
    for name in getattr(reason, "__slots__", ()):
        fact = getattr(reason, name)
        if fact.__class__ is str:
            size += getsizeof(fact)
    return size


def within(rejections: tuple[Rejection, ...], room: int) -> tuple[Rejection, ...]:
    """The first of them, as many as take no more than ``room`` bytes."""
    fitting = 0
    for taken in accumulate(map(weight, rejections)):
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
        self._rejections: deque[Rejection] = deque()
        self._weights: deque[int] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def append(self, rejection: Rejection) -> None:
        """Remember one more."""
        self.extend((rejection,))

    def extend(self, rejections: Iterable[Rejection]) -> None:
        """Remember more, in this order."""
        with self._lock:
            for rejection in rejections:
                self._add(rejection)

    def _add(self, rejection: Rejection) -> None:
        size = weight(rejection)
        if self._rejections and self._rejections[-1].line is rejection.line:
            size -= getsizeof(rejection.line)  # several fields of one line share it
        if size > self.kept_bytes:
            rejection = _cut(rejection, self.kept_bytes)
            size = weight(rejection)
        self._rejections.append(rejection)
        self._weights.append(size)
        self._bytes += size
        while self._bytes > self.kept_bytes and len(self._rejections) > 1:
            self._rejections.popleft()
            self._bytes -= self._weights.popleft()
            self.forgotten += 1

    def __iter__(self) -> Iterator[Rejection]:
        with self._lock:
            return iter(list(self._rejections))

    def __len__(self) -> int:
        return len(self._rejections)

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
