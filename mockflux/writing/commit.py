"""One batch, from its bytes to the bucket: in one step, or accepted now and stored later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from mockflux.lineprotocol import BadLine, Line
from mockflux.reasons import Verdict
from mockflux.storage.rules import StorageRules
from mockflux.storage.table import BucketData
from mockflux.writing import byshard, quick
from mockflux.writing.judge import Judgement, judge, points_in
from mockflux.writing.quoting import Show, as_sent, rendered_or_nth
from mockflux.writing.rules import ENDLESS, Room, WriteRules, endless
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
    room: Callable[[], Room] = endless,
) -> Verdict:
    """Parse a body, judge its points and store those that may be stored, in one step for any reader.

    Rejections come without text; the profile words them. ``room`` is asked only if something has to be judged.
    """
    grammar = _grammar(rules.grammar)
    with data.lock:
        points = quick.store(body, timing, data, rules, storage, room, grammar)
    if points is not None:
        return Verdict(points, (), ())
    lines = parse(body, rules.grammar, timing.multiplier)
    show: Show = as_sent
    if rules.quotes == "rendered_or_nth":
        show = rendered_or_nth(body, grammar.rendered)
    return store(lines, timing, data, rules, storage, room(), show)


def accept(
    body: bytes, timing: Timing, data: BucketData, rules: WriteRules, storage: StorageRules
) -> tuple[Verdict, list[Line]]:
    """Parse a body and judge its points as far as that is done before the reply: the verdict, and the lines (with those
    of their fields) that are to be stored later, by :func:`store` and the rules for that. Nothing is stored here."""
    with data.lock:
        judgement = judge(parse(body, rules.grammar, timing.multiplier), timing, data, rules.before_reply(), storage)
    return _verdict(judgement, rules), [line for line, _ in judgement.fit]


def store(
    lines: Sequence[Line | BadLine],
    timing: Timing,
    data: BucketData,
    rules: WriteRules,
    storage: StorageRules,
    room: Room = ENDLESS,
    show: Show = as_sent,
) -> Verdict:
    """Judge lines and store those that may be stored, in one step for any reader."""
    with data.lock:
        judging = byshard.judge if rules.order == "shard" else judge
        judgement = judging(lines, timing, data, rules, storage, room, show)
        data.open_shards(judgement.opened)
        if judgement.fit:
            data.commit(judgement.fit)
        for line, time, keys in judgement.left:
            data.register_types(line, time, keys)
            if storage.leaves == "series":
                data.register_series((line.measurement, line.tags))
    return _verdict(judgement, rules)


def _verdict(judgement: Judgement, rules: WriteRules) -> Verdict:
    return Verdict(points_in(judgement.fit, rules), judgement.rejections or (), judgement.dropped or (), judgement.says)


@cache
def _grammar(name: str) -> ModuleType:
    return import_module(f"mockflux.lineprotocol.{name}")
