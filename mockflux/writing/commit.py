"""One batch, from its bytes to the bucket."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mockflux.lineprotocol import BadLine, Line
from mockflux.reasons import Verdict
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing.judge import judge
from mockflux.writing.quoting import Show, as_sent, rendered_or_nth
from mockflux.writing.rules import ENDLESS, Room, WriteRules
from mockflux.writing.timing import Timing


def parse(body: bytes, grammar: str, multiplier: int) -> list[Line | BadLine]:
    """The lines of a body by the grammar of that name (a module of :mod:`mockflux.lineprotocol`)."""
    lines: list[Line | BadLine] = _grammar(grammar).parse(body, multiplier)
    return lines


def write(
    body: bytes,
    timing: Timing,
    data: BucketData,
    rules: WriteRules,
    storage: StorageRules,
    room: Room = ENDLESS,
) -> Verdict:
    """Parse a body, judge its points and store those that may be stored, in one step for any reader.

    Rejections come without text; the profile words them.
    """
    lines = parse(body, rules.grammar, timing.multiplier)
    show: Show = as_sent
    if rules.quotes == "rendered_or_nth":
        show = rendered_or_nth(body, _grammar(rules.grammar).rendered)
    with data.lock:
        judgement = judge(lines, timing, data, rules, storage, room, show)
        if judgement.fit:
            data.commit(judgement.fit)
        for line, time, keys in judgement.left:
            data.register_types(line, time, keys)
    return Verdict(len(judgement.fit), tuple(judgement.rejections), tuple(judgement.dropped))


def _grammar(name: str) -> ModuleType:
    return import_module(f"mockflux.lineprotocol.{name}")
