"""Which clause says an outcome: the order of the look-up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux.outcomes import InternalError, PointsRejected, Unavailable
from mockflux.profile import Profile, load_profile
from mockflux.profile.clause import candidates, kind_forms
from mockflux.reasons import Malformed, Rejection

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


def test_candidates() -> None:
    assert list(candidates("bucket_not_found", "name", "v2-write")) == [
        "bucket_not_found:name@v2-write", "bucket_not_found:name", "bucket_not_found@v2-write", "bucket_not_found",
    ]  # fmt: skip
    assert list(candidates("accepted", "", "v1-write")) == ["accepted@v1-write", "accepted"]


def test_kinds_of_a_mixed_batch() -> None:
    """The deciding reason with what became of the others, then either alone."""
    assert kind_forms("type_conflict.partial") == ("type_conflict.partial", "type_conflict", "partial")
    assert kind_forms("truncated") == ("truncated",)
    assert list(candidates("points_rejected", "type_conflict.partial", "v2-write")) == [
        "points_rejected:type_conflict.partial@v2-write", "points_rejected:type_conflict.partial",
        "points_rejected:type_conflict@v2-write", "points_rejected:type_conflict",
        "points_rejected:partial@v2-write", "points_rejected:partial",
        "points_rejected@v2-write", "points_rejected",
    ]  # fmt: skip


#: Clauses of points_rejected in the order of the look-up; the text of each is its key.
ORDER = [
    "points_rejected:malformed.all@v2-write",
    "points_rejected:malformed.all",
    "points_rejected:malformed@v2-write",
    "points_rejected:malformed",
    "points_rejected:all@v2-write",
    "points_rejected:all",
    "points_rejected",
]


@pytest.fixture
def profile(tmp_path: Path) -> Callable[..., Profile]:
    def profile(keys: list[str], absent: str = "", more: str = "") -> Profile:
        own = [key for key in keys if key != "points_rejected"]
        clauses = "\n".join(f'[clause."{key}"]\nstatus = 400\nmessage = "{key}"\ncode = "invalid"' for key in own)
        evidence = "\n".join(f'"{key}" = "inferred: a test"' for key in own)
        path = tmp_path / f"mine-{len(keys)}.toml"
        path.write_text(
            f'[edition]\nid = "mine"\nextends = "v2-oss"\n{absent}\n{clauses}\n{more}\n[evidence]\n{evidence}\n'
        )
        return load_profile(path)

    return profile


def test_the_most_particular_clause_speaks(profile: Callable[..., Profile]) -> None:
    for position, expected in enumerate(ORDER):
        found = profile(ORDER[position:]).find("points_rejected", "malformed.all", "v2-write")
        assert found is not None
        assert found.key == expected


def test_other_doors_and_kinds_are_not_meant(profile: Callable[..., Profile]) -> None:
    mine = profile(ORDER)

    def key(kind: str, door: str) -> str:
        found = mine.find("points_rejected", kind, door)
        assert found is not None
        return found.key

    assert key("malformed.all", "v1-write") == "points_rejected:malformed.all"
    assert key("malformed.partial", "v2-write") == "points_rejected:malformed@v2-write"
    assert key("malformed.partial", "v1-write") == "points_rejected:malformed"
    assert key("type_conflict.all", "v2-write") == "points_rejected:all@v2-write"
    assert key("type_conflict.atomic", "v2-write") == "points_rejected"


def test_absent_stops_the_fall_back(profile: Callable[..., Profile]) -> None:
    mine = profile(["points_rejected"], absent='absent = ["internal_error@v1-write"]')
    assert mine.find("internal_error", "", "v1-write") is None
    assert mine.find("internal_error", "", "v2-write") is not None


def test_a_reply(profile: Callable[..., Profile]) -> None:
    deciding = Rejection(3, "x", Malformed("missing fields"), text='a "quoted" <reason>')
    reply = load_profile("v2-oss").say(PointsRejected(deciding=deciding), "v2-write", DATE)
    assert (reply.status, reply.reason, reply.clause) == (400, "Bad Request", "points_rejected")
    assert reply.body == b'{"code":"invalid","message":"a \\"quoted\\" \\u003creason\\u003e"}'
    assert reply.headers == [
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-Influxdb-Build", "OSS"),
        ("X-Influxdb-Version", "v2.9.1"),
        ("X-Platform-Error-Code", "invalid"),
        ("Date", DATE),
        ("Content-Length", str(len(reply.body))),
    ]


def test_a_header_without_a_value_is_left_out() -> None:
    oss = load_profile("v2-oss")
    assert oss.say(Unavailable(5), "v2-write", DATE).header("Retry-After") == "5"
    assert oss.say(Unavailable(0), "v2-write", DATE).header("Retry-After") == "0"
    assert oss.say(Unavailable(None), "v2-write", DATE).header("Retry-After") is None


def test_long_bodies_go_out_in_chunks() -> None:
    deciding = Rejection(1, "x", Malformed("missing fields"), text="x" * 3000)
    reply = load_profile("v2-oss").say(PointsRejected(deciding=deciding), "v2-write", DATE)
    assert reply.headers[-1] == ("Transfer-Encoding", "chunked")
    assert reply.header("Content-Length") is None


def test_by_what_a_clause_is_reached_is_no_matter_of_its_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    own = '[edition]\nid = "mine"\nextends = "v3-core"\n[clause."permission_denied:write"]\nstatus = 403\nbody = ""\n'
    path.write_text(own + '[evidence]\n"permission_denied:write" = "inferred: a test"')
    assert load_profile(path).clauses["permission_denied:write"].by == "fault", "as its parent says"


def test_a_clause_takes_the_envelope_of_the_door(tmp_path: Path) -> None:
    """Unless there is one for that very door, which comes with an envelope of its own."""
    path = tmp_path / "mine.toml"
    text = '[clause."{}"]\nstatus = 503\nenvelope = "{}"\nmessage = "no"\nby = "fault"\n'
    path.write_text(
        '[edition]\nid = "mine"\nextends = "v2-oss"\n[envelope.mine]\nbody = "at all: $message"\n'
        '[envelope."mine@v1-write"]\nbody = "at v1: $message"\n[envelope.other]\nbody = "other: $message"\n'
        + text.format("unavailable", "mine")
        + text.format("internal_error", "mine")
        + text.format("internal_error@v1-write", "other")
        + '[evidence]\nunavailable = "inferred: a test"\ninternal_error = "inferred: a test"\n'
        + '"internal_error@v1-write" = "inferred: a test"\n'
    )
    mine = load_profile(path)
    said = {
        (outcome.name, door): mine.say(outcome, door, DATE).body.decode()
        for outcome in (Unavailable(None), InternalError())
        for door in ("v1-write", "v2-write")
    }
    assert said == {
        ("unavailable", "v1-write"): "at v1: no",
        ("unavailable", "v2-write"): "at all: no",
        ("internal_error", "v1-write"): "other: no",
        ("internal_error", "v2-write"): "at all: no",
    }
