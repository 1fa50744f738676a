"""An edition may have fewer doors than its parents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.profile import ProfileError, load_profile
from mockflux.request import Request

Write = Callable[..., Path]


def own(*doors: str, more: str = "") -> str:
    return f'[edition]\nid = "mine"\nextends = "v2-oss"\ndoors = {list(doors)}\n{more}\n'


def test_what_parents_say_of_other_doors_does_not_count(write: Write) -> None:
    profile = load_profile(write(own("v2-write", "api-other", "other", "http")))
    assert profile.doors == ("v2-write", "api-other", "other", "http", "proxy"), "these are never missing"
    assert list(profile.settings.gate.doors) == ["v2-write"]
    assert profile.settings.faults.doors == ("v2-write",)
    assert profile.settings.slash == {"v2-write": "moved"}
    doors = {key.partition("@")[2] for key in profile.clauses}
    assert doors <= {"", "api-other", "other", "http", "proxy"}
    assert not any("@v1-write" in key or "@ping" in key for key in profile.evidence)
    # What holds at every door goes for one that is not there as well: its paths are unknown ones.
    assert profile.settings.auth["v1-write"] == profile.settings.auth["v2-write"]


def test_it_answers_as_if_the_others_had_never_been(write: Write) -> None:
    server = Server(write(own("v2-write", "api-other", "other", "http")))
    token = [("Authorization", f"Token {server.token}")]

    def status(method: str, target: str) -> int:
        return front.answer(server.world, Request(method, target, token, b"m v=1")).status

    assert status("POST", "/api/v2/write?org=my-org&bucket=my-bucket") == 204
    assert status("POST", "/write?db=my-bucket") == 404
    assert status("GET", "/ping") == 404
    assert server.journal.errors() == []


def test_clauses_for_doors_that_are_gone_may_go(write: Write) -> None:
    assert load_profile(write(own("v2-write", "http", more="absent = ['pong', 'healthy', 'ready']")))


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[gate.doors]\nping = []", "gate.doors.ping"),
        ("[auth.at.ping]\nbasic = true", "auth.at.ping"),
        ("[headers.at.ping]\norder = 'go'", "headers.at.ping"),
        ("[routes.slash]\nhealth = 'same'", "routes.slash.health"),
        ('[clause."accepted@ping"]\nstatus = 204', 'clause."accepted@ping"'),
        ('[evidence]\n"accepted@ping" = "inferred: x"', 'evidence."accepted@ping"'),
        ("[faults]\ndoors = ['v2-write', 'ping']", "faults.doors.1"),
    ],
)
def test_the_edition_itself_does_not_speak_of_a_door_that_it_has_not(write: Write, more: str, key: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load_profile(write(own("v2-write", "http", more=more)))
    assert (caught.value.file, caught.value.key) == ("mine.toml", key)
    assert caught.value.problem == "this door is not in edition.doors"


def test_a_grandchild_may_have_the_door_again(write: Write) -> None:
    write(own("v2-write", "http").replace("mine", "narrow"), "narrow.toml")
    path = write(own("v2-write", "v1-write", "http").replace("v2-oss", "narrow"))
    profile = load_profile(path)
    assert set(profile.settings.faults.doors) == {"v1-write", "v2-write"}
    assert "token_missing@v1-write" in profile.clauses


def test_planned_faults_must_have_a_door(write: Write) -> None:
    with pytest.raises(ProfileError, match=r"mine\.toml: edition\.doors: no planned fault can befall a request"):
        load_profile(write(own("ping", "http")))
    path = write(own("ping", "http", more="[faults]\ndoors = ['ping']"))
    assert load_profile(path).settings.faults.doors == ("ping",)
