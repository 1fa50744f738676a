"""The example exchanges of ``mockflux explain``: played for it, and as they came."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockflux.cli import main
from mockflux.contract.coverage import reached
from mockflux.contract.play import play
from mockflux.contract.vector import Vector
from mockflux.profile import concrete, load_profile


def explain(*arguments: str) -> str:
    """What the command prints, played anew."""
    done = CliRunner().invoke(main, ["explain", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


#: What it printed when a test asked for it first.
explained = functools.cache(explain)


def example(text: str, key: str) -> list[str]:
    """The lines of a clause's example."""
    block = text[text.index(f"[{key}]\n") :].split("\n\n")[1]
    return [line.strip() for line in block.splitlines()]


def clauses(*arguments: str, told: Callable[..., str] = explained) -> dict[str, dict[str, Any]]:
    return {clause["key"]: clause for clause in json.loads(told(*arguments, "--json"))["clauses"]}


@pytest.mark.parametrize("edition", concrete())
def test_every_clause_that_a_vector_reaches_has_one(edition: str) -> None:
    told = clauses(edition)
    for key, vectors in reached(edition).items():
        assert (told[key]["example"] is not None) == bool(vectors), key
        if vectors:
            assert told[key]["example"]["vector"] in vectors
            assert told[key]["example"]["reply"]["status"] == told[key]["status"]
            assert told[key]["example"]["reply"]["reason"] == told[key]["phrase"]


@pytest.mark.parametrize("edition", concrete())
def test_they_read_the_same_every_time(edition: str) -> None:
    assert explain(edition) == explained(edition)
    assert "\n               < Date: " not in explained(edition)


def test_an_example() -> None:
    version = load_profile("v2-oss").version
    shown = example(explained("v2-oss", "400"), "precision_invalid")
    assert shown == [
        "example  Other units than ns, us, ms and s are refused, those of v1 too; names are in lower case. "
        "[params.precision_invalid]",
        "> POST /api/v2/write?org=my-org&bucket=my-bucket&precision=h",
        "> Authorization: Token my-token",
        ">",
        "> m v=1 1",
        "< 400 Bad Request",
        "< Content-Type: application/json; charset=utf-8",
        "< X-Influxdb-Build: OSS",
        f"< X-Influxdb-Version: {version}",
        "< X-Platform-Error-Code: invalid",
        "< Content-Length: 93",
        "<",
        '< {"code":"invalid","message":"invalid precision; valid precision units are ns, us, ms, and s"}',
    ]


def test_an_example_as_json() -> None:
    shown = clauses("v2-oss", "404")["bucket_not_found"]["example"]
    assert shown["switches"] == {}
    request = shown["request"]
    assert (request["method"], request["headers"]) == ("POST", [["Authorization", "Token my-token"]])
    assert request["target"].startswith("/api/v2/write?org=my-org&bucket=")
    assert request["body"].startswith("m v=1")
    reply = shown["reply"]
    assert (reply["status"], reply["reason"]) == (404, "Not Found")
    assert ["X-Platform-Error-Code", "not found"] in reply["headers"]
    assert json.loads(reply["body"])["code"] == "not found"


def test_the_simplest_of_several() -> None:
    text = explained("v2-oss")
    assert example(text, "unavailable")[-1].startswith('< {"code":"unavailable"')
    accepted = example(text, "accepted")
    assert accepted[1:4] == [
        "> POST /api/v2/write?org=my-org&bucket=my-bucket", "> Authorization: Token my-token", ">",
    ]  # fmt: skip
    assert accepted[4] != "<"
    assert "fault" not in clauses("v2-oss")["points_rejected"]["example"]["vector"]


def test_bytes_that_no_client_sends() -> None:
    shown = example(explained("v2-oss", "400"), "malformed_request:header_name")
    assert "> POST /api/v2/write?org=my-org&bucket=my-bucket HTTP/1.1" in shown
    assert "> X Y: z" in shown
    assert "< 400 Bad Request: invalid header name" in shown
    raw = clauses("v2-oss", "400")["malformed_request:header_name"]["example"]["request"]
    assert set(raw) == {"raw"}
    assert "\nX Y: z" in raw["raw"]


def test_switches_that_an_example_needs_are_named() -> None:
    shown = example(explained("v2-oss", "413"), "body_too_large")
    [line] = [line for line in shown if line.startswith("with ")]
    limit = clauses("v2-oss", "413")["body_too_large"]["example"]["switches"]["max_body"]
    assert line == f"with max_body = {limit}"
    given = ("v2-oss", "413", "--switch", f"max_body={limit}")
    assert not [line for line in example(explain(*given), "body_too_large") if line.startswith("with ")]
    assert clauses(*given)["body_too_large"]["example"]["switches"] == {}


def test_long_ones_are_cut() -> None:
    found = clauses("v2-oss", "431")["malformed_request:head_too_large"]["example"]
    [name, value] = next(header for header in found["request"]["headers"] if len(header[1]) > 100)
    assert name
    assert value.endswith(" characters)")
    assert len(value) < 300
    assert all(len(line) < 400 for line in explained("v2-oss").splitlines() if line.lstrip().startswith(("> ", "< ")))


def test_what_is_not_text_is_counted() -> None:
    shown = example(explained("v2-oss", "413"), "body_unreadable:checksum")
    assert "> Content-Encoding: gzip" in shown
    assert "> (27 bytes that are not text)" in shown


Profile = Callable[[str], str]


@pytest.fixture
def mine(tmp_path: Path) -> Profile:
    """Make a profile that extends v2-oss; its path."""

    def make(text: str) -> str:
        file = tmp_path / "mine.toml"
        file.write_text(f'[edition]\nid = "mine"\ntitle = "Mine"\nextends = "v2-oss"\n{text}')
        return str(file)

    return make


def test_a_profile_of_ones_own_says_its_own_words(mine: Profile) -> None:
    own = mine(
        '[clause.bucket_not_found]\ncode = "not found"\nmessage = "$bucket? Never heard of it."\n'
        '[evidence.bucket_not_found]\nstatus = "inferred: mine"\nbody = "inferred: mine"\n'
    )
    shown = example(explain(own, "404"), "bucket_not_found")
    assert shown[-1].endswith('? Never heard of it."}')
    assert shown[-1].startswith('< {"code":"not found","message":"')


def test_a_clause_without_a_vector_has_none(mine: Profile) -> None:
    own = mine(
        '[clause."unavailable@ping"]\nstatus = 503\nenvelope = "empty"\nby = "fault"\n'
        '[evidence]\n"unavailable@ping" = "inferred: mine"\n'
    )
    assert clauses(own, "503", told=explain)["unavailable@ping"]["example"] is None
    text = explain(own, "503")
    block = text[text.index("[unavailable@ping]") :]
    assert block.partition("\n  5")[0].rstrip("\n").endswith("inferred: mine")


def test_each_vector_is_played_once(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []
    really = play

    def counted(vector: Vector, target: Any) -> Any:
        played.append(vector.id)
        return really(vector, target)

    monkeypatch.setattr("mockflux.cli.examples.play", counted)
    found = clauses("v2-oss", told=explain)
    assert len(played) == len(set(played)) <= len(found)
    played.clear()
    one = clauses("v2-oss", "417", told=explain)
    assert len(played) == len(one)
