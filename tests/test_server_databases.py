"""``mockflux.Server`` of an edition with databases instead of buckets; made by the user or by writes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockflux import Point, Server
from mockflux.storage.permissions import Permission, all_powerful

AT = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
NOW = 1_700_000_000 * 10**9
DAY = 86_400 * 10**9

#: An edition with databases.
LAKE = (Path(__file__).parent / "data/lake.toml").read_text(encoding="utf-8")
#: One whose writes make databases, and whose tokens may all do everything.
POND = """
[edition]
id = "pond"
title = "Pond"
extends = "lake"
[setup]
read_token = ""
makes_target = true
scoped_tokens = false
token_form = "apiv3"
"""
#: The same with tokens for some databases only.
POOL = POND.replace('"pond"', '"pool"').replace("scoped_tokens = false", "scoped_tokens = true")

Make = Callable[..., Server]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A server of one of these editions; its time stands."""
    for name, text in (("lake", LAKE), ("pond", POND), ("pool", POOL)):
        (tmp_path / f"{name}.toml").write_text(text)

    def start(name: str, **arguments: Any) -> Server:
        return Server(tmp_path / f"{name}.toml", **{"clock": AT, **arguments})

    return start


# ---------------------------------------------------------------- what there is


def test_a_database_and_no_bucket(make: Make) -> None:
    server = make("lake")
    assert (server.database, server.token, server.read_token) == ("my-database", "my-token", "my-read-token")
    nothing = (server.org, server.org_id, server.bucket, server.bucket_id, server.user, server.user_id, server.password)
    assert nothing == (None,) * 7
    assert server.auth_id is not None
    assert [bucket.name for bucket in server.world.catalog.buckets()] == ["my-database"]
    assert server.world.catalog.orgs() == server.world.catalog.users() == []
    assert server.world.bucket is server.world.catalog.database("my-database")
    assert all(token.org_id is token.user_id is None for token in server.world.catalog.tokens())
    assert server.points() == []


def test_values_that_the_user_chooses(make: Make) -> None:
    server = make("lake", database="plant", token="t0p")
    assert (server.database, server.token) == ("plant", "t0p")
    server.write("m v=1 1")
    assert len(server.points(database="plant")) == 1
    server.reset()
    assert (server.database, server.points()) == ("plant", [])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"bucket": "b"}, "lake has no buckets; choose a database with database="),
        ({"org": "o"}, "lake has no organizations; leave org= out"),
        ({"user": "u"}, "lake has no users; leave user= out"),
        ({"password": "p"}, "lake has no users; leave password= out"),
        ({"plan": "free"}, "lake has no plans; leave plan= out"),
    ],
)
def test_what_cannot_be_chosen(make: Make, arguments: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        make("lake", **arguments)


def test_facts_that_are_not_there_are_left_out_for_clients(make: Make) -> None:
    with make("lake") as server:
        arguments = server.client_kwargs("influxdb_client")
        assert arguments == {"url": server.url, "token": "my-token", "database": "my-database"}
        env = server.env()
        assert env["INFLUX_DATABASE"] == "my-database"
        assert not {"INFLUX_ORG", "INFLUX_BUCKET", "INFLUX_PLACE"} & env.keys()
        assert "None" not in "".join(env.values())


def test_a_server_has_a_uuid_by_seed(make: Make) -> None:
    server, again, other = (make("pond", seed=seed) for seed in (1, 1, 2))
    uuid = server.world.cluster_uuid
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid)
    assert uuid == again.world.cluster_uuid != other.world.cluster_uuid
    server.reset()
    assert server.world.cluster_uuid == uuid


# ---------------------------------------------------------------- databases made by the user


def test_databases(make: Make) -> None:
    server = make("lake")
    database = server.create_database("short", retention=dt.timedelta(hours=1))
    assert (database.name, database.retention, database.resource) == ("short", 3600 * 10**9, "databases")
    server.write("m v=1", database="short")
    server.write("m v=2", bucket="short")
    server.write("m v=3 1")
    assert [point.fields["v"] for point in server.points(database="short")] == [2.0]
    assert server.points(bucket="short") == server.points(database="short")
    assert server.points() == [Point("m", {}, {"v": 3.0}, 1)]
    assert server.world.count() == 2


@pytest.mark.parametrize(
    ("misuse", "error", "sentence"),
    [
        (lambda s: s.create_bucket("b"), ValueError, "lake has no buckets; use create_database('b')"),
        (lambda s: s.create_database("my-database"), ValueError, "there is already a database named 'my-database'"),
        (lambda s: s.create_database(5), TypeError, "name=5: expected a string"),
        (lambda s: s.create_mapping("d"), ValueError, "lake has no buckets to map databases to; use create_database('"),
        (lambda s: s.points(database="d"), ValueError, "there is no database 'd'; databases: 'my-database'"),
        (lambda s: s.write("m v=1", database="d"), ValueError, "there is no database 'd'; databases: 'my-database'"),
        (lambda s: s.points(database="d", bucket="d"), TypeError, "bucket= and database= are the same here; give one"),
        (lambda s: s.create_token(write="d"), ValueError, "there is no database 'd'; databases: 'my-database'"),
        (lambda s: s.create_token(read=5), TypeError, "read=5: expected names of databases"),
        (lambda s: s.create_token(expires=5), TypeError, "expires=5: expected a datetime with a time zone"),
        (lambda s: s.create_token(expires=dt.datetime(2026, 1, 1)), ValueError, "expires=2026-01-01T00:00:00 has no"),
    ],
)
def test_misuse(make: Make, misuse: Any, error: type[Exception], sentence: str) -> None:
    server = make("lake")
    before = len(server.world.catalog.tokens()), len(server.world.catalog.buckets())
    with pytest.raises(error, match=f"^{re.escape(sentence)}"):
        misuse(server)
    assert before == (len(server.world.catalog.tokens()), len(server.world.catalog.buckets()))


# ---------------------------------------------------------------- tokens


def test_tokens_for_some_databases(make: Make) -> None:
    server = make("lake")
    other = server.create_database("other")
    value = server.create_token(read="my-database", write=["other"], expires=AT + dt.timedelta(seconds=5))
    token, own = server.world.catalog.token(value), server.world.bucket
    assert token is not None
    assert own is not None
    assert token.permissions == (Permission("read", "databases", own.id), Permission("write", "databases", other.id))
    assert token.expires == NOW + 5 * 10**9
    past = server.world.catalog.token(server.create_token(expires=dt.datetime(1970, 1, 1, tzinfo=dt.UTC)))
    assert past is not None
    assert (past.permissions, past.expires) == ((), 0)


def test_the_set_up_s_tokens(make: Make) -> None:
    world = make("lake").world
    assert world.token is not None
    assert world.token.permissions == all_powerful()
    assert world.read_token is not None
    assert world.read_token.permissions == (Permission("read", "databases"),)
    assert make("pond").read_token is None


def test_where_every_token_may_do_everything(make: Make) -> None:
    server = make("pond")
    for arguments in ({"read": "my-database"}, {"write": ["my-database"]}):
        with pytest.raises(ValueError, match=r"^every token of pond may do everything; leave read= and write= out$"):
            server.create_token(**arguments)
    value = server.create_token()
    assert re.fullmatch(r"apiv3_[A-Za-z0-9_-]{86}", value)
    token = server.world.catalog.token(value)
    assert token is not None
    assert token.permissions == all_powerful()


def test_a_token_for_the_database_that_no_write_has_made(make: Make) -> None:
    server = make("pool")
    token = server.world.catalog.token(server.create_token(write="my-database"))
    server.write("m v=1 1")
    assert token is not None
    assert server.world.bucket is not None
    assert token.permissions == (Permission("write", "databases", server.world.bucket.id),)


# ---------------------------------------------------------------- databases made by writes


def test_the_database_is_only_a_name_at_first(make: Make) -> None:
    server = make("pond")
    assert (server.database, server.world.target_name, server.world.bucket) == ("my-database", "my-database", None)
    assert (server.points(), server.points(database="my-database"), server.world.count()) == ([], [], 0)
    assert server.world.catalog.buckets() == []
    assert server.world.known()["database"] == "my-database"
    with pytest.raises(ValueError, match=r"^there is no database 'other'; databases: none yet$"):
        server.points(database="other")


def test_a_write_makes_it(make: Make) -> None:
    server = make("pond")
    server.write("m v=1 1")
    assert server.world.bucket is server.world.catalog.database("my-database") is not None
    assert [point.fields for point in server.points()] == [{"v": 1.0}]
    server.write("m v=2 1", database="other")
    assert [bucket.name for bucket in server.world.catalog.buckets()] == ["my-database", "other"]
    assert [point.fields for point in server.points(database="other")] == [{"v": 2.0}]
    server.reset()
    assert (server.world.catalog.buckets(), server.points()) == ([], [])


def test_a_refused_write_past_the_wire_makes_nothing(make: Make) -> None:
    server = make("pond")
    for name in (None, "other"):
        with pytest.raises(ValueError, match="missing fields"):
            server.write("m v=1 1\nbad", database=name)
    assert server.world.catalog.buckets() == []
    assert server.points() == []


def test_a_database_that_the_user_makes_before_the_write(make: Make) -> None:
    server = make("pond")
    database = server.create_database("my-database", retention=dt.timedelta(days=1))
    assert server.world.bucket is database
    server.write(f"m v=1 {NOW}")
    assert len(server.points()) == 1
    with pytest.raises(ValueError, match="outside retention policy"):
        server.write(f"m v=1 {NOW - 2 * DAY}")


def test_all_or_nothing_past_the_wire_whatever_the_edition_does(make: Make, tmp_path: Path) -> None:
    rules = '[write]\nmalformed = "keep_good"\nunfit = "keep_good"\n'
    (tmp_path / "bay.toml").write_text(f'[edition]\nid = "bay"\ntitle = "Bay"\nextends = "lake"\n{rules}')
    server = make("bay")
    with pytest.raises(ValueError, match="missing fields"):
        server.write("m v=1 1\nbad")
    assert server.points() == []
    assert [rejection.number for rejection in server.rejected()] == [2]


# ---------------------------------------------------------------- plans


def test_a_plan_is_a_switch_where_the_edition_has_plans(make: Make, tmp_path: Path) -> None:
    (tmp_path / "sea.toml").write_text(
        '[edition]\nid = "sea"\ntitle = "Sea"\nextends = "lake"\n'
        '[switches.plan]\ndefault = "none"\nwhy = "how much may be written"\n'
        "[switches.plan.values.none]\n[switches.plan.values.free.limits]\nhead = 9_000\n"
        '[evidence]\n"switches.plan" = "inferred: for this test"\n'
    )
    assert make("sea").profile.switches["plan"] == "none"
    server = make("sea", plan="free")
    assert (server.profile.switches["plan"], server.profile.settings.limits.head) == ("free", 9000)
    with pytest.raises(ValueError, match="plan"):
        make("sea", plan="gold")
