"""The write doors: ``/api/v2/write``, ``/write`` and ``/api/v3/write_lp``, and that of deletes.

The gate has found bucket, precision and content.
"""

from __future__ import annotations

from mockflux.http.passage import Passage
from mockflux.outcomes import Accepted, DeletesUnsupported, Outcome, PointsRejected, TooManyDatabases, WriteEmpty
from mockflux.writing import commit
from mockflux.writing.judge import deciding, kept, reported


def write(passage: Passage) -> Outcome:
    """Store the batch, or say which points were refused and what became of the others."""
    world, bucket, rules = passage.world, passage.bucket, passage.write_rules
    assert bucket is not None, "the gate of a write door finds the bucket"
    params, precision = passage.param_rules, passage.precision
    timing = world.timing(bucket, params.precisions.get(precision, 1), params.cut_default.get(precision, 1) or 1)
    if rules.creates_target == "on_write":
        world.catalog.make(bucket, passage.new_mapping)
    judged = commit.write(passage.content, timing, bucket.data, rules, world.settings.storage, world.room(bucket))
    outcome = kept(judged, rules) if judged.rejections else ""
    if rules.creates_target == "on_commit" and outcome != "atomic":
        # Asked before the gate, too; but other writes may have come first.
        limit = world.settings.limits.databases
        if not world.catalog.make(bucket, passage.new_mapping, limit=limit):
            bucket.data.clear()
            return TooManyDatabases(limit)
    verdict = passage.verdict = world.note(judged, bucket)
    if outcome:
        told = reported(verdict.rejections, rules)
        return PointsRejected(outcome, deciding(verdict.rejections, rules), told, verdict.accepted)
    empty = not verdict.accepted and not verdict.dropped
    return WriteEmpty() if empty and rules.empty == "refuse" else Accepted()


def delete(passage: Passage) -> Outcome:
    """Points cannot be deleted."""
    return DeletesUnsupported()
