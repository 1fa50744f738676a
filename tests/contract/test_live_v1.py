"""A live InfluxDB 1: users of the run are removed, others are left alone, and the whole contract holds."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from mockflux.contract.live import Live
from mockflux.contract.live_fit import why_not
from mockflux.contract.live_names import names_of, renamed
from mockflux.contract.live_wire import Access, Wire
from mockflux.contract.vector import Vector, load_vectors
from mockflux.contract.verify import verify, verify_one
from mockflux.profile import load_profile
from mockflux.public import Server

EDITION = "v1-oss-1.6"


def live(server: Server) -> Live:
    """The server as a target, checked."""
    found = Live(Wire(server.url), server.profile, Access(user=server.user, password=server.password))
    found.check()
    return found


def vector(tmp_path: Path, *requests: str, auth: bool = False, status: str = "200 OK") -> Vector:
    """One vector with these requests, whose replies are expected to be no more than a status line."""
    text = f'profiles = ["{EDITION}"]\n[[vector]]\nid = "mine"\nshows = "a test"\nsource = "here"\nstored = "nothing"\n'
    text += f"setup.auth = {str(auth).lower()}\n"
    for request in requests:
        text += f'[[vector.exchange]]\nclause = "query_answered"\nrequest = "{request}"\nresponse = "{status}"\n'
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_vectors(EDITION, path)[0]


@pytest.mark.parametrize("auth", [False, True])
def test_all_that_can_be_played_holds_and_nothing_is_left(auth: bool) -> None:
    with Server(EDITION, auth=auth) as server:
        before = (server.world.catalog.users(), server.world.databases.all())
        report = verify(live(server), load_vectors(EDITION), {}, lambda _: None)
        assert [str(entry.difference) for entry in report.of("different")] == []
        assert report.left == []
        assert (server.world.catalog.users(), server.world.databases.all()) == before
    held = {entry.vector.file for entry in report.of("held")}
    off = {"bodies", "http", "queries", "refused", "routes", "writes"}
    assert held == {f"v1-oss-{name}.toml" for name in ({"routes", "users"} if auth else off)}


def test_users_of_requests_get_names_of_the_run(tmp_path: Path) -> None:
    one = vector(
        tmp_path,
        "POST /query?q=CREATE+USER+%22reader%22+WITH+PASSWORD+'x'",
        "POST /query?q=GRANT+READ+ON+{{database}}+TO+reader&u=reader&p=x",
    )
    rules = load_profile(EDITION).settings.live
    assert rules is not None
    assert names_of(one, rules).users == ("reader",)
    changed = renamed(one, {"reader": "mockflux_1_reader"})
    assert [exchange.ask.target for exchange in changed.exchanges] == [
        "/query?q=CREATE+USER+%22mockflux_1_reader%22+WITH+PASSWORD+'x'",
        "/query?q=GRANT+READ+ON+{{database}}+TO+mockflux_1_reader&u=mockflux_1_reader&p=x",
    ]


def test_a_user_is_removed_although_the_vector_failed(tmp_path: Path) -> None:
    one = vector(
        tmp_path,
        "POST /query?q=CREATE+USER+reader+WITH+PASSWORD+'x'&u={{user}}&p={{password}}",
        auth=True,
        status="500 No",
    )
    with Server(EDITION, auth=True) as server:
        target = live(server)
        assert verify_one(target, one, {}).state == "different"
        assert [user.name for user in server.world.catalog.users()] == [server.user]
        targets = [unquote_plus(exchange.request.target) for exchange in server.world.journal]
    made, dropped = (next(text for text in targets if verb in text) for verb in ("CREATE USER", "DROP USER"))
    name = made.partition("CREATE USER ")[2].partition(" ")[0]
    assert name.startswith("mockflux_")
    assert f'"{name}"' in dropped
    assert target.left == []


def test_a_user_that_cannot_be_removed_is_told(tmp_path: Path) -> None:
    one = vector(
        tmp_path,
        "POST /query?q=CREATE+USER+reader+WITH+PASSWORD+'x'&u={{user}}&p={{password}}",
        auth=True,
    )
    with Server(EDITION, auth=True) as server:
        target = live(server)
        # The password is another one from now on, for all but the vector's own requests.
        target.authorization = "Basic eDp5"
        assert verify_one(target, one, {}).state == "not playable"
        assert any("401" in sentence for sentence in target.left)


@pytest.mark.parametrize(
    "query",
    [
        "DROP+USER+%22{{user}}%22", "REVOKE+ALL+PRIVILEGES+FROM+{{user}}", "SET+PASSWORD+FOR+{{user}}+=+'x'",
        "drop%20user%20{{user}}",
    ],
)  # fmt: skip
def test_the_run_s_own_admin_is_left_alone(tmp_path: Path, query: str) -> None:
    with Server(EDITION, auth=True) as server:
        one = vector(tmp_path, f"POST /query?q={query}", auth=True)
        assert why_not(one, live(server), {}) == "it changes what is not of its making"
        other = vector(tmp_path, f"POST /query?q={query.replace('{{user}}', 'reader')}", auth=True)
        assert why_not(other, live(server), {}) is None
