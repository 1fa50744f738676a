"""Whatever a profile says otherwise, its vectors notice; and a vector that looks away is found out."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime
from pathlib import Path

import pytest

import mockflux
from mockflux.contract import mutation, mutation_known, mutations
from mockflux.contract.mutation_play import altered, as_it_is, data_of, play_with
from mockflux.contract.vector import load_vectors
from mockflux.profile import ProfileError

VECTOR = """
[[vector]]
id = "few.tables"
profiles = ["v3-enterprise"]
shows = "x"
source = "x"
switches = { num_table_limit = 1 }
setup = { points = [{ lines = "a v=1 1" }] }
stored = "unchanged"

[[vector.exchange]]
clause = "points_rejected:too_many_tables.all@v3-write"
request = '''
POST /api/v3/write_lp?db={{bucket}}
Authorization: {{auth}}

LINES'''
response = '''
422 Unprocessable Entity
cluster-uuid: {{cluster_uuid}}
content-length: {{length}}
date: {{date}}

{"error":"partial write of line protocol occurred","data":[REFUSED]}'''
"""
REFUSED = (
    '{"error_message":"Update to schema would exceed number of tables limit: attempted to create table but already '
    'have 1 table(s) (limit: 1)","line_number":NUMBER,"original_line":"LINE"}'
)
CLAUSE = "clause points_rejected:too_many_tables.all@v3-write"


def vectors(folder: Path, *lines: str) -> Path:
    """A folder with one vector, in which these lines are refused."""
    refused = [REFUSED.replace("NUMBER", str(n)).replace("LINE", line[:20]) for n, line in enumerate(lines, 1)]
    text = VECTOR.replace("LINES", "\n".join(lines)).replace("REFUSED", ",".join(refused))
    (folder / "few.toml").write_text(text, encoding="utf-8")
    return folder


def survivors(folder: Path) -> list[str]:
    return [one.does for one in mutation.check("v3-enterprise", folder).survivors if one.subject == CLAUSE]


def test_nothing_that_a_profile_says_can_change_unnoticed() -> None:
    found = mutation.check("v3-dedicated")
    assert [str(one) for one in found.survivors] == []
    assert found.refused == []
    assert found.tried > 500


def test_a_weak_vector_leaves_survivors(tmp_path: Path) -> None:
    """One short line shows neither that a long one is cut nor what stands between two."""
    assert survivors(vectors(tmp_path, "x v=1 1")) == ["each: no filter in ${line_text:cut20}", "no join"]


def test_a_strong_vector_leaves_none(tmp_path: Path) -> None:
    assert survivors(vectors(tmp_path, "x v=1 1", "longer v=1 1700000000000000000")) == []


def test_survivors_are_printed_and_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mockflux.contract.vector.folder", lambda: vectors(tmp_path, "x v=1 1"))
    assert mutation.main(["v3-enterprise", "--jobs", "1"]) == 1
    printed = capsys.readouterr().out
    assert f"v3-enterprise: {CLAUSE}: no join: 1 vector and it does not fail\n" in printed
    assert printed.splitlines()[-1].endswith(" survive")


def test_a_vector_that_fails_as_it_is_is_told(tmp_path: Path) -> None:
    file = vectors(tmp_path, "x v=1 1") / "few.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("limit: 1)", "limit: 2)"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"this vector fails as it is: few\.toml: few\.tables"):
        mutation.check("v3-enterprise", tmp_path)


@pytest.mark.parametrize("kind", ["planned", "reached"])
def test_each_alteration_is_noticed_where_it_shows(kind: str) -> None:
    """One by one, for a clause of a fault's and for one of a request's."""
    key = {"planned": "unavailable", "reached": "bucket_not_found"}[kind]
    [vector, *_] = [v for v in load_vectors("v2-oss") if any(e.clause == key for e in v.exchanges) and not v.switches]
    assert play_with(vector, as_it_is("v2-oss", {})).difference is None
    done = list(mutations.of_clause(data_of("v2-oss", {}), key, ("v2-write",)))
    assert {"another phrase", "no message", "no body"} <= {one.does for one in done}
    for one in done:
        played = play_with(vector, altered("v2-oss", {}, one), on_the_wire=one.on_the_wire)
        assert played.difference is not None, one.does


def test_an_alteration_leaves_the_profile_as_it_is() -> None:
    before = data_of("v2-oss", {})["clause"]["bucket_not_found"]
    for one in mutations.of_clause(data_of("v2-oss", {}), "bucket_not_found", ()):
        assert one.data["clause"]["bucket_not_found"] != before
    assert data_of("v2-oss", {})["clause"]["bucket_not_found"] is before


def test_data_that_make_no_profile_are_refused() -> None:
    data = data_of("v2-oss", {})
    with pytest.raises(ProfileError, match="unknown placeholder \\$nothing"):
        altered("v2-oss", {}, mutations.Mutation("x", {**data, "reason": {"malformed": {"text": "$nothing"}}}))


def test_what_may_survive_has_a_reason_and_survives() -> None:
    assert all(len(entry.reason.split()) > 5 for entry in mutation_known.EQUIVALENT)
    found = mutation.Found(equivalent=[("v2-cloud", "type float", "another name")])
    idle = {entry.subject for entry in mutation.idle(found)}
    assert "type *" not in idle
    assert "clause name_invalid:empty" in idle


def test_an_edition_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation.main(["v2-oss", "nonsense"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("There is no edition 'nonsense'; expected one of v1-oss-1.6, v2-cloud, v2-oss, ")
    assert said.err.count("\n") == 1


# ------------------------------------------------------------------------------------------ told by rejected() alone


def test_the_reasons_that_cloud_only_counts_are_worded_for_the_test() -> None:
    """Replies of InfluxDB Cloud count rejections, and its log names them; server.rejected() has the words."""
    with mockflux.Server("v2-cloud", clock=datetime(2026, 1, 1, tzinfo=UTC)) as server:
        server.create_bucket("explicit", schema={"m": {"host": "tag", "v": "float"}})
        server.create_bucket("short", retention=3600)
        for bucket, lines in (
            ("explicit", "n v=1 1"),
            ("explicit", 'm,host=a v="x" 1'),
            ("explicit", "m,host=a w=1 1"),
            (server.bucket, "a v=1 1\na v=1i 2\nb v=1i 1"),
            (server.bucket, "b v=true 2\nb v=1u 3\nb v=1.5 4"),
            ("short", "c v=1 1"),
        ):
            _post(server, str(bucket), lines)
        server.settle()
        texts = [rejection.text for rejection in server.rejected()]
    stored = "type conflict with existing data: field v on measurement b, got {} but expected Integer"
    assert texts == [
        "measurement not allowed by schema: field v on measurement n",
        "field type mismatch with schema: field v on measurement m, got String but expected Float",
        "column not allowed by schema: field w on measurement m",
        "type conflict in batch write: field v on measurement a, got Integer but expected Float",
        *(stored.format(type) for type in ("Boolean", "UnsignedInteger", "Float")),
        "point outside retention policy of duration 1h0m0s: point c at 1970-01-01T00:00:00.000000001Z violates the "
        "lower bound at 2025-12-31T23:00:00Z",
    ]


def _post(server: mockflux.Server, bucket: str, lines: str) -> None:
    connection = http.client.HTTPConnection(server.host, server.port)
    headers = {"Authorization": f"Token {server.token}"}
    connection.request("POST", f"/api/v2/write?bucket={bucket}", lines.encode(), headers)
    connection.getresponse().read()
    connection.close()
