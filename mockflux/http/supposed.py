"""A rejection that a plan has said out of turn: supposed of the first line of the request, for a reason by name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from importlib import import_module
from typing import Any

from mockflux.http.passage import Passage
from mockflux.lineprotocol import Line, to_text
from mockflux.reasons import Malformed, Reason, Rejection
from mockflux.request import Request
from mockflux.storage.rules import DAY
from mockflux.world import MAX_BODY
from mockflux.writing import commit, decode
from mockflux.writing.objections import series_key


def rejection(passage: Passage, reason: str) -> Rejection:
    """The first line of the request, refused for that reason (its name; malformed for an empty one), and worded."""
    world, rules = passage.world, passage.write_rules
    text = _first_line(passage.request, rules.gzip)
    if reason in ("", Malformed.name):
        complaint = import_module(f"mockflux.lineprotocol.{rules.grammar}").NO_FIELDS
        return world.profile.worded(Rejection(1, to_text(text), Malformed(complaint)))
    cls = Reason.CATALOGUE[reason]
    facts = _facts(passage, text)
    given = {f.name: facts.get(f.name, _BLANK.get(str(f.type))) for f in fields(cls)}  # type: ignore[arg-type]
    return world.profile.worded(Rejection(1, to_text(text), cls(**given)))


#: What stands for a fact of which nothing can be supposed, by its type.
_BLANK = {"int": 0, "str": ""}


def _facts(passage: Passage, text: bytes) -> dict[str, Any]:
    """What can be supposed of each fact that a reason may have."""
    world = passage.world
    limits, now = world.settings.limits, world.clock.now()
    line = next((own for own in commit.parse(text, passage.write_rules.grammar, 1) if isinstance(own, Line)), None)
    field = line.fields[0] if line else None
    return {
        "measurement": line.measurement if line else "m",
        "series": series_key(line) if line else "m",
        "field": field.key if field else "f",
        "tag": line.tags[0][0] if line and line.tags else "t",
        "got": field.type if field else "float",
        "want": "string" if field is None or field.type != "string" else "float",
        "where": "stored",
        "which": "field",
        "types": "same",
        "time": now - 2 * DAY,
        "bound": now - DAY,
        "retention": DAY,
        "precision": "nanosecond",
        "limit": limits.columns,
        "columns": limits.columns,
        "tables": limits.tables,
        "wanted": limits.columns + 1,
    }


def _first_line(request: Request, reader: str) -> bytes:
    """The first line of a body that can be read at once, whether compressed or not."""
    body = request.body
    if request.header("content-encoding") in decode.GZIP[reader]:
        with suppress(decode.DecodeError, decode.TooLarge):
            body = decode.inflate(body, MAX_BODY)
    return body.split(b"\n", 1)[0]
