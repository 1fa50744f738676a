"""Deletes, handed straight to the front."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockflux import Server
from mockflux.http import front
from mockflux.profile import ProfileError
from mockflux.reply import Reply
from mockflux.request import Request
from mockflux.storage.permissions import Permission

Ask = Callable[..., Reply]

EVER = {"start": "1970-01-01T00:00:00Z", "stop": "2100-01-01T00:00:00Z"}
WRITE, DELETE = ("/api/v2/write?org=my-org&bucket=my-bucket", "/api/v2/delete?org=my-org&bucket=my-bucket")
LINES = b"cpu,host=a v=1,w=1i 1\ncpu,host=b v=2 2\nmem,host=a v=3 3"


def body(predicate: str | None = None, **more: str) -> bytes:
    return json.dumps({**EVER, **({} if predicate is None else {"predicate": predicate}), **more}).encode()


def told(reply: Reply) -> tuple[int, str]:
    return reply.status, str(json.loads(reply.body)["message"])


def left(server: Server) -> list[str]:
    return [f"{point.measurement} {point.tags['host']} {point.time}" for point in server.points()]


def test_what_is_deleted_is_gone_at_once(server: Server, ask: Ask) -> None:
    ask("POST", WRITE, LINES)
    assert ask("POST", DELETE, body('_measurement="cpu" AND host="a"')).status == 204
    assert left(server) == ["cpu b 2", "mem a 3"]
    assert ask("POST", DELETE, body()).status == 204
    assert left(server) == []
    assert server.journal[-1].clause == "points_deleted"


def test_what_is_written_afterwards_stays(server: Server, ask: Ask) -> None:
    for _ in range(3):
        ask("POST", WRITE, LINES)
        ask("POST", DELETE, body('host="a"'))
    ask("POST", WRITE, b'cpu,host=a v="text" 5')
    assert left(server) == ["cpu b 2", "cpu a 5"]


def test_one_check_after_the_other(server: Server, ask: Ask) -> None:
    """Token, body, field, organization, bucket, permission: each is told although all that follow fail, too."""
    value = "reader"
    server.world.add_token([Permission("read", "buckets")], value)
    nowhere, bad = "/api/v2/delete", b"{"
    assert told(ask("POST", nowhere, bad, token=None)) == (401, "unauthorized access")
    assert told(ask("POST", nowhere, bad, token=value)) == (400, "error decoding json body: unexpected EOF")
    assert told(ask("POST", nowhere, body('_field="v"'), token=value)) == (501, "delete by field is not supported")
    assert told(ask("POST", nowhere, body(), token=value)) == (400, "Please provide either orgID or org")
    place = f"{nowhere}?org=my-org"
    assert told(ask("POST", place, body(), token=value)) == (400, "Please provide either bucketID or bucket")
    assert told(ask("POST", f"{place}&bucket=x", body(), token=value)) == (404, 'bucket "x" not found')
    assert told(ask("POST", DELETE, body(), token=value)) == (403, "insufficient permissions to delete")


def test_within_the_body_one_after_the_other(ask: Ask) -> None:
    """Times before the predicate, its first reading before what stands behind, that before its second reading."""
    start = body("=", start="", stop="")
    assert "for field start" in told(ask("POST", DELETE, start))[1]
    assert "invalid start time" in told(ask("POST", DELETE, body("=", start="0001-01-01T00:00:00Z", stop="")))[1]
    assert "for field stop" in told(ask("POST", DELETE, body("=", stop="") + b" x"))[1]
    assert "bad logical expression" in told(ask("POST", DELETE, body("=") + b" x"))[1]
    assert "after top-level value" in told(ask("POST", DELETE, body("AND") + b" x"))[1]
    assert "expected identifier" in told(ask("POST", DELETE, body("AND")))[1]


def test_an_inactive_token_may_not(server: Server, ask: Ask) -> None:
    ask("POST", WRITE, LINES)
    server.world.add_token([Permission("write", "buckets")], "asleep", status="inactive")
    assert told(ask("POST", DELETE, body(), token="asleep")) == (403, "insufficient permissions to delete")
    assert len(left(server)) == 3


def test_the_right_to_write_is_enough(server: Server, ask: Ask) -> None:
    own_bucket = server.world.bucket
    assert own_bucket is not None
    ask("POST", WRITE, LINES)
    own = Permission("write", "buckets", own_bucket.id, own_bucket.org_id)
    server.world.add_token([own], "writer")
    assert ask("POST", DELETE, body(), token="writer").status == 204
    server.create_bucket("other")
    reply = ask("POST", "/api/v2/delete?org=my-org&bucket=other", body(), token="writer")
    assert told(reply) == (403, "insufficient permissions to delete")


def test_a_name_that_looks_like_an_id_is_one(server: Server, ask: Ask) -> None:
    server.create_bucket("0123456789abcdef")
    reply = ask("POST", "/api/v2/delete?org=my-org&bucket=0123456789abcdef", body())
    assert told(reply) == (404, "bucket not found")


def test_the_content_type_and_a_content_encoding_do_not_matter(server: Server, ask: Ask) -> None:
    ask("POST", WRITE, LINES)
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    assert ask("POST", DELETE, body(), headers=headers).status == 204
    assert left(server) == []
    zipped = told(ask("POST", DELETE, b"\x1f\x8b\x08\x00", headers=headers))
    assert zipped == (400, "error decoding json body: invalid character '\\x1f' looking for beginning of value")


@pytest.mark.parametrize("edition", ["v3-serverless", "v3-dedicated", "v3-clustered"])
def test_where_deletes_are_refused_nothing_is_looked_at(edition: str) -> None:
    server = Server(edition, seed=1)
    reply = front.answer(server.world, Request("POST", "/api/v2/delete", [], b"{"))
    assert reply.status == 501
    assert server.journal[-1].clause == "deletes_unsupported"


def test_writers_and_deleters_at_once(server: Server, ask: Ask) -> None:
    """Whatever the order, no half of a batch is ever deleted, and what is written last is there."""

    def write(number: int) -> None:
        lines = "\n".join(f"m,host=a f{number}={value}i {value}" for value in range(20))
        assert ask("POST", WRITE, lines.encode()).status == 204

    def delete(_: int) -> None:
        assert ask("POST", DELETE, body('host="a"')).status == 204

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: (delete if n % 3 == 0 else write)(n), range(60)))
    counts = {field: 0 for point in server.points() for field in point.fields}
    for point in server.points():
        for field in point.fields:
            counts[field] += 1
    assert set(counts.values()) <= {20}
    assert ask("POST", DELETE, body()).status == 204
    write(1)
    assert len(server.points()) == 20


@given(st.binary(max_size=60) | st.text(max_size=40).map(body))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_answered(ask: Ask, sent: bytes) -> None:
    reply = ask("POST", DELETE, sent)
    assert reply.status in (204, 400, 501)
    assert reply.status == 204 or json.loads(reply.body)["message"]


def test_an_edition_that_deletes_fields(tmp_path: Path) -> None:
    """A gate without the check ``whole_points``, and the organization that of the token."""
    profile = tmp_path / "fields.toml"
    profile.write_text(
        '[edition]\nid = "fields"\ntitle = "x"\nextends = "v2-oss"\n'
        '[gate.doors]\nv2-delete = ["method", "size", "deletion", "own_org", "delete_bucket", "delete_permission"]\n'
    )
    server = Server(str(profile), seed=1)

    def post(target: str, sent: bytes) -> int:
        return front.answer(server.world, Request("POST", target, [("Authorization", "Token my-token")], sent)).status

    assert post(WRITE, LINES) == 204
    assert post("/api/v2/delete?bucket=my-bucket", body('_field="v" AND _measurement="cpu"')) == 204
    assert [(point.measurement, point.fields) for point in server.points()] == [("cpu", {"w": 1}), ("mem", {"v": 3.0})]


@pytest.mark.parametrize(
    ("gate", "problem"),
    [
        (
            '["method", "size", "org", "delete_bucket", "delete_permission"]',
            "what to delete; expected the check deletion",
        ),
        ('["method", "size", "deletion", "delete_bucket"]', "the organization"),
        ('["method", "deletion", "org", "delete_bucket"]', "the whole body"),
        ('["method", "size", "deletion"]', "the bucket"),
    ],
)
def test_a_gate_that_leaves_something_out(tmp_path: Path, gate: str, problem: str) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(f'[edition]\nid = "mine"\ntitle = "x"\nextends = "v2-oss"\n[gate.doors]\nv2-delete = {gate}\n')
    with pytest.raises(ProfileError, match=problem):
        Server(str(profile))
