"""``mockflux record``: what a server answers as vectors, and those as the expectations of another profile."""

from __future__ import annotations

import os
import signal
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockflux.cli import main, recording
from mockflux.contract.live import Live
from mockflux.contract.live_wire import Access, Wire
from mockflux.contract.play import play
from mockflux.contract.targets import Simulator
from mockflux.contract.vector import Vector, load_vectors
from mockflux.profile import load_profile
from mockflux.public import Server

MINE = """
[edition]
id = "mine"
title = "Mine"
extends = "v2-oss"
"""
CHANGED = """
[clause."org_not_found:name"]
status = 404
code = "not found"
message = "there is nobody of that name"
[evidence]
"org_not_found:name" = "inferred: deliberately another"
"""


def record(server: Server, vectors: str, out: Path, *more: str, profile: str | None = None) -> Result:
    """Run the command against a server."""
    given = {"--token": server.token, "--org": server.org, "--user": server.user, "--password": server.password}
    words = [text for name, value in given.items() if value for text in (name, value)]
    named = ["--profile", profile or server.profile.id, "--out", str(out)]
    return CliRunner().invoke(main, ["record", server.url, vectors, *named, *words, *more])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The path of a profile that is v2-oss under another name."""
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


def differing(vectors: list[Vector], profile: Path) -> dict[str, str]:
    """The vectors that do not hold for a profile of one's own, with the clause or place that differs."""
    found = {}
    for vector in vectors:
        played = play(replace(vector, profile=str(profile)), Simulator("socket"))
        if played.difference is not None:
            found[vector.id] = str(played.difference)
    return found


def test_what_is_recorded_holds_where_it_was_recorded(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "recorded.toml"
    out.parent.mkdir()
    with Server(mine) as server:
        before = [bucket.name for bucket in server.world.catalog.buckets()]
        result = record(server, "*", out, profile=str(mine))
        assert [bucket.name for bucket in server.world.catalog.buckets()] == before
    assert result.exit_code == 0, result.output
    text = out.read_text(encoding="utf-8")
    assert "mockflux-" not in text  # names of the run are places again, or what they stood for
    assert "my-token" not in text
    assert "127.0.0.1" not in text
    vectors = load_vectors("mine", out)
    assert len(vectors) > 80
    assert f"{len(vectors)} of {len(load_vectors('v2-oss'))} vectors recorded in {out}" in result.output
    assert {vector.id for vector in vectors} <= {vector.id for vector in load_vectors("v2-oss")}
    wrong = differing(vectors, mine)
    assert not wrong, next(iter(wrong.values()))

    mine.write_text(MINE + CHANGED, encoding="utf-8")
    changed = differing(vectors, mine)
    said = {
        vector.id for vector in vectors if any(exchange.clause == "org_not_found:name" for exchange in vector.exchanges)
    }
    assert set(changed) == said
    assert said
    assert all("there is nobody of that name" in text for text in changed.values())


def test_the_recorded_file_is_what_verify_expects(mine: Path, tmp_path: Path) -> None:
    out = tmp_path / "recorded.file.toml"
    with Server(mine) as server:
        assert record(server, "v2-write.*", out, profile=str(mine)).exit_code == 0
    words = ["--profile", str(mine), "--token", "my-token", "--org", "my-org", "--vectors", str(out)]
    with Server(mine) as server:
        same = CliRunner().invoke(main, ["verify", server.url, *words])
    assert same.exit_code == 0, same.output
    assert " 0 different, " in same.output


def test_ids_dates_and_versions_are_places(tmp_path: Path) -> None:
    out = tmp_path / "recorded.toml"
    with Server() as server:
        result = record(server, "lookups.*", out)
    assert result.exit_code == 0, result.output
    data = tomllib.loads(out.read_text(encoding="utf-8"))
    assert data["profiles"] == ["v2-oss"]
    replies = [exchange["response"] for vector in data["vector"] for exchange in vector["exchange"]]
    assert replies
    for reply in replies:
        assert "Date: {{date}}" in reply
        assert "v2.9.1" not in reply
    assert any("{{org_id}}" in reply for reply in replies)
    assert all("recorded from a server of version v2.9.1" in vector["source"] for vector in data["vector"])


def test_a_file_of_ones_own_requests(tmp_path: Path) -> None:
    """Names of buckets that the requests tell are changed for the run, and stand in the file as they were."""
    asked = tmp_path / "asked.toml"
    asked.write_text(
        """
profiles = ["v2-oss"]
[[vector]]
id = "mine.other"
shows = "What a bucket of another name answers."
source = "mine"
setup = { buckets = [{ name = "other" }] }
stored = "nothing"
[[vector.exchange]]
clause = "accepted@v2-write"
request = '''
POST /api/v2/write?org={{org}}&bucket=other
Authorization: {{auth}}

m v="a 'quote'''"
'''
response = "204 No Content"
[[vector.exchange]]
clause = "bucket_not_found@v2-write"
request = '''
POST /api/v2/write?org={{org}}&bucket=nowhere
Authorization: {{auth}}

m v=1'''
response = "999 Whatever"
""".replace("quote'''", "quote"),
        encoding="utf-8",
    )
    out = tmp_path / "recorded.toml"
    with Server() as server:
        result = record(server, str(asked), out)
        again = record(server, str(asked), out)
        over = record(server, str(asked), out, "--yes")
    assert result.exit_code == 0, result.output
    assert again.exit_code == 2
    assert "is there already" in again.output
    assert over.exit_code == 0
    (vector,) = load_vectors("v2-oss", out)
    assert [exchange.response.status for exchange in vector.exchanges if exchange.response] == [204, 404]
    assert 'bucket \\"nowhere\\" not found' in str(vector.exchanges[1].response and vector.exchanges[1].response.body)
    assert vector.setup == {"buckets": [{"name": "other"}]}


def test_misuse(tmp_path: Path) -> None:
    out = tmp_path / "recorded.toml"

    def sentence(*words: str) -> str:
        done = CliRunner().invoke(main, ["record", *words, "--out", str(out), "--profile", "v2-oss", "--token", "t"])
        assert done.exit_code == 2
        assert done.output.count("\n") == 1
        return done.output

    assert "fits 'nothing.*'" in sentence("http://localhost:1", "nothing.*")
    assert "there is no file" in sentence("http://localhost:1", str(tmp_path / "none.toml"))
    with Server() as server:
        url = server.url
    assert "cannot be reached" in sentence(url, "v2-write.*", "--org", "o")
    assert not out.exists()


@pytest.mark.parametrize("where", ["nowhere/out.toml", "."])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(where: str, tmp_path: Path) -> None:
    with Server() as server:
        result = record(server, "v2-write.*", tmp_path / where, "--yes")
        assert len(server.journal) == 0
    assert result.exit_code == 2
    assert result.output.startswith("mockflux: cannot write ")
    assert result.output.count("\n") == 1


def test_an_interrupt_tells_what_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(live: Live, *_: object) -> None:
        live.left += ["bucket one: 500 Internal Server Error", "bucket two: no answer"]
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(recording, "record", interrupted)
    live = Live(Wire("http://localhost:1"), load_profile("v2-oss"), Access())
    with pytest.raises(KeyboardInterrupt):
        recording.run(live, [], {}, {}, tmp_path / "out.toml")
    assert capsys.readouterr().err == (
        "left behind: bucket one: 500 Internal Server Error\nmay be left behind: bucket two: no answer\n"
    )
