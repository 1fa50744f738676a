"""Mistakes of one file or one entry that would otherwise come out in the middle of a test: told at load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux import Server
from mockflux.profile import ProfileError, load_profile
from mockflux.profile.facts import OFFERS

Write = Callable[..., Path]

OWN = '[edition]\nid = "mine"\nextends = "v2-oss"\n'
NOT_FOUND = '[clause.bucket_not_found]\ncode = "not found"\n'
REJECTED = '[clause.points_rejected]\nstatus = 400\nmessage = "x"\n'
ACCEPTED = '[clause.accepted]\nenvelope = "empty"\n'


def complaint(path: Path) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    return caught.value


def head(version: str = "v1", extends: str = "v2-oss") -> str:
    return f'[edition]\nid = "mine"\nversion = "{version}"\nextends = "{extends}"\n'


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        # ---- what goes out in the head of a reply
        (head(version=r"1\r\nX: y"), "edition.version", "one line of text without control characters"),
        (head(version=""), "edition.version", "not empty"),
        (OWN + "[headers.always]\nX = \"$zz\"", "headers.always.X", "unknown placeholder $zz; expected one of cluster"),
        (OWN + '[headers.always]\nX = "a $ b"', "headers.always.X", "a lone $ in 'a $ b'"),
        (OWN + '[headers.at.ping.always]\nX = "$bucket"', "headers.at.ping.always.X", "unknown placeholder $bucket"),
        (OWN + '[headers.always]\nX = "a\\nb"', "headers.always.X", "one line of text"),
        (OWN + '[headers.always]\n"X Y" = "a"', 'headers.always."X Y"', "a key here is a token of HTTP"),
        (OWN + '[headers.always]\nDate = "a"', "headers.always.Date", "the server writes this header itself"),
        (OWN + '[headers]\nclose = "a\\r\\nb"', "headers.close", "expected a token of HTTP"),
        (OWN + '[headers]\nclose_before = [""]', "headers.close_before.0", "expected a token of HTTP"),
        (OWN + ACCEPTED + 'status = 204\nheaders = { X = "a\\r\\nb" }', "clause.accepted.headers.X", "one line"),
        (OWN + ACCEPTED + 'status = 204\nheaders = { "X:" = "a" }', 'clause.accepted.headers."X:"', "token of HTTP"),
        (OWN + ACCEPTED + 'status = 204\nphrase = "a\\u0000b"', "clause.accepted.phrase", "one line of text"),
        (OWN + ACCEPTED + 'status = 204\nphrase = ""', "clause.accepted.phrase", "not empty"),
        (OWN + '[phrases]\n204 = "a\\nb"', "phrases.204", "one line of text"),
        (OWN + '[phrases]\n1000 = "a"', "phrases.1000", "a key here is a status, 200 to 599"),
        (OWN + '[envelope.text]\ntype = "a\\nb"', "envelope.text.type", "one line of text"),
        (OWN + REJECTED + 'headers = { Date = "x" }', 'clause."points_rejected".headers.Date', "the server writes"),
        (OWN + REJECTED + 'headers = { content-length = "3" }', 'clause."points_rejected".headers.content', "counts"),
        (OWN + ACCEPTED + "status = 0", "clause.accepted.status", "a whole number, 200 to 599, got 0"),
        (OWN + ACCEPTED + "status = 100", "clause.accepted.status", "a whole number, 200 to 599, got 100"),
        (OWN + ACCEPTED + "status = 99999", "clause.accepted.status", "a whole number, 200 to 599, got 99999"),
        (OWN + '[codes]\n"not found" = 600', 'codes."not found"', "a whole number, 200 to 599, got 600"),
        (OWN + '[clause.pong]\nstatus = 204\nbody = "hello"', 'clause."pong".status', "status 204 has no body"),
        # ---- templates
        (OWN + NOT_FOUND + 'message = "${bucket:duration}"', 'clause."bucket_not_found".message', "takes a number"),
        (OWN + NOT_FOUND + 'message = "${code:rfc3339nano}"', 'clause."bucket_not_found".message', "one of status"),
        (OWN + '[reason.type_conflict]\ntext = "${field:duration}"', 'reason."type_conflict".text', "takes a number"),
        (OWN + NOT_FOUND + 'each = "$reason"', 'clause."bucket_not_found".each', "this outcome has no rejections"),
        (OWN + NOT_FOUND + 'join = ","', 'clause."bucket_not_found".join', "this outcome has no rejections"),
        (OWN + REJECTED + 'join = ","', 'clause."points_rejected".join', "goes with each"),
        (OWN + REJECTED + 'body = "[$rejections]"', 'clause."points_rejected".each', "missing key"),
        (OWN + REJECTED + 'each = "${line_text:duration}"', 'clause."points_rejected".each', "expected one of line"),
        (
            OWN + '[clause.unavailable]\ncode = "unavailable"\nexample = { retry_after = "soon" }',
            'clause."unavailable".example.retry_after',
            "expected a whole number, got 'soon'",
        ),
        (OWN + '[env.always]\nX = "$nosuch"', "env.always.X", "unknown placeholder $nosuch; expected one of bucket"),
        (OWN + '[env.always]\nX = "a$"', "env.always.X", "a lone $ in 'a$'"),
        (OWN + '[env.tls]\nX = "$nosuch"', "env.tls.X", "unknown placeholder $nosuch"),
        (OWN + '[env.always]\n"A=B" = "x"', 'env.always."A=B"', "a key here is the name of an environment variable"),
        (
            OWN + '[clients.influxdb_client.arguments]\nurl = "$nosuch"',
            "clients.influxdb_client.arguments.url",
            "unknown placeholder $nosuch; expected one of bucket",
        ),
        (
            OWN + '[clients.influxdb_client.tls]\nca = ["$ca_file"]',
            "clients.influxdb_client.tls.ca",
            "placeholders are not filled inside lists and tables",
        ),
        (OWN + '[clients.mine]\nmodule = "x"', "clients.mine.constructor", "missing key"),
        # ---- names that must be known
        (OWN + '[write]\ndecided_by = ["zzz"]', "write.decided_by.0", "expected one of malformed, type_conflict"),
        (OWN + '[faults]\nprefer = ["zzz"]', "faults.prefer.0", "expected one of accepted"),
        (OWN + '[routes.methods]\n"nopath" = "GET"', "routes.methods.nopath", "a key here is a path"),
        (OWN + '[routes.methods]\n"/a/{x}" = "GET"', 'routes.methods."/a/{x}"', "a key here is a path"),
        (OWN + '[routes.methods]\n"/a" = "GET FROB"', 'routes.methods."/a"', "expected * or methods"),
        (OWN + '[routes.methods]\n"/a" = " "', 'routes.methods."/a"', "expected * or methods"),
        (OWN + '[gate.area."zzz"]\nbefore_door = []', "gate.area.zzz", "a key here is the beginning of a path"),
        (OWN + '[gate.area."/x"]\nopen = ["nonsense"]', 'gate.area."/x".open.0', "expected a method and a path"),
        (OWN + '[gate.doors]\nother = []', "gate.doors.other", "unknown key; expected one of v1-write"),
        (OWN + '[gate.doors]\nping = ["method", "method"]', "gate.doors.ping.1", "'method' stands there already"),
        (OWN + 'doors = ["ping", "ping"]', "edition.doors.1", "'ping' stands there already"),
        (OWN + '[clause."accepted@"]\nstatus = 204', 'clause."accepted@"', "nothing behind : or @"),
        (OWN + '[clause."accepted:"]\nstatus = 204', 'clause."accepted:"', "nothing behind : or @"),
        (OWN + '[clause."accepted:@ping"]\nstatus = 204', 'clause."accepted:@ping"', "nothing behind : or @"),
        (OWN + '[reason."malformed:"]\ntext = "x"', 'reason."malformed:"', "unknown kind"),
        (OWN + 'absent = ["internal_error@"]', "edition.absent", "nothing behind : or @"),
        (OWN + 'absent = ["pong"]\n[clause.pong]\nstatus = 204', "edition.absent", "'pong' is a clause of this very"),
        # ---- asking live servers
        (OWN + '[live]\nnames = ["DATABASE"]', "live.names.0", "expected a regular expression with exactly one group"),
        (OWN + '[live]\nnames = ["DATABASE (x)?"]', "live.names.0", "exactly one group"),
        (OWN + '[live]\nusers = ["(a)(b)"]', "live.users.0", "exactly one group"),
        (OWN + '[live]\nusers = ["("]', "live.users.0", "expected a regular expression"),
        (OWN + '[live.requests]\nmake = { request = "POST /", body = "" }', "live.requests.make", "$name in it"),
        (OWN + '[live.requests]\ndrop = { request = "DELETE /a?o=$org" }', "live.requests.drop", "$name or $id in it"),
        (OWN + '[live.requests]\ndrop_user = { request = "DELETE /a/$id" }', "live.requests.drop_user", "$name in it"),
        (OWN + '[live.requests]\ndrop_token = { request = "DELETE /a" }', "live.requests.drop_token", "$id in it"),
        (OWN + '[live.know]\nx = { request = "GET /a" }', "live.know.x", "expected exactly one of json, header"),
        (OWN + '[live.know]\nx = { request = "GET /a", json = "a", header = "b" }', "live.know.x", "one of json, head"),
        # ---- numbers
        (OWN + "[limits]\nhead = 0", "limits.head", "expected a whole number, 1 or more, got 0"),
        (OWN + "[params.precisions]\ns = 0", "params.precisions.s", "expected a whole number, 1 or more, got 0"),
        (OWN + "[params.at.v1-write.cut_default]\ns = 0", "params.at.v1-write.cut_default.s", "1 or more, got 0"),
        (OWN + "[limits]\nhead = 0x" + "f" * 5000, "limits.head", "a number too large; expected one of 64 bits"),
        # ---- the set-up
        (OWN + '[setup]\ntoken = "a"\nread_token = "a"', "setup.read_token", "the same as setup.token"),
        (OWN + '[setup]\nread_token = "my-token"', "setup.read_token", "the same as setup.token"),
        (OWN + '[setup]\ntoken = ""', "setup.token", "visible ASCII characters without blanks"),
        (OWN + '[setup]\ntoken = "a\\r\\nb"', "setup.token", "visible ASCII characters without blanks"),
        (OWN + '[setup]\norg = "a\\nb"', "setup.org", "one line of text"),
        (OWN + '[setup]\nbucket = "_tasks"', "setup.bucket", "_tasks is a system bucket"),
        (OWN + '[setup]\nbucket = "_monitoring"', "setup.bucket", "_monitoring is a system bucket"),
        # ---- files
        (head(extends="a" * 5000), "edition.extends", "no profile named 'aaa"),
        (head(extends="/etc/hostname"), "edition.extends", "no profile named '/etc/hostname'"),
        (OWN + "[setup]\norg = " + "[" * 3000 + "]" * 3000, "TOML", "nested too deeply"),
        (OWN + "[clients.x.arguments]\n" + ".".join("a" * 500) + " = 1", "clients.x.arguments", "nested too deeply"),
        (OWN + "[limits]\nbody = " + "9" * 5000, "TOML", "a number of too many digits"),
        (OWN + "[limits]\nbody = '" + "x" * 5000 + "'", "limits.body", "expected a whole number, 0 or more, got 'xxx"),
        (b"\xff\xfe\x00", "file", "can't decode byte 0xff"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_load(write: Write, text: str | bytes, key: str, problem: str) -> None:
    error = complaint(write(text))
    assert error.file == "mine.toml"
    assert error.key.startswith(key)
    assert problem in error.problem
    assert len(str(error)) < 1200


def test_a_system_bucket_s_name_is_free_where_there_are_none(write: Write) -> None:
    path = write(OWN + '[setup]\nbucket = "_tasks"\nsystem_buckets = false')
    assert Server(path).bucket == "_tasks"


def test_a_name_that_no_file_can_have() -> None:
    for name in ("a" * 5000, "a" * 5000 + ".toml", "a\0b", "a\0b.toml"):
        with pytest.raises(ProfileError):
            load_profile(name)


def test_filters_on_facts_that_they_take(write: Write) -> None:
    text = NOT_FOUND + 'message = "${bucket:q} ${status:q}"\n[reason.outside_retention]\ntext = "${retention:duration}"'
    text += '\n[evidence]\nbucket_not_found = "inferred: x"\n"reason.outside_retention" = "inferred: x"'
    assert load_profile(write(OWN + text)).clauses["bucket_not_found"].fact_names == {
        "bucket",
        "status",
        "code",
        "message",
    }


def test_templates_may_use_exactly_what_a_server_offers() -> None:
    with Server() as server:
        offered = server._offers()
    assert offered.keys() == OFFERS.keys()
    assert all(isinstance(value, OFFERS[name]) for name, value in offered.items() if value is not None)
