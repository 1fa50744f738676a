"""The form of a file of vectors: which keys there are and what each one takes. ``docs`` of the format: ``vector``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mockflux.faults import TRANSPORTS
from mockflux.profile.schema import Anything, Either, Flag, Form, ListOf, Number, OneOf, Table, TableOf, Text

#: The ways in which the simulator can be reached.
WAYS = ("socket", "wsgi", "direct")
#: How an answer can be broken off.
BROKEN = ("reset", "truncated")


def _whole(keys: dict[str, Form], *required: str) -> Table:
    return Table(keys, required=required, whole=True)


def _by_profile(form: Form) -> Form:
    """A value, or a table from patterns of profile ids to values."""
    return Either(form, TableOf(form))


class _Integer(Form):
    expected = "a whole number"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)


class _Seconds(Form):
    expected = "a number of seconds, 0 or more"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


class _Moment(Form):
    expected = "a time with its offset, as 2024-05-01T12:00:00Z"

    def fits(self, value: Any) -> bool:
        return isinstance(value, datetime) and value.tzinfo is not None


class _Macro(Form):
    expected = "a string, { text, times }, or a table from profile patterns to strings"

    def fits(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return isinstance(value, str)
        if "times" in value:
            known = value.keys() <= {"text", "times", "numbered"} and isinstance(value.get("text"), str)
            return known and isinstance(value["times"], int) and isinstance(value.get("numbered", False), bool)
        return all(isinstance(text, str) for text in value.values())


class _FieldValue(Form):
    expected = "a float, an integer, a string, true or false, or { unsigned = N }"

    def fits(self, value: Any) -> bool:
        if isinstance(value, dict):
            return list(value) == ["unsigned"] and isinstance(value["unsigned"], int) and value["unsigned"] >= 0
        return isinstance(value, str | int | float | bool)


TEXT, FLAG, NUMBER = Text(), Flag(), Number()
TEXTS = ListOf(TEXT)

POINT = _whole(
    {
        "bucket": TEXT,
        "measurement": TEXT,
        "tags": TableOf(TEXT),
        "fields": TableOf(_FieldValue()),
        "time": Either(_Integer(), OneOf("{{now}}")),
        "hidden": FLAG,
    },
    "measurement", "fields", "time",
)  # fmt: skip
STORED = _by_profile(Either(OneOf("nothing", "unchanged"), ListOf(POINT)))
FAULT = _whole(
    {
        "status": NUMBER,
        "clause": TEXT,
        "transport": OneOf(*TRANSPORTS),
        "by": OneOf("edition", "proxy"),
        "times": NUMBER,
        "retry_after": NUMBER,
        "delay": Anything(),
        "door": TEXT,
    }
)
SETUP = _whole(
    {
        "clock": _Moment(),
        "onboarded": FLAG,
        "auth": FLAG,
        "orgs": TEXTS,
        "buckets": ListOf(
            _whole({"name": TEXT, "org": TEXT, "retention": NUMBER, "schema": TableOf(TableOf(TEXT))}, "name")
        ),
        "databases": ListOf(_whole({"name": TEXT, "retention": NUMBER}, "name")),
        "tokens": ListOf(
            _whole(
                {
                    "name": TEXT,
                    "read": TEXTS,
                    "write": TEXTS,
                    "status": OneOf("active", "inactive"),
                    "expires": _Integer(),
                },
                "name",
            )
        ),
        "mappings": ListOf(
            _whole(
                {"bucket": TEXT, "database": TEXT, "retention_policy": TEXT, "default": FLAG},
                "bucket", "database", "retention_policy",
            )
        ),
        "points": ListOf(_whole({"bucket": TEXT, "lines": TEXT}, "lines")),
        "faults": ListOf(FAULT),
    }
)  # fmt: skip
LET = TableOf(_Macro())
EXCHANGE = _whole(
    {
        "request": TEXT,
        "raw": TEXT,
        "raw_base64": TEXT,
        "body_base64": TEXT,
        "gzip": Either(FLAG, TEXTS),
        "cut": NUMBER,
        "append_hex": TEXT,
        "chunks": TEXTS,
        "response": _by_profile(TEXT),
        "interim": TEXTS,
        "broken": OneOf(*BROKEN),
        "closes": FLAG,
        "clause": _by_profile(TEXT),
        "by": OneOf("request", "fault"),
        "stored": STORED,
        "logged": STORED,
        "advance": _Seconds(),
        "settle": FLAG,
    }
)
VECTOR = _whole(
    {
        "id": TEXT,
        "shows": TEXT,
        "profiles": TEXTS,
        "source": TEXT,
        "ways": ListOf(OneOf(*WAYS)),
        "switches": TableOf(Anything()),
        "let": LET,
        "setup": SETUP,
        "exchange": ListOf(EXCHANGE),
        "stored": STORED,
        "logged": STORED,
    },
    "id", "shows", "source", "exchange", "stored",
)  # fmt: skip
FILE = _whole({"profiles": TEXTS, "let": LET, "vector": ListOf(VECTOR)}, "vector")
LET_FILE = _whole({"let": LET}, "let")
