"""The section ``[live]``: how a real server of the edition is asked for what a contract vector needs.

Nothing in mockflux answers by it. ``mockflux verify`` and ``mockflux record`` make a bucket or database with it, look
whether there is one, remove it, and read values that only the server knows.

A request is ``{ request = "METHOD target", body = "…" }`` with places ``$name`` (``FACTS``); in the target they are
quoted for a URL, in a body that begins with ``{`` for JSON. ``json`` says where in the reply's JSON the answer stands
(``orgs.0.id``; ``*`` is every entry of a list), ``header`` in which header; ``id`` where the id of what was made or
found stands; ``fails`` where an error stands in a reply of status 200; ``absent`` is a status that says "there is
none".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockflux.profile.errors import ProfileError
from mockflux.profile.forms import LIVE_ABOUT
from mockflux.profile.load import Merged
from mockflux.profile.template import Template, compiled

#: What a request of the section may tell.
FACTS: Mapping[str, type] = dict.fromkeys(
    (
        "action", "bucket_id", "database", "default", "id", "kept", "lines", "name", "org", "org_id", "permissions",
        "query", "retention", "retention_policy", "status", "user",
    ),
    str,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """One request to a live server, and where its answer stands; see the module."""

    method: str
    target: Template
    body: Template
    json_body: bool
    header: str = ""
    json: str = ""
    id: str = ""
    fails: str = ""
    absent: int = 0


@dataclass(frozen=True, slots=True)
class LiveRules:
    """How a live server is asked for what a vector needs.

    ``kind`` is what points are written to: ``bucket`` or ``database``; ``params`` are the parameters of a URL that name
    one; ``joint`` joins the parts of the names that a run invents. ``names`` are patterns that find more names in a
    request ("METHOD target", a blank line, the body; the name is the first group), ``users`` patterns of names of users
    that it makes. ``whole`` are patterns of requests that show everything the server has, ``lasting`` of those that
    change what no vector made. The values of headers in ``unordered`` are lists in any order. ``reader`` names the
    language by which stored points are read, "" where there is none. ``know`` has requests by the place that they give
    a value. Without ``make`` a write makes the target; without ``drop`` too, users have to name one. ``kept`` is put
    into ``make`` for one that does not keep its points for ever; ``permission`` is one right of a token, ``powerless``
    stands for none at all.
    """

    kind: str
    joint: str
    params: frozenset[str]
    names: tuple[re.Pattern[str], ...]
    users: tuple[re.Pattern[str], ...]
    whole: tuple[re.Pattern[str], ...]
    lasting: tuple[re.Pattern[str], ...]
    unordered: frozenset[str]
    reader: str
    know: Mapping[str, LiveRequest]
    requests: Mapping[str, LiveRequest]
    kept: Template
    permission: Template
    powerless: str

    def request(self, name: str) -> LiveRequest | None:
        """The request of that name (one of ``forms.LIVE_REQUESTS``), if the edition has it."""
        return self.requests.get(name)


def read_live(merged: Merged) -> LiveRules | None:
    """The rules of a finished profile; None where it says nothing of live servers. Raises ProfileError for a place
    that is none of ``FACTS``, for a request without what it is about, and for one to know by that has no answer."""
    table: Mapping[str, Any] | None = merged.data.get("live")
    if not table:
        return None

    def template(text: str, *path: str) -> Template:
        return compiled(text, merged.file_of("live"), ".".join(("live", *path)), FACTS)

    def request(entry: Mapping[str, Any], *path: str) -> LiveRequest:
        method, _, target = entry["request"].partition(" ")
        body = entry.get("body", "")
        rest = {key: value for key, value in entry.items() if key not in ("request", "body")}
        return LiveRequest(
            method, template(target, *path, "request"), template(body, *path, "body"), body.startswith("{"), **rest
        )

    def known(name: str, entry: Mapping[str, Any]) -> LiveRequest:
        if ("json" in entry) == ("header" in entry):
            problem = "expected exactly one of json, header: where the answer stands"
            raise ProfileError(merged.file_of("live", "know", name), f"live.know.{name}", problem)
        return request(entry, "know", name)

    def asked(name: str, entry: Mapping[str, Any]) -> LiveRequest:
        made = request(entry, "requests", name)
        about = LIVE_ABOUT.get(name)
        if about and not made.target.names.union(made.body.names).intersection(about):
            problem = f"expected {' or '.join(f'${fact}' for fact in about)} in it: what the request is about"
            raise ProfileError(merged.file_of("live", "requests", name), f"live.requests.{name}", problem)
        return made

    def patterns(key: str) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern) for pattern in table.get(key, ()))

    return LiveRules(
        kind=table["kind"],
        joint=table.get("joint", "-"),
        params=frozenset(table.get("params", ())),
        names=patterns("names"),
        users=patterns("users"),
        whole=tuple(re.compile(pattern, re.DOTALL) for pattern in table.get("whole", ())),
        lasting=patterns("lasting"),
        unordered=frozenset(name.lower() for name in table.get("unordered", ())),
        reader=table.get("reader", ""),
        know={name: known(name, entry) for name, entry in table.get("know", {}).items()},
        requests={name: asked(name, entry) for name, entry in table.get("requests", {}).items()},
        kept=template(table.get("kept", ""), "kept"),
        permission=template(table.get("permission", ""), "permission"),
        powerless=table.get("powerless", ""),
    )
