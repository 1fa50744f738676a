"""The differences that are known, each with its reason, and each matched as narrowly as can be."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from differential_batches import SECOND, Write
from differential_talk import Refused


class Known(NamedTuple):
    """A known difference. ``matches`` tells it from others, given the bodies of both, mockflux first, and what mockflux
    refused. ``example`` are writes that show it; ``by_chance``: not each time."""

    name: str
    reason: str
    matches: Callable[[bytes, bytes, tuple[Refused, ...]], bool]
    example: tuple[Write, ...]
    by_chance: bool = False


#: A byte that is no UTF-8, as mockflux has it; JSON has a sign for it.
_NO_UTF8 = re.compile("[\udc80-\udcff]")


def _another_shard_is_told(mine: bytes, live: bytes, refused: tuple[Refused, ...]) -> bool:
    """Whether influxd tells of one shard what mockflux tells of another."""
    by_shard: defaultdict[int, list[str]] = defaultdict(list)
    for own in refused:
        if own.shard is not None and not own.text.startswith("points beyond"):
            by_shard[own.shard].append(_NO_UTF8.sub("\ufffd", own.text))
    return len(by_shard) > 1 and any(_tells(_message(live), texts) for texts in by_shard.values())


def _tells(message: str, texts: list[str]) -> bool:
    """Whether a message can come of points refused for these reasons. Where the shard was written twice, points that
    were refused the first time may not count."""
    if "field type conflict" in texts:
        return message == "field type conflict"
    found = re.fullmatch("partial write: (.*) dropped=([0-9]+)", message, re.DOTALL)
    return found is not None and found[1] in texts and int(found[2]) <= len(texts)


def _message(body: bytes) -> str:
    return str(json.loads(body or b"{}").get("error", ""))


_WEEK = 7 * 24 * 3600 * SECOND

#: Found by what mockflux holds then (differential_conversation.py): the conversation ends with it, since the two
#: servers hold something else from then on.
NAME_IN_NO_UTF8 = Known(
    "name in no UTF-8",
    "Debian's influxd is built with a library for protocol buffers that refuses to save a field or a measurement with "
    'such a name, and from then on any new field of that shard: 500, proto: field "tsdb.Field.Name" contains invalid '
    "UTF-8. Other builds of 1.6 store it, and so does mockflux.",
    lambda mine, live, refused: b"contains invalid UTF-8" in live,
    (Write((b"m \xff=1 1",)),),
)

#: Found in what is read back (differential_conversation.py): the same groups, in another order.
NUL_IN_A_TAG = Known(
    "order of groups with a NUL in a tag",
    "SELECT puts groups into the order of their tags' values; influxd compares these joined by NUL, mockflux one after "
    "another. Only a value that has a NUL itself can tell.",
    lambda mine, live, refused: False,
    (Write((b"m,t=\x00,u=a f=1 1", b"m,u=a f=1 1")),),
)

KNOWN = (
    NAME_IN_NO_UTF8,
    NUL_IN_A_TAG,
    Known(
        "which shard is told",
        "A batch that goes to several shards is written to all of them at once, and the reply tells of the first that "
        "fails: by chance. mockflux tells of the one that comes first in the body. What is stored is the same.",
        _another_shard_is_told,
        (
            Write((b"m f=1 1", b"m f=1 %d" % _WEEK)),
            Write((b"m f=1i 1", b'm f="x" %d' % _WEEK)),
        ),
        by_chance=True,
    ),
)


def known(mine: bytes, live: bytes, refused: tuple[Refused, ...]) -> Known | None:
    """The known difference that there is between these replies to a write, if there is one."""
    return next((own for own in KNOWN if own.matches(mine, live, refused)), None)
