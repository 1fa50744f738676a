"""Requests at byte level, as Hypothesis finds them: well-formed ones with something wrong, and plain rubbish.

Each conversation goes to an edition, cut anywhere, ended in order or not; what must hold of it is
``conftest.Target.check``: every answer has a clause, nothing hangs, nothing is left, no exception of mockflux's own.

CI plays some hundred requests (those that got as far as an answer are counted). Any other number, with figures at the
end:

    MOCKFLUX_FUZZ=100000 python -m pytest tests/hostile/test_fuzz.py -s -p no:randomly --timeout 3600
"""

# ruff: noqa: E501  tables

from __future__ import annotations

import contextlib
import gc
import gzip
import os
import threading
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockflux import Server
from mockflux.profile import concrete

ASKED = int(os.environ.get("MOCKFLUX_FUZZ", "0"))
REQUESTS = ASKED or 300
_ROUND = 300  # conversations; what Hypothesis remembers of them is let go after each round


# ------------------------------------------------------------------------------------------------- what is asked


PATHS = [
    "/api/v2/write", "/write", "/api/v3/write_lp", "/api/v2/delete", "/api/v2/buckets", "/api/v2/orgs", "/ping",
    "/health", "/ready", "/api/v2/buckets/0123456789abcdef/schema/measurements", "/query", "/api/v2/setup",
    "/api/v2/orgs/0123456789abcdef/limits",
]  # fmt: skip


@cache
def good(edition):
    """Method, target and kind of body of requests that the edition takes, or nearly."""
    server = Server(edition, seed=1)
    name, doors = server.bucket or server.database, server.profile.doors
    asks = [
        ("POST", f"/api/v2/write?org=my-org&bucket={name}", "lines"), ("POST", f"/api/v2/write?bucket={name}", "lines"),
        ("POST", f"/write?db={name}&precision=s", "lines"), ("POST", f"/write?db={name}", "lines"), ("GET", "/ping", "none"),
        ("HEAD", "/ping", "none"), ("GET", "/health", "none"), ("POST", f"/api/v2/delete?org=my-org&bucket={name}", "json"),
    ]  # fmt: skip
    if "v3-write" in doors:
        asks += [
            ("POST", f"/api/v3/write_lp?db={name}{more}", "lines")
            for more in ("", "&accept_partial=false&precision=auto")
        ]
    if "v1-query" in doors:
        statements = (
            "SHOW+DATABASES", "SELECT+*+FROM+m", "SELECT+count(*)+FROM+/.*/+GROUP+BY+*", "SHOW+SERIES;DROP+SERIES+FROM+m",
            "SHOW+TAG+VALUES+WITH+KEY+=~+/(a%2B)%2B$/", "CREATE+USER+a+WITH+PASSWORD+'b'", "DELETE+FROM+m+WHERE+time<1s",
        )  # fmt: skip
        asks += [("POST", f"/query?db={name}&epoch=ns&q={statement}", "none") for statement in statements]
        asks += [("GET", f"/query?db={name}&pretty=true&chunked=true&chunk_size=1&q=SELECT+*+FROM+m", "none")]
    if "v2-resources" in doors:
        explicit = server.create_bucket("explicit", schema={}).id if edition == "v2-cloud" else "0" * 15 + "1"
        schemas = f"/api/v2/buckets/{explicit}/schema/measurements"
        asks += [
            ("POST", "/api/v2/buckets", "json"), ("PATCH", f"/api/v2/buckets/{server.bucket_id}", "json"),
            ("GET", "/api/v2/buckets?name=my-bucket", "none"), ("GET", f"/api/v2/orgs/{server.org_id}/usage?start=0", "none"),
            ("GET", "/api/v2/orgs", "none"), ("POST", schemas, "json"), ("PATCH", f"{schemas}/{'1' * 16}", "json"),
        ]  # fmt: skip
    return asks


TARGETS = st.one_of(
    st.builds("{}?{}".format, st.sampled_from(PATHS), st.one_of(
        st.lists(st.sampled_from([
            "org=my-org", "bucket=my-bucket", "db=my-database", "db=mydb", "q=SHOW+SERIES", "q=SELECT+*+FROM+/./", "q=%27", "bucket=my-database", "precision=ms", "precision=\xff",
            "precision=nanosecond", "rp=autogen", "consistency=all", "u=a", "p=b", "accept_partial=true", "no_sync=1",
            "org=%zz", "bucket=%", "bucket=%00", "bucket=a%2Fb", "db=" + "x" * 300, "a;b", "&&", "=", "bucket", "rp=\xe9",
            "orgID=0123456789abcdef", "limit=99999999999999999999", "limit=-1", "start=x", "name=\xe9", "after=1",
        ]), max_size=6).map("&".join),
        st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30),
    )),
    st.sampled_from([
        "*", "/", "//", "/api/v2/write/", "/api/v2//write", "http://x/ping", "http://[::1/ping", "x:80", "/%", "/%2e%2e",
        "/\xc3\xa9", "/ping#f", "ping", "/api/v2/" + "b" * 3000, "/api/v2/buckets/" + "f" * 16, "/..", "/ping?" + "a&" * 999,
        "https://u:p@x/write?db=d", "/api/v2/write?bucket=<>", "/\"", "/`", "/|", "/\x7f", "/a b", *PATHS,
    ]),
)  # fmt: skip
METHODS = st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI", "get", "", "POST\t",
                           "P@ST", "PO ST", "M" * 2000, "\x16\x03\x01", "\xff"])  # fmt: skip
VERSIONS = st.sampled_from(["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "HTTP/1.1 ", "http/1.1", "", "HTTP/11",
                            "HTTP/1.\xff", "ICE/1.0"])  # fmt: skip
FINE_HEADERS = [
    "Authorization: Bearer x", "Authorization: Basic !", "Authorization: Basic eDp5", "Authorization:",
    "Authorization: \xe9\xff", "Authorization: Token " + "x" * 9000,
    "Content-Type: text/plain", "Content-Type: application/json", "Content-Type: \x80", "Content-Type:",
    "Content-Encoding: gzip", "Content-Encoding: br", "Content-Encoding: gzip, gzip", "Content-Encoding: identity",
    "Content-Encoding:", "Content-Encoding: GZIP", "Content-Encoding: \xff",
    "Expect: 100-continue", "Expect: 100-Continue", "Connection: keep-alive", "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c", "Upgrade: websocket", "HTTP2-Settings: AAMAAABkAAQAAP__", "X: \xff", "!X: y", "X: " + "v" * 5000,
    "N" * 5000 + ": v", "Origin: http://x", "Origin: \"<\xe9", "Accept-Encoding: gzip", "User-Agent: \xe9", "Cookie: session=x",
    "\r\n".join(["A: b"] * 90),
]  # fmt: skip
BAD_HEADERS = [
    "Host: x", "Host:", "Host: \xff", "Host: a b", "host: y", "Host: x@y/z", "Expect: 200-ok", "Expect:", "Connection: close",
    "Connection: \xff,close", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked",
    "transfer-encoding: CHUNKED", "Content-Length: 0", "Content-Length: 5", "Content-Length: -1", "Content-Length: +5",
    "Content-Length: 5, 5", "Content-Length: 0x5", "Content-Length: 18446744073709551617", "Content-Length:",
    "Content-Length: 99999999999999999999999", "Content-Length: 5 5", "Content-Length : 5", "Content-Length: \xb2",
    "X: a\r\n b", "X: a\r\n\tb", " X: folded first", "X", ":", ": x", "X Y: z", "X\x00: y", "X: \x00", "X: \x01",
    "\xe9: x", "X: a\rb", "X: \x7f", "\r\n".join(["A: b"] * 150),
]  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\r\r\n", b"\r", b"\n\r\n"])


# ------------------------------------------------------------------------------------------------- what is sent


LINES = st.one_of(
    st.sampled_from([b"m v=1", b"m,t=a v=1i 1", b"m v=1 1700000000000000000", b'm s="a b\\"c",b=t', b"m v=2u", b"m v=x",
                     b"m", b"m v", b"# comment", b"", b"m,time=1 v=1", b"m time=1", b"m v=1 9223372036854775807", b"_m _f=1",
                     b"m v=1e999", b"m v=NaN", b'm v="', b"m\\ v=1", b"m v=1\r", b"m v=1,", b"\xff v=1", b"m v=1 x",
                     b"m,t=1,t=2 v=1", b"m v=1,v=2", b"m v=1,v=t", b"iox::measurement v=1"]),
    st.lists(st.sampled_from(b'm vt=1,"\\ \x00\n#ieEu.-+\t\xff\xc3\xa9'), max_size=40).map(bytes),
)  # fmt: skip
JSON = st.one_of(
    st.sampled_from([
        b'{"start":"2020-01-01T00:00:00Z","stop":"2021-01-01T00:00:00Z"}',
        b'{"start":"2020-01-01T00:00:00Z","stop":"2021-01-01T00:00:00Z","predicate":"_measurement=\\"m\\" AND t=a"}',
        b'{"name":"b","orgID":"0123456789abcdef","retentionRules":[{"type":"expire","everySeconds":3600}]}',
        b'{"name":"m","columns":[{"name":"time","type":"timestamp"},{"name":"v","type":"field","dataType":"float"}]}',
        b"[" * 300, b'{"a":' * 300, b'{"predicate":"' + b"(" * 300 + b'"}', b"1e999", b"{", b"null", b'"\\ud800"', b"{} x",
        b'{"name":1e400}', b'{"retentionRules":[{"everySeconds":99999999999999999999}]}', b'{"name":"\\u0000"}', b"\xff",
    ]),
    st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b'"name":', b'"start":', b",", b"1", b"-", b"e5", b"null", b"\\u"]),
             max_size=20).map(b"".join),
)  # fmt: skip


@st.composite
def bodies(draw, kind):
    if kind == "none":
        return b""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=80))
    body = draw(JSON) if kind == "json" else b"\n".join(draw(st.lists(LINES, min_size=1, max_size=6)))
    return body * draw(st.sampled_from([1] * 20 + [200]))


def wrong_gzip(body, how):
    packed = gzip.compress(body, mtime=0)
    return {
        "whole": packed, "two": packed * 2, "empty ones": gzip.compress(b"", mtime=0) * 50 + packed, "cut": packed[:-3],
        "begin": packed[:7], "sum": packed[:-8] + b"\0" * 8, "more": packed + b"more", "inside": packed[:12] + b"\xff" + packed[13:],
        "twice": gzip.compress(packed), "bomb": gzip.compress(b"m v=1\n" + b"\0" * 300_000),
    }[how]  # fmt: skip


GZIP = st.sampled_from(["whole", "two", "empty ones", "cut", "begin", "sum", "more", "inside", "twice", "bomb"])
_TAILS = [b"0\r\n\r\n"] * 8 + [b"0\r\nT: u\r\n\r\n", b"0;x=y\r\n\r\n", b"0\n\n", b"0\r\n", b"", b"00000000000000000\r\n\r\n",
                               b"0\r\nT: u", b"0\r\n T\r\n\r\n", b"0\r\nContent-Length: 3\r\n\r\n"]  # fmt: skip
_ENDS = [b"\r\n"] * 9 + [b"\n", b"", b"\r\nx"]
_SIZES = [b"%x\r\n"] * 12 + [b"%X\r\n", b"0%x\r\n", b"%x;a=b\r\n", b"%x \r\n", b"%x\n", b" %x\r\n", b"-%x\r\n", b"0x%x\r\n", b"fffffffffffffffff%x\r\n",
                             b"%xg\r\n", b"%x;" + b"e" * 3000 + b"\r\n"]  # fmt: skip


@st.composite
def framed(draw, body, wrong):
    """A body with the headers that announce it, rightly or wrongly."""
    how = draw(
        st.sampled_from(["both", "wrong", "nothing", "chunks", "chunks"] if wrong else ["length"] * 3 + ["chunks"])
    )
    if how in ("length", "nothing"):
        return ([] if how == "nothing" else [b"Content-Length: %d" % len(body)]), body
    if how == "wrong":
        return [b"Content-Length: %d" % (len(body) + draw(st.integers(-3, 3)))], body
    sent, at = b"", 0
    while at < len(body):
        size = draw(st.integers(1, max(1, len(body))))
        part, at = body[at : at + size], at + size
        head, end = (draw(st.sampled_from(_SIZES)), draw(st.sampled_from(_ENDS))) if wrong else (b"%x\r\n", b"\r\n")
        sent += head % len(part) + part + end
    length = [b"Content-Length: 3"] if how == "both" else []
    return [b"Transfer-Encoding: chunked", *length], sent + (draw(st.sampled_from(_TAILS)) if wrong else b"0\r\n\r\n")


def latin(texts):
    return [text.encode("latin-1") for text in texts]


@st.composite
def messages(draw, edition):
    """One request, with something odd in one of its layers."""
    odd = draw(
        st.sampled_from(
            ["line", "target", "headers", "heads", "framing", "gzip", "gzip", "end", "body", "body", "body"]
        )
    )
    method, target, kind = draw(st.sampled_from(good(edition)))
    version, headers, end = "HTTP/1.1", [b"Host: x", b"Authorization: Token my-token"], b"\r\n"
    if odd == "line":
        method, version = draw(st.sampled_from([(draw(METHODS), version), (method, draw(VERSIONS))]))
    elif odd == "target":
        target = draw(TARGETS)
    elif odd == "headers":
        headers = [
            *headers[: draw(st.integers(0, 9))],
            *latin(draw(st.lists(st.sampled_from(FINE_HEADERS), max_size=4))),
        ]
    elif odd == "heads":
        headers += latin(draw(st.lists(st.sampled_from(BAD_HEADERS), min_size=1, max_size=2)))
    elif odd == "end":
        end = draw(ENDS)
    body = draw(bodies(kind))
    if odd == "gzip":
        body = wrong_gzip(body, draw(GZIP))
        headers.append(b"Content-Encoding: gzip")
    announced, sent = draw(framed(body, odd == "framing"))
    line = f"{method} {target} {version}".encode("latin-1")
    return end.join([line, *headers, *announced, b"", b""]) + sent


@st.composite
def conversations(draw):
    """Whom to ask, in which pieces, and how to end."""
    edition = draw(st.sampled_from(concrete()))
    said = draw(st.lists(messages(edition), min_size=2, max_size=8))
    if draw(st.integers(0, 7)) == 0:
        said.append(draw(st.binary(max_size=60)))
    raw = bytearray(b"".join(said))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 1, 3]))):  # some bytes get lost or come in
        at = draw(st.integers(0, len(raw)))
        raw[at : at + draw(st.integers(0, 3))] = bytes(
            draw(st.lists(st.sampled_from(b"\r\n :0;,\x00\xff"), max_size=3))
        )
    if draw(st.integers(0, 7)) == 0:
        del raw[draw(st.integers(0, len(raw))) :]
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=4)))
    pieces = [bytes(raw[start:stop]) for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    return edition, pieces, draw(st.sampled_from(["half"] * 8 + ["close", "reset"]))


# ------------------------------------------------------------------------------------------------- and what comes of it


def memory() -> int:
    """Bytes of this process in memory."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def open_count() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


@pytest.mark.timeout(max(120, ASKED // 20))
def test_any_bytes(targets):
    answers = Counter()

    def play(conversation):
        edition, pieces, ending = conversation
        answers[edition] += len(targets[edition].converse(pieces, ending))

    gc.collect()  # what tests before have left
    begun, start = time.monotonic(), (memory(), threading.active_count(), open_count())
    while answers.total() < REQUESTS:
        left = REQUESTS - answers.total()
        fuzz = given(conversations())(play)
        settings(
            max_examples=max(50, min(_ROUND, left // 3)),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )(fuzz)()
        gc.collect()
        if ASKED:
            print(
                f"{answers.total():,} requests, {time.monotonic() - begun:.0f} s, {memory() / 1e6:.0f} MB", flush=True
            )
    for target in targets.values():
        target.renew()  # what was asked may have changed the name of the bucket
        target.check_alive()
    end = (memory(), threading.active_count(), open_count())
    for what, before, after in zip(("threads", "descriptors"), start[1:], end[1:], strict=True):
        assert after <= before, f"{what}: {before} before, {after} after"
    if ASKED:
        report(targets, answers, time.monotonic() - begun, start, end)


def report(targets, answers, seconds, start, end):
    print(f"\n{answers.total():,} requests, {seconds:.0f} s")
    for name, before, after in zip(("RSS", "threads", "descriptors"), start, end, strict=True):
        print(f"{name}: {before:,} before, {after:,} after")
    for edition, target in targets.items():
        clauses = target.server.profile.clauses
        print(f"{edition}: {answers[edition]:,} requests, "
              f"{len(target.clauses)} of {len(clauses)} clauses: "
              + ", ".join(f"{clause} {count:,}" for clause, count in target.clauses.most_common()))  # fmt: skip
