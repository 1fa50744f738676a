"""Whatever comes to the doors of the editions of InfluxDB 3: no exception, and an answer that the profile has.

Requests are made of what nearly fits (names, values and lines that mean something to some check) and of rubbish, so
that every step of the gate gets something that it does not expect.
"""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

EDITIONS: list[tuple[str, dict[str, Any]]] = [
    ("v3-serverless", {}),
    ("v3-serverless", {"strict_org": True, "auth_style": "source", "error_bodies": "spec", "plan": "free",
                       "max_requests": 3, "max_columns": 4, "max_tables": 2, "max_body": 200, "max_body_sent": 100}),
    ("v3-dedicated", {"auto_create": True, "strict_org": True, "message_style": "source", "max_columns": 4}),
    ("v3-clustered", {"partial_writes": False, "retention_status": 422, "message_style": "spec", "body_413": "proxy"}),
    ("v3-core", {"max_http_request_size": 150}),
    ("v3-core", {"auth": False}),
    ("v3-enterprise", {}),
]  # fmt: skip

WRITE_DOORS = ("/write", "/api/v2/write", "/api/v3/write_lp")
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
#: A head is latin-1 by the time it gets here; what HTTP does not allow in it is refused below.
HEAD_TEXT = st.text(st.characters(codec="latin-1", min_codepoint=32), max_size=20)

PATHS = st.one_of(
    *[st.just(door) for door in WRITE_DOORS] * 3,
    st.sampled_from(
        ["/write/", "/api/v2/write/", "/api/v2/delete", "/ping", "/health", "/api/v2/buckets", "/", "*", ""]
    ),
    HEAD_TEXT.map("/".__add__),
)
NAMES = st.sampled_from(
    ["db", "bucket", "rp", "org", "orgID", "precision", "accept_partial", "no_sync", "p", "u", "Db", "%64b", ""]
)
TARGETS = [
    "my-database",
    "my-bucket",
    "new",
    "new/one",
    "a/b/c",
    "-x",
    "x" * 65,
    "x" * 512,
    "café",
    "",
    "%",
    "+",
    "a%00",
]
VALUES = st.one_of(
    st.sampled_from(TARGETS),
    st.sampled_from(["s", "ns", "auto", "second", "n", "true", "false", "my-token", "my-org", "autogen", "''", "h"]),
    st.binary(max_size=6).map(quote_from_bytes),
    HEAD_TEXT,
)
#: Each door's own parameter first, most of the time: else few requests would come past it.
QUERIES = st.builds(
    lambda first, others, mark: mark + "&".join([*first, *others]) if first or others or mark else "",
    st.sampled_from([
        [], ["db=my-database"], ["bucket=my-database"], ["db=my-bucket"], ["bucket=my-bucket"], ["db=new"],
        ["db=my-bucket", "bucket=my-bucket", "org=my-org"], ["db=my-database", "bucket=my-database"],
    ]),
    st.lists(st.one_of(st.builds("{}={}".format, NAMES, VALUES), HEAD_TEXT), max_size=3),
    st.just("?"),
)  # fmt: skip

PIECES = [
    b"m", b",", b"=", b" ", b"\n", b'"', b"\\", b"#", b"\t", b"\r", b"\x00", b"1", b"-", b".", b"e9", b"i", b"u", b"t",
    b"time", b"\xff", b"\xc3", "é".encode(), b"m v=1\n", b"m,t=x v=1 1\n", b'm v="s" 2\n', b"m,v=x w=1\n", b"m v=1i\n",
    b"n a=1,b=2,c=3,d=4\n", b"o v=1\n", b"m v=1 9223372036854775807\n", b"m v=1 -9223372036854775808\n", b"m v=1e999\n",
    b"m,t=1,t=2 v=1\n", b"m v=1,v=1i\n", b"m v=" + b"9" * 30 + b"\n",
]  # fmt: skip
CONTENTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), st.binary(max_size=60), st.just(b"m v=1\n" * 120)
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    content, headers = draw(CONTENTS), []
    coding = draw(st.sampled_from([None, None, None, "gzip", "gzip", "identity", "x-gzip", "GZIP", "br", ""]))
    if coding == "gzip" and draw(st.booleans()):
        packed = bytearray(gzip.compress(content, mtime=0))
        if packed and draw(st.booleans()):
            at = draw(st.integers(0, len(packed) - 1))
            packed[at : at + draw(st.integers(1, 40))] = draw(st.binary(max_size=3))
        content = bytes(packed)
    if coding is not None:
        headers.append(("Content-Encoding", coding))
    headers += draw(st.lists(st.one_of(
        *[st.sampled_from(["Token my-token", "Bearer my-token", "Token my-read-token"]).map(_login)] * 6,
        st.sampled_from(["", "Token", "Token ", "Basic eDpteS10b2tlbg==", "Basic !", "Basic w7/DqA==", "Token \xff"])
        .map(_login),
        HEAD_TEXT.map(_login),
        st.tuples(st.sampled_from(["Origin", "Expect", "Content-Type", "Accept", "authorization"]), HEAD_TEXT),
    ), min_size=1, max_size=2))  # fmt: skip
    problem = draw(st.sampled_from([None] * 8 + ["too_large", "invalid byte in chunk length"]))
    return Request(
        draw(st.sampled_from(["POST"] * 8 + ["GET", "HEAD", "PUT", "OPTIONS", "BREW"])),
        draw(PATHS) + draw(QUERIES),
        headers,
        b"" if problem == "too_large" else content,
        problem=problem,
        length=draw(st.sampled_from([None, 2**40])) if problem == "too_large" else None,
    )


def _login(value: str) -> tuple[str, str]:
    return "Authorization", value


#: What happens to a server: a request, or it is put back, or its time goes on, or a database is made.
EVENTS = st.one_of(*[requests()] * 6, st.sampled_from(["reset", "later", "fault", "another"]))


@pytest.mark.parametrize(("profile", "choices"), EDITIONS, ids=[f"{id}-{len(choices)}" for id, choices in EDITIONS])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
@given(events=st.lists(EVENTS, min_size=1, max_size=8))
def test_any_request_is_answered_by_a_clause(
    profile: str, choices: dict[str, Any], events: list[Request | str]
) -> None:
    server = Server(profile, clock="frozen", **choices)
    for event in events:
        if isinstance(event, Request):
            check(server, event, front.answer(server.world, event))
        else:
            befall(server, event)
    stored = sum(len(server.points(bucket=bucket.name)) for bucket in server.world.catalog.buckets())
    assert stored == server.world.count()
    assert server.journal.errors() == []
    assert len(server.rejected()) == sum(len(e.verdict.rejections) for e in server.journal if e.verdict is not None)


def check(server: Server, request: Request, reply: Reply) -> None:
    exchange = server.journal[-1]
    note(f"{request.method} {request.target!r} {request.headers} {request.body!r} -> {reply!r}")
    assert exchange.error is None, exchange.error
    clause = server.profile.clauses[reply.clause]
    assert (reply.status, reply.reason, exchange.clause) == (clause.status, clause.phrase, reply.clause)
    if reply.status == 204:
        assert reply.body == b""
        assert exchange.verdict is None or exchange.verdict.rejections == ()
    if reply.header("content-type") == "application/json" and request.method != "HEAD":
        assert isinstance(reply.json(), dict)
    if exchange.verdict is not None and exchange.verdict.rejections:
        assert reply.status in (400, 422)
        assert isinstance(json.loads(reply.body), dict), "a refused batch is told in JSON at every door"


def befall(server: Server, event: str) -> None:
    if event == "reset":
        server.reset()
    elif event == "later":
        server.clock.advance(40 * 86_400)
    elif event == "fault":
        server.fail(500)
    elif server.bucket and server.world.target("other") is None:
        server.create_bucket("other", retention=3600)
    elif server.world.target("new") is None:
        (server.create_bucket if server.bucket else server.create_database)("new", retention=3600)


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "BREW"])
@pytest.mark.parametrize("profile", ["v3-serverless", "v3-dedicated", "v3-clustered", "v3-core", "v3-enterprise"])
def test_an_asterisk_with_another_method_than_options_is_a_path_like_any(profile: str, method: str) -> None:
    server = Server(profile)
    reply = front.answer(server.world, Request(method, "*", [("Authorization", "Bearer my-token")]))
    other = front.answer(server.world, Request(method, "/nowhere", [("Authorization", "Bearer my-token")]))
    assert (reply.status, reply.clause, reply.body) == (404, "path_not_found", other.body)
    assert server.journal.errors() == []
