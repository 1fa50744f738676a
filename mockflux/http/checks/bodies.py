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
    world, size, granted = passage.world, len(passage.content), passage.token
    wait = world.quota.take(world.clock.now(), size)
    return None if wait is None else TooManyRequests(wait, (granted.org_id if granted else None) or "")


def _gzipped(passage: Passage) -> bool:
    return passage.request.header("content-encoding") in decode.GZIP


def _limit(passage: Passage) -> int:
    return passage.world.settings.limits.inflated or MAX_BODY
