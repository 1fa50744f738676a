"""The write doors: ``/api/v2/write``, ``/write`` and ``/api/v3/write_lp``.

The gate has found bucket, precision and content.
"""

from __future__ import annotations

from functools import partial

from mockflux.http.passage import Passage
from mockflux.outcomes import (
    Accepted,
    CardinalityExceeded,
    Outcome,
    PointsRejected,
    TooManyDatabases,
    WriteEmpty,
)
from mockflux.reasons import Malformed, Verdict
from mockflux.rejections import reasons_of
from mockflux.storage.table import BucketData
from mockflux.writing import commit
from mockflux.writing.judge import alike, deciding, kept, reported
from mockflux.writing.rules import WriteRules
from mockflux.writing.timing import Timing


def write(passage: Passage) -> Outcome:
    """Store the batch, or say which points were refused and what became of the others."""
    world, bucket, rules = passage.world, passage.bucket, passage.write_rules
    assert bucket is not None, "the gate of a write door finds the bucket"
    params, precision = passage.param_rules, passage.precision
    timing = world.timing(bucket, params.precisions.get(precision, 1), params.cut_default.get(precision, 1) or 1)
    if rules.creates_target == "on_write":
        world.catalog.make(bucket, passage.new_mapping)
    if rules.queued:
        return _queue(passage, timing)
    # Where something else will become of it, the batch is read all the same, and nothing of it is kept.
    data = bucket.data if passage.instead is None else BucketData(bucket.data.rules)
    judged = commit.write(passage.content, timing, data, rules, world.settings.storage, partial(world.room, bucket))
    if passage.instead is not None and not _unreadable(judged):
        return passage.instead
    outcome = kept(judged, rules) if judged.rejections else ""
    if rules.creates_target == "on_commit" and outcome != "atomic":
        # Asked before the gate, too; but other writes may have come first.
        limit = world.settings.limits.databases
        if not world.catalog.make(bucket, passage.new_mapping, limit=limit):
            bucket.data.clear()
            return TooManyDatabases(limit)
    verdict = passage.verdict = world.note(judged, bucket)
    return _told(verdict, outcome, rules)


def _unreadable(judged: Verdict) -> bool:
    """Whether the batch has lines, and none of them can be parsed."""
    if judged.accepted or not judged.rejections:
        return False
    return all(isinstance(reason, Malformed) for reason in reasons_of(judged.rejections))


def _queue(passage: Passage, timing: Timing) -> Outcome:
    """Queue the batch, but for points that are refused before the reply."""
    world, bucket, rules = passage.world, passage.bucket, passage.write_rules
    assert bucket is not None
    judged, lines = commit.accept(passage.content, timing, bucket.data, rules, world.settings.storage)
    # What is too late brings no series: it will be dropped.
    series = world.cardinality.admit(bucket, (line for line in lines if timing.of(line) >= timing.bound))
    if series is None:
        world.monitoring.limited("limited_cardinality", bucket.org_id, world.clock.now())
        return CardinalityExceeded(bucket.org_id)
    verdict = passage.verdict = world.note(judged, bucket)
    if lines:
        world.queue_write(bucket, lines, timing, rules, series)
    return _told(verdict, kept(judged, rules) if judged.rejections else "", rules)


def _told(verdict: Verdict, outcome: str, rules: WriteRules) -> Outcome:
    """What the client is told of a worded verdict; ``outcome``: what became of the points beside refused ones."""
    if outcome:
        rejections = verdict.rejections
        told = reported(rejections, rules)
        if verdict.says is not None:
            place, counted = verdict.says
            first = rejections[place]
        else:
            first = deciding(rejections, rules)
            counted = alike(rejections, first, rules)
        return PointsRejected(outcome, first, told, verdict.accepted, len(rejections), counted)
    empty = not verdict.accepted and not verdict.dropped
    return WriteEmpty() if empty and rules.empty == "refuse" else Accepted()
