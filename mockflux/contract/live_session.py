"""A live server while one vector is played."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockflux.contract.answer import Answer
from mockflux.contract.live_making import Making, NotPlayable
from mockflux.contract.live_reader import READERS, Reader
from mockflux.contract.targets import OWN
from mockflux.contract.vector import StoredPoint
from mockflux.reply import Header

if TYPE_CHECKING:
    from mockflux.contract.live import Live

#: By how much (ns) the clocks of two machines may differ that are set by the same time.
SLACK = 1_000_000_000


class LiveSession:
    """A live server with the set-up of one vector; see :class:`mockflux.contract.targets.Session`."""

    def __init__(self, live: Live, making: Making) -> None:
        self._live, self._making = live, making
        self.name = live.shared or live.fresh()
        self._targets = [self.name]
        self._known = dict(live.known)
        self._asked = False
        rules = live.rules
        reader = READERS.get(rules.reader) if live.shared is None else None
        self._reader: Reader | None = reader(live.wire, rules, live.authorization) if reader else None

    @property
    def known(self) -> Mapping[str, str]:
        return self._known

    def prepare(self, setup: Mapping[str, Any]) -> None:
        """Make the vector's own target and what else it needs. Raises NotPlayable."""
        live, making = self._live, self._making
        if live.shared is None:
            making.target(self.name)
        else:
            making.there(self.name)  # for its id
        self._known |= {"bucket": self.name, "database": self.name}
        if self.name in making.ids:
            self._known["bucket_id"] = making.ids[self.name]
        for entry in (*setup.get("buckets", ()), *setup.get("databases", ())):
            making.target(entry["name"], entry.get("retention", 0))
            self._targets.append(entry["name"])
            if entry["name"] in making.ids:
                self._known[f"bucket_id.{entry['name']}"] = making.ids[entry["name"]]
        for entry in setup.get("tokens", ()):
            read, write = ([self._own(name) for name in entry.get(right, ())] for right in ("read", "write"))
            self._known[f"token.{entry['name']}"] = making.token(read, write, entry.get("status", "active"))
        for entry in setup.get("mappings", ()):
            making.mapping(
                self._own(entry["bucket"]), self._own(entry["database"]), entry["retention_policy"],
                default=entry.get("default", False),
            )  # fmt: skip
        for entry in setup.get("points", ()):
            making.write(self._own(entry.get("bucket")), entry["lines"])

    def _own(self, name: str | None) -> str:
        return self.name if name is None or name in OWN else name

    # ---------------------------------------------------------------- what play asks

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool) -> Answer:
        answer = self._live.wire.send(method, target, headers, body, closes=closes)
        if answer.status == 0:
            self._live.wire.see_that_it_answers()
        if method == "POST" and 200 <= answer.status < 300:
            self._making.wrote(target)
        self._making.adopt(method, target, answer)
        self._live.note(f"{method} {target}\n\n{body[:65536].decode('utf-8', 'replace')}", answer.status)
        return answer

    def send_raw(self, raw: bytes, *, closes: bool) -> Answer:
        answer = self._live.wire.send_raw(raw, closes=closes)
        if answer.status == 0:
            self._live.wire.see_that_it_answers()
        self._live.note(raw[:65536].decode("utf-8", "replace"), answer.status)
        return answer

    def said(self) -> tuple[str, str] | None:
        return None

    def stored(self) -> list[StoredPoint] | None:
        if self._reader is None:
            return None
        return [point for name in self._targets for point in self._reader.points(name)]

    def logged(self) -> list[StoredPoint] | None:
        return None

    def now(self) -> int:
        """The server's time; first a little before it and then a little after, as exact as clocks agree."""
        slack = SLACK if self._asked else -SLACK
        self._asked = True
        return time.time_ns() + self._live.skew + slack

    def advance(self, seconds: float) -> None:
        raise NotPlayable("the clock of a live server cannot be moved")

    def settle(self) -> None:
        return

    def leftover(self) -> list[str]:
        return []
