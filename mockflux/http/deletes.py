"""The door of deletes: ``/api/v2/delete``. The gate has found the bucket, and what is to go."""

from __future__ import annotations

from mockflux.http.passage import Passage
from mockflux.outcomes import DeletesUnsupported, Outcome, PointsDeleted


def delete(passage: Passage) -> Outcome:
    """Delete points, at once or when the queue is worked off; or say that this cannot be done."""
    world, bucket, asked = passage.world, passage.bucket, passage.deletion
    how = world.settings.storage.deletes
    if how == "refused":
        return DeletesUnsupported()
    assert bucket is not None, "the gate finds the bucket"
    assert asked is not None, "and what to delete"
    if how == "queued":
        world.queue_delete(bucket, asked.start, asked.stop, asked.predicate)
    else:
        bucket.data.delete(asked.start, asked.stop, asked.predicate)
    return PointsDeleted()
