"""``mockflux.Server`` of an edition whose databases have retention policies, and whose users have passwords."""

from __future__ import annotations

import base64
import datetime as dt
import re

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

AT = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)


def ask(server: Server, method: str, target: str, body: bytes = b"", login: str = "") -> Reply:
    headers = [("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")] if login else []
    return front.answer(server.world, Request(method, target, headers, body))


def test_nobody_is_asked_unless_told_so() -> None:
    server = Server("v1-oss-1.6")
    assert (server.user, server.password, server.token, server.database) == (None, None, None, "mydb")
    assert ask(server, "POST", "/write?db=mydb", b"m v=1 1").status == 204
    [point] = server.points()
    assert point.fields == {"v": 1.0}


def test_the_set_ups_user_is_an_admin() -> None:
    server = Server("v1-oss-1.6", auth=True, user="me", password="secret", database="plant")
    assert ask(server, "POST", "/query?q=CREATE+DATABASE+other").status == 401
    assert ask(server, "POST", "/query?q=CREATE+DATABASE+other", login="me:secret").status == 200
    assert ask(server, "POST", "/write?db=other&u=me&p=secret", b"m v=1 1").status == 204
    assert len(server.points(database="other")) == 1
    assert server.points() == []


def test_users_of_one_s_own() -> None:
    server = Server("v1-oss-1.6", auth=True)
    server.create_database("other")
    server.create_user("reader", "secret", read=["mydb", "other"])
    server.create_user("writer", "secret", read="other", write=["mydb", "other"])
    server.create_user("root", "secret", admin=True)
    statuses = {
        (name, database): ask(server, "POST", f"/write?db={database}", b"m v=1 1", f"{name}:secret").status
        for name in ("reader", "writer", "root")
        for database in ("mydb", "other")
    }
    assert statuses == {
        ("reader", "mydb"): 403, ("reader", "other"): 403, ("writer", "mydb"): 204, ("writer", "other"): 204,
        ("root", "mydb"): 204, ("root", "other"): 204,
    }  # fmt: skip
    select = "/query?db={}&q=SELECT+*+FROM+m"
    assert [ask(server, "GET", select.format(db), login="writer:secret").status for db in ("mydb", "other")] == [
        403,
        200,
    ]


def test_retention_policies() -> None:
    server = Server("v1-oss-1.6", clock=AT)
    server.create_retention_policy("short", retention=dt.timedelta(hours=1))
    server.create_retention_policy("usual", default=True)
    assert ask(server, "POST", "/write?db=mydb&rp=short", b"m v=1").status == 204
    assert ask(server, "POST", "/write?db=mydb", b"m v=2").status == 204
    assert ask(server, "POST", "/write?db=mydb&rp=autogen", b"m v=3").status == 204
    assert [point.fields["v"] for point in server.points()] == [2.0]
    assert [point.fields["v"] for point in server.points(database="mydb/short")] == [1.0]
    server.clock.advance(3601)
    assert server.points(database="mydb/short") == []
    shown = ask(server, "GET", "/query?db=mydb&q=SHOW+RETENTION+POLICIES").json()["results"][0]["series"][0]
    assert [row[0] for row in shown["values"]] == ["autogen", "short", "usual"]
    assert [row[0] for row in shown["values"] if row[-1]] == ["usual"]


def test_what_was_there_is_there_again_after_a_reset() -> None:
    server = Server("v1-oss-1.6")
    assert ask(server, "POST", "/query?q=DROP+DATABASE+mydb").status == 200
    assert ask(server, "POST", "/write?db=mydb", b"m v=1").status == 404
    server.reset()
    assert ask(server, "POST", "/write?db=mydb", b"m v=1").status == 204


@pytest.mark.parametrize(
    ("misuse", "said"),
    [
        (lambda server: server.create_token(), "v1-oss-1.6 has no tokens; use create_user()"),
        (lambda server: server.create_user("me", "x", read="no"), "there is no database 'no'; databases: 'mydb'"),
        (lambda server: server.create_retention_policy("r", database="no"), "there is no database 'no'"),
        (lambda server: server.create_retention_policy("autogen"), "has already a policy 'autogen'"),
        (lambda server: server.create_database("a/b"), "takes no name like 'a/b': expected printable characters"),
        (lambda server: server.create_retention_policy(".."), "takes no name like '..'"),
        (lambda server: server.create_user("me", "x", read="mydb/p"), "there is no database 'mydb/p'"),
        (lambda server: Server("v1-oss-1.6", database="a/b"), "takes no name like 'a/b'"),
        (lambda server: server.create_bucket("b"), "v1-oss-1.6 has no buckets; use create_database('b')"),
    ],
)
def test_misuse_is_told(misuse: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        misuse(Server("v1-oss-1.6"))  # type: ignore[operator]


def test_who_names_a_user_is_asked_for_him() -> None:
    server = Server("v1-oss-1.6", user="me", password="secret")
    assert ask(server, "POST", "/write?db=mydb", b"m v=1").status == 401
    assert ask(server, "POST", "/write?db=mydb", b"m v=1", login="me:secret").status == 204
    server = Server("v1-oss-1.6", user="me", auth=False)
    assert ask(server, "POST", "/write?db=mydb", b"m v=1").status == 204


def test_yes_or_no_is_no_text() -> None:
    server = Server("v1-oss-1.6")
    with pytest.raises(TypeError, match="admin='no': expected True or False"):
        server.create_user("me", "x", admin="no")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="default=1: expected True or False"):
        server.create_retention_policy("p", default=1)  # type: ignore[arg-type]


def test_other_editions_have_no_such_things() -> None:
    server = Server("v2-oss")
    with pytest.raises(ValueError, match="users of v2-oss come with tokens"):
        server.create_user("me", "secret")
    with pytest.raises(ValueError, match="v2-oss has no retention policies"):
        server.create_retention_policy("r")
    with pytest.raises(ValueError, match=r"has no tokens; choose a user with user= and password="):
        Server("v1-oss-1.6", token="mine")
