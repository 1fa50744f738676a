"""The body: its encoding, its size, its text, and the quota that it takes from."""

from __future__ import annotations

from mockflux.http.passage import Passage
from mockflux.outcomes import BodyTooLarge, BodyUnreadable, EncodingUnacceptable, Outcome, TooManyRequests
from mockflux.world import MAX_BODY
from mockflux.writing import decode


def gzip_header(passage: Passage) -> Outcome | None:
    """A body that is declared as gzip begins like one."""
    if not _gzipped(passage) or passage.request.problem is not None:
        return None
    passage.body_read = True
    return None if decode.has_gzip_header(passage.request.body) else BodyUnreadable("not_gzip")


def encoding(passage: Passage) -> Outcome | None:
    """The body comes in an encoding that is read: gzip, identity, or none."""
    value = passage.request.header("content-encoding")
    return None if value in (None, "identity", "gzip") else EncodingUnacceptable(value or "")


def size(passage: Passage) -> Outcome | None:
    """The body came whole, and is not longer than the limit as it was sent."""
    request, limit, sent = passage.request, _limit(passage), passage.world.settings.limits.sent
    passage.body_read = True
    if sent and request.length > sent:
        return BodyTooLarge(sent, "sent")
    if request.problem == "too_large" or (not _gzipped(passage) and request.length > limit):
        return BodyTooLarge(limit, "sent")
    return None if request.problem is None else BodyUnreadable("framing", request.problem)


def inflate(passage: Passage) -> Outcome | None:
    """The body can be decoded, and is not longer than the limit then."""
    if not _gzipped(passage):
        passage.content = passage.request.body
        return None
    limit = _limit(passage)
    try:
        passage.content = decode.inflate(passage.request.body, limit, passage.write_rules.gzip)
    except decode.DecodeError as error:
        return BodyUnreadable(error.kind, offset=error.offset)
    except decode.TooLarge:
        return BodyTooLarge(limit, "inflated")
    return None


def utf8(passage: Passage) -> Outcome | None:
    """The body is UTF-8."""
    fault = decode.utf8_fault(passage.content)
    if fault is None:
        return None
    which, offset, count = fault
    return BodyUnreadable(which, offset=offset, count=count)


def quota(passage: Passage) -> Outcome | None:
    """The write fits in the quota of its window, and is counted then."""
    world, size = passage.world, len(passage.content)
    return _limited(passage, "limited_write", world.quota.take(world.clock.now(), size))


def delete_quota(passage: Passage) -> Outcome | None:
    """The delete fits in the quota of its window, and is counted then."""
    world = passage.world
    return _limited(passage, "limited_delete_rate", world.delete_quota.take(world.clock.now(), 0))


def _limited(passage: Passage, limit: str, wait: int | None) -> Outcome | None:
    """What is said, and logged, of a request that has to wait so many seconds."""
    if wait is None:
        return None
    world, org_id = passage.world, (passage.token.org_id if passage.token else None) or ""
    world.monitoring.limited(limit, org_id, world.clock.now())
    return TooManyRequests(wait, org_id)


def _gzipped(passage: Passage) -> bool:
    return passage.request.header("content-encoding") in decode.GZIP[passage.write_rules.gzip]


def _limit(passage: Passage) -> int:
    return passage.world.settings.limits.inflated or MAX_BODY
