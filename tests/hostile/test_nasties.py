"""Requests that servers have stumbled over, each at every edition: by name, so that what fails can be looked up.

What must hold is in ``conftest.Target.check``.
"""

# ruff: noqa: E501  tables

from __future__ import annotations

import gzip
import itertools
import os
import time

import pytest

SCALE = 1 if os.environ.get("MOCKFLUX_FUZZ") is None else 10  # how large the large ones are
BIG = 20_000 * SCALE

TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200))
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
CHUNKED = b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

#: What stands for itself; ``%s`` is the target of a write.
RAW = {
    "nothing": b"",
    "a line end": b"\r\n",
    "ten thousand line ends": b"\r\n" * 10_000,
    "half a line end": b"\r",
    "a blank": b" ",
    "HTTP/0.9": b"GET /ping\r\n",
    "HTTP/0.9 and a head": b"GET /ping\r\nHost: x\r\n\r\n",
    "HTTP/2": HTTP2,
    "HTTP/2 behind a request": b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" + HTTP2,
    "TLS": TLS_HELLO,
    "TLS behind a request": b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" + TLS_HELLO,
    "SSH": b"SSH-2.0-OpenSSH_9.0\r\n",
    "SMTP": b"EHLO x\r\nMAIL FROM:<a@b>\r\n",
    "a proxy's line": b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /ping HTTP/1.1\r\nHost: x\r\n\r\n",
    "carbon": b"temperature.attic 21.5 1700000000\n",
    "line protocol": b"m,t=a v=1 1700000000\n" * 100,
    "a reply": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "all bytes": bytes(range(256)),
    "all bytes as a target": b"GET /" + bytes(range(33, 256)) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "NULs": b"\0" * 1000,
    "absolute": b"POST http://u:p@x:80%s HTTP/1.1\r\nHost: y\r\nContent-Length: 5\r\n\r\nm v=1",
    "absolute without a path": b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk for GET": b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT": b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n" + TLS_HELLO,
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
    "obs-fold": b"GET /ping HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\tc\r\n\r\n",
    "folded first": b"GET /ping HTTP/1.1\r\n Host: x\r\n\r\n",
    "bare LF": b"GET /ping HTTP/1.1\nHost: x\n\nGET /ping HTTP/1.1\nHost: x\n\n",
    "bare CR": b"GET /ping HTTP/1.1\rHost: x\r\r",
    "LF and CR": b"GET /ping HTTP/1.1\n\rHost: x\n\r\n\r",
    "no name": b"GET /ping HTTP/1.1\r\nHost: x\r\n: v\r\n\r\n",
    "no colon": b"GET /ping HTTP/1.1\r\nHost: x\r\nX\r\n\r\n",
    "a NUL in a name": b"GET /ping HTTP/1.1\r\nHost: x\r\nX\0: v\r\n\r\n",
    "a NUL in a value": b"GET /ping HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n",
    "a blank before the colon": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nm v=1",
    "two lengths": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nm v=1\n",
    "two lengths in one": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nm v=1",
    "a negative length": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nm v=1",
    "a signed length": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nm v=1",
    "a hex length": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nm v=1",
    "an Arabic length": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: \xd9\xa5\r\n\r\nm v=1",
    "2**63": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\nm v=1",
    "2**63 - 1": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\nm v=1",
    "2**64": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\nm v=1",
    "a length of a million digits": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"1" * BIG + b"\r\n\r\n",
    "a body too short": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nm v=1",
    "length and chunks": b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 30\r\n\r\n0\r\n\r\n"
    b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n",
    "chunks twice": b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks of something": b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks, misspelt": b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks behind a tab": b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "chunks behind a VT": b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST %s HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nm v=1\r\n0\r\n\r\n",
    "h2c": b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n",
    "websocket": b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n\x81\x05hello",
    "expect, no body": b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
    "expect something else": b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 418\r\nContent-Length: 5\r\n\r\nm v=1",
    "expect twice": b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nm v=1",
    "a version of many digits": b"GET /ping HTTP/1.11111111111111111111\r\nHost: x\r\n\r\n",
    "a version that is none": b"GET /ping HTTP/a.b\r\nHost: x\r\n\r\n",
    "a huge method": b"G" * BIG + b" /ping HTTP/1.1\r\nHost: x\r\n\r\n",
    "a huge target": b"GET /" + b"a" * BIG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target of slashes": b"GET " + b"/" * BIG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path as deep as fits": b"GET " + b"/a" * 500_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",  # 40 s when each depth was looked up
    "a path as deep as fits, below a route": b"GET /api/v2/buckets" + b"/" * 65_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target of percents": b"GET /" + b"%" * BIG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target of escapes": b"GET /api/v2/" + b"%41" * (BIG // 3) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a huge query": b"POST /api/v2/write?" + b"a=b&" * (BIG // 4) + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a query of ampersands": b"POST /write?" + b"&" * BIG + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a query of distinct names": b"POST /write?" + b"&".join(b"n%d" % n for n in range(BIG // 8)) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a huge name of a header": b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"X" * BIG + b": v\r\n\r\n",
    "a huge value of a header": b"GET /ping HTTP/1.1\r\nHost: x\r\nX: " + b"v" * BIG + b"\r\n\r\n",
    "a value of blanks": b"GET /ping HTTP/1.1\r\nHost: x\r\nX:" + b" \t" * (BIG // 2) + b"\r\n\r\n",
    "a huge token": b"POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Token " + b"x" * BIG + b"\r\nContent-Length: 0\r\n\r\n",
    "a huge Basic": b"POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + b"eHg6" * (BIG // 4) + b"\r\nContent-Length: 0\r\n\r\n",
    "a thousand headers": b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    "as many headers as fit": b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"a:\n" * (BIG // 3) + b"\r\n",
    "headers that never end": b"GET /ping HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200_000,
    "a line that never ends": b"GET /" + b"a" * 1_100_000,
}  # fmt: skip

CHUNKS = {
    "no chunk": b"0\r\n\r\n",
    "an empty size": b"\r\n\r\n",
    "a size of signs": b"-5\r\nm v=1\r\n0\r\n\r\n",
    "a size with 0x": b"0x5\r\nm v=1\r\n0\r\n\r\n",
    "a size with a grouping": b"0_5\r\nm v=1\r\n0\r\n\r\n",
    "a size of sixteen digits": b"ffffffffffffffff\r\nm v=1\r\n",
    "a size of seventeen digits": b"10000000000000005\r\nm v=1\r\n",
    "many zeros": b"0" * 5000 + b"\r\n\r\n",
    "an extension": b'5;a="b;c\\"";d\r\nm v=1\r\n0;x\r\n\r\n',
    "an extension that never ends": b"5;" + b"e" * 1_100_000,
    "a chunk too short": b"8\r\nm v=1\r\n0\r\n\r\n",
    "a chunk too long": b"3\r\nm v=1\r\n0\r\n\r\n",
    "bare LF": b"5\nm v=1\n0\n\n",
    "bare CR": b"5\rm v=1\r0\r\r",
    "trailers": b"5\r\nm v=1\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n",
    "trailers without end": b"5\r\nm v=1\r\n0\r\n" + b"X: y\r\n" * 200_000,
    "cut": b"5\r\nm v",
    "one byte each": b"".join(b"1\r\n%c\r\n" % byte for byte in b"m v=1\n" * 2000) + b"0\r\n\r\n",
    "one byte each, long extensions": b"".join(b"1;%s\r\n%c\r\n" % (b"e" * 500, byte) for byte in b"m v=1\n" * 40) + b"0\r\n\r\n",
}  # fmt: skip


def fields(count, form=b"f%d=1"):
    return b"m " + b",".join(form % n for n in range(count))


LINES = {
    "empty": b"",
    "escapes in a string": b'm v="' + b"\\\\" * (BIG // 2) + b'"',
    "quotes in a string": b'm v="' + b'\\"' * (BIG // 2) + b'"',
    "both, and NULs": b'm v="' + b'\\"\0\\\\' * (BIG // 5) + b'"',
    "escapes that never end": b'm v="' + b"\\" * (BIG + 1),
    "escapes in a measurement": b"a\\," * (BIG // 3) + b" v=1",
    "escapes in a tag": b"m,t=" + b"\\=" * (BIG // 2) + b" v=1",
    "escapes in a field's name": b"m " + b"\\ " * (BIG // 2) + b"=1",
    "strings across lines": b'm v="\n' * (BIG // 6),
    "a comment with a string": b'#"' + b"\n" * BIG + b"m v=1",
    "many fields": fields(BIG // 9),
    "many strings": fields(BIG // 11, b'f%d="a"'),
    "one field many times": b"m " + b"v=1," * (BIG // 4) + b"v=1",
    "many tags": b"m," + b",".join(b"t%d=1" % n for n in range(BIG // 9)) + b" v=1",
    "one tag many times": b"m" + b",t=1" * (BIG // 4) + b" v=1",
    "commas": b"m" + b"," * BIG,
    "equals signs": b"m " + b"=" * BIG,
    "quotes": b"m " + b'"' * BIG,
    "blanks": b" " * BIG,
    "blanks within": b"m" + b" " * BIG + b"v=1" + b" " * BIG + b"1",
    "backslashes": b"\\" * BIG,
    "NULs": b"\0" * BIG,
    "a NUL as measurement": b"\0 v=1",
    "a NUL in each place": b"m\0,t\0=a\0 v\0=\"b\0\"",
    "an integer of many digits": b"m v=" + b"9" * BIG + b"i",
    "zeros and an integer": b"m v=" + b"0" * BIG + b"1i",
    "an unsigned one": b"m v=" + b"9" * BIG + b"u",
    "a float of many digits": b"m v=" + b"9" * BIG,
    "a float of many decimals": b"m v=0." + b"9" * BIG,
    "an exponent of many digits": b"m v=1e" + b"9" * BIG,
    "a negative exponent": b"m v=1e-" + b"9" * BIG,
    "a time of many digits": b"m v=1 " + b"9" * BIG,
    "a time of zeros": b"m v=1 " + b"0" * BIG + b"1",
    "minus signs": b"m v=" + b"-" * BIG,
    "exponents": b"m v=1" + b"e1" * (BIG // 2),
    "lone surrogates": b"m\xed\xa0\x80 v=1\nm v=\"\xed\xbf\xbf\"",
    "not UTF-8": b"\xff\xfe v=1\nm,\xc0\x80=a v=1\nm \xf8=1",
    "half a character": b'm v="\xe2\x82',
    "a key of 65,535": b"m" * 65_530 + b" v=1",
    "a key of 65,536": b"m" * 65_536 + b" v=1",
    "a key of 65,535 with a field": b"m" * 65_000 + b" " + b"v" * 536 + b"=1",
    "a tag of 65,536": b"m,t=" + b"a" * 65_536 + b" v=1",
    "a string of 64 KiB and one": b'm v="' + b"a" * 65_537 + b'"',
    "a string over 1 MiB": b'm v="' + b"a" * (1 << 20) + b'a"',
    "tiny lines": b"m v=1\n" * (BIG // 12),
    "a series each": b"".join(b"m,t=%d v=1\n" % n for n in range(BIG // 24)),
    "a measurement each": b"".join(b"m%d v=1\n" % n for n in range(BIG // 24)),
    "bad lines": b"a\n" * (BIG // 12),
    "conflicts": b"m v=1\n" + b"m v=t\n" * (BIG // 24),
    "carriage returns": b"m v=1\r\n" * 100 + b"\r",
}  # fmt: skip

GZIP = {
    "empty": b"",
    "empty gzip": gzip.compress(b""),
    "members": b"".join(gzip.compress(b"m v=%d %d\n" % (n, n)) for n in range(1000)),
    "members of nothing": gzip.compress(b"") * (BIG // 20),
    "nested": gzip.compress(gzip.compress(gzip.compress(b"m v=1"))),
    "a thousand to one": gzip.compress(b"m v=1\n" + b"#" * 10_000_000, 9),
    "bombs in members": gzip.compress(b"#" * 2_000_000 + b"\n", 9) * 10,
    "garbage behind": gzip.compress(b"m v=1") + b"garbage",
    "NULs behind": gzip.compress(b"m v=1") + b"\0" * 512,
    "a head behind": gzip.compress(b"m v=1") + b"\x1f\x8b\x08",
    "cut": gzip.compress(b"m v=1" * 100)[:-12],
    "a wrong sum": gzip.compress(b"m v=1")[:-8] + b"\0" * 8,
    "corrupt": gzip.compress(b"m v=1\n" * 100, 9)[:14] + b"\xff" * 30,
    "no gzip": b"m v=1",
    "zlib": b"x\x9c\xcbU(\xb35\x04\x00\x08\x8c\x02\x1f",
    "a name that never ends": b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"a" * BIG,
    "an extra field too long": b"\x1f\x8b\x08\x04" + b"\0" * 6 + b"\xff\xff",
    "reserved flags": b"\x1f\x8b\x08\xe0" + gzip.compress(b"m v=1")[4:],
}

JSON = {
    "open arrays": b"[" * BIG,
    "open objects": b'{"a":' * (BIG // 5),
    "arrays, ten thousand deep": b"[" * 10_000 + b"]" * 10_000,
    "arrays, too deep": b"[" * 10_001 + b"]" * 10_001,
    "objects, ten thousand deep": b'{"start":' * 10_000 + b"1" + b"}" * 10_000,
    "deep in a field": b'{"name":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    "deep in an unknown field": b'{"unknown":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    "a number of many digits": b'{"name":' + b"9" * BIG + b"}",
    "a number of 4,300 digits": b'{"retentionRules":[{"everySeconds":' + b"9" * 4_300 + b"}]}",
    "an exponent": b'{"retentionRules":[{"everySeconds":1e' + b"9" * BIG + b"}]}",
    "infinity": b'{"retentionRules":[{"everySeconds":1e400,"shardGroupDurationSeconds":-1e400}]}',
    "a long name": b'{"name":"' + b"a" * BIG + b'"}',
    "a long start": b'{"start":"' + b"2" * BIG + b'"}',
    "escapes": b'{"name":"' + b"\\u0041" * (BIG // 6) + b'"}',
    "halves of pairs": b'{"name":"' + b"\\ud83d" * (BIG // 6) + b'"}',
    "not UTF-8": b'{"name":"' + b"\xff" * BIG + b'"}',
    "one key many times": b"{" + b'"name":"a",' * (BIG // 11) + b'"name":"a"}',
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(BIG // 12)) + b"}",
    "many elements": b"[" + b"1," * (BIG // 2) + b"1]",
    "many rules": b'{"orgID":"0000000000000001","name":"a","retentionRules":[' + b"{}," * (BIG // 3) + b"{}]}",
    "many columns": b'{"name":"m","columns":[' + b'{"name":"a","type":"tag"},' * (BIG // 26) + b"{}]}",
    "blanks": b" " * BIG,
    "NULs": b"\0" * BIG,
    "a BOM": b'\xef\xbb\xbf{"name":"a"}',
    "Go's own name in other letters": '{"NAME":"a","ſtart":"b","\u212aey":1}'.encode(),
}


def deleting(predicate: bytes) -> bytes:
    return b'{"start":"2020-01-01T00:00:00Z","stop":"2021-01-01T00:00:00Z","predicate":"' + predicate + b'"}'


JSON |= {
    "a predicate of parentheses": deleting(b"(" * (BIG // 10)),
    "a predicate in parentheses": deleting(b"(" * 2_000 + b"a=1" + b")" * 2_000),
    "a predicate of ANDs": deleting(b"a=1" + b" AND a=1" * (BIG // 80)),
    "a predicate of NOTs": deleting(b"NOT " * (BIG // 40) + b"a=1"),
    "a predicate of one name": deleting(b"a" * BIG + b"=1"),
    "a predicate of quotes": deleting(b'\\"' * (BIG // 2)),
    "a predicate of digits": deleting(b"a=" + b"9" * BIG),
    "a predicate of NULs": deleting(b"\\u0000" * 100),
}


def doors(target):
    """Where JSON is read: method and path."""
    name, server = target.server.bucket or target.server.database, target.server
    yield "POST", f"/api/v2/delete?org=my-org&bucket={name}"
    if "v2-resources" in server.profile.doors:
        buckets = {bucket.name: bucket.id for bucket in server.world.catalog.buckets()}
        yield "POST", "/api/v2/buckets"
        yield "PATCH", f"/api/v2/buckets/{server.bucket_id}"
        if "explicit" in buckets:
            yield "POST", f"/api/v2/buckets/{buckets['explicit']}/schema/measurements"


def test_bytes(target):
    for name, raw in RAW.items():
        where, begun = target.write_target().encode(), time.monotonic()
        came = target.converse([raw.replace(b"%s", where)])
        assert len(came) <= 2, name
        assert time.monotonic() - begun < 10, f"{name} takes too long"
    target.check_alive()


def test_chunks(target):
    for raw in CHUNKS.values():
        head = CHUNKED % target.write_target().encode()
        head = head[:-2] + b"Authorization: Token my-token\r\n\r\n"
        came = target.converse([head + raw, b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"])
        assert len(came) <= 2
    target.check_alive()


def test_lines(target):
    for name, body in LINES.items():
        begun = time.monotonic()
        came = target.converse([target.post(body)])
        assert len(came) == 1, name
        assert time.monotonic() - begun < 10, f"{name} takes too long"
        target.renew()
    target.check_alive()


def test_gzip(target):
    for name, body in GZIP.items():
        for headers in (["Content-Encoding: gzip"], ["Content-Encoding: x-gzip"], ["Content-Encoding: gzip, gzip"], []):
            begun = time.monotonic()
            came = target.converse([target.post(body, *headers), b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"])
            assert len(came) == 2, name
            assert time.monotonic() - begun < 10, f"{name} takes too long"
    target.check_alive()


def test_json(target):
    for (name, body), (method, path) in itertools.product(JSON.items(), doors(target)):
        begun = time.monotonic()
        request = target.post(body, target=path).replace(b"POST", method.encode(), 1)
        came = target.converse([request, b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"])
        assert len(came) == 2, name
        assert time.monotonic() - begun < 10, f"{name} takes too long"
    target.renew()
    target.check_alive()


def test_what_is_stored_is_what_was_accepted(target):
    """Among nasties on one connection, good writes are stored as they are, whole and once."""
    now, expected, said = target.server.clock.now(), set(), []
    for number, body in enumerate([b for name, b in LINES.items() if len(b) < 1000]):
        expected.add(now + number)
        said += [target.post(b"good v=%d %d" % (number, now + number)), target.post(body)]
    came = target.converse(said)
    assert len(came) == len(said)
    assert {point.time for point in target.server.points("good")} == expected


@pytest.mark.parametrize("edition", ["v2-oss", "v3-core"])
@pytest.mark.parametrize("kind", ["length", "chunks", "gzip"])
def test_a_write_cut_at_every_byte(make, edition, kind):
    """In two pieces, at each place; then the next one on the same connection."""
    target = make(edition)
    body = b'm,t=a v=1,s="x\ny" 1700000000000000000'
    if kind == "length":
        raw = target.post(body)
    elif kind == "gzip":
        raw = target.post(gzip.compress(body, mtime=0), "Content-Encoding: gzip")
    else:
        raw = target.post(body).replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
        raw = raw.replace(
            body, b"3\r\n" + body[:3] + b"\r\n%x;e\r\n" % len(body[3:]) + body[3:] + b"\r\n0\r\nT: u\r\n\r\n"
        )
    cuts = range(1, len(raw), 1 if SCALE > 1 else 3)
    for cut in cuts:
        came = target.converse([raw[:cut], raw[cut:] + raw], pause=0.0005)
        assert [exchange.status for exchange in came] == [204, 204]


def test_a_write_byte_by_byte(target):
    raw = target.post(b"m v=1")
    came = target.converse([bytes([byte]) for byte in raw + raw], pause=0.00001)
    assert [exchange.status for exchange in came] == [204, 204]


@pytest.mark.parametrize("ending", ["half", "close", "reset"])
def test_a_client_that_leaves_anywhere(target, ending):
    """In the middle of the head, of the body, of the answer: nobody minds."""
    raw = target.post(b"m v=1\n" * 50) * 2
    for cut in range(0, len(raw) + 1, 5 if SCALE > 1 else 41):
        came = target.converse([raw[:cut]], ending)
        assert len(came) <= -(-cut // (len(raw) // 2)), "more exchanges than requests were begun"
    target.check_alive()
