"""The write doors: ``/api/v2/write`` and ``/write``. The gate has found bucket, precision and content."""

from __future__ import annotations

from mockflux.http.passage import Passage
from mockflux.outcomes import Accepted, Outcome, PointsRejected
from mockflux.writing import commit
from mockflux.writing.judge import deciding, kept, reported


def write(passage: Passage) -> Outcome:
    """Store the batch, or say which points were refused and what became of the others."""
    world, bucket = passage.world, passage.bucket
    assert bucket is not None, "the gate of a write door finds the bucket"
    rules, params = world.settings.write[passage.door], passage.param_rules
    precision = passage.params.get("precision", "")
    timing = world.timing(bucket, params.precisions.get(precision, 1), params.cut_default.get(precision, 1))
    judged = commit.write(passage.content, timing, bucket.data, rules, world.settings.storage)
    verdict = passage.verdict = world.note(judged, bucket)
    if not verdict.rejections:
        return Accepted()
    return PointsRejected(
        kept(verdict, rules), deciding(verdict.rejections, rules), reported(verdict.rejections, rules), verdict.accepted
    )
