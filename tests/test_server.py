"""``mockflux.Server``: names and properties, set-up past the wire, looking, and misuse in one sentence each."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from mockflux import Point, ProfileError, Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

AT = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
NOW = 1_700_000_000 * 10**9
DAY = 86_400 * 10**9


def post(
    server: Server, body: bytes, query: str = "org=my-org&bucket=my-bucket", token: str | None = "my-token"
) -> Reply:
    """A write, handed to the server without a socket."""
    headers = [("Authorization", f"Token {token}")]
    return front.answer(server.world, Request("POST", f"/api/v2/write?{query}", headers, body))


@pytest.fixture
def server() -> Server:
    """A v2-oss that does not listen; its time stands."""
    return Server("v2-oss", clock=AT)


# ---------------------------------------------------------------- what a client needs


def test_names_and_values_of_the_set_up() -> None:
    with Server() as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert server.host == "127.0.0.1"
        assert 0 < server.port < 65536
        assert (server.token, server.read_token) == ("my-token", "my-read-token")
        assert (server.org, server.bucket, server.user, server.password) == (
            "my-org", "my-bucket", "my-user", "my-password",
        )  # fmt: skip
        ids = [server.org_id, server.bucket_id, server.user_id, server.auth_id]
        assert all(re.fullmatch("[0-9a-f]{16}", str(id)) for id in ids)
        assert len(set(ids)) == 4
        assert server.database is None
        assert server.ca_file is None
        assert server.profile.id == "v2-oss"
        assert (server.points(), server.rejected(), list(server.journal), server.faults) == ([], [], [], [])
        assert str(server) == server.url
        assert repr(server) == f"<mockflux.Server v2-oss {server.url}>"


def test_values_that_the_user_chooses() -> None:
    server = Server(org="acme", bucket="plant", user="ada", password="pw", token="t0p", seed=3)
    assert (server.org, server.bucket, server.user, server.password, server.token) == (
        "acme",
        "plant",
        "ada",
        "pw",
        "t0p",
    )
    assert post(server, b"m v=1 1", "org=acme&bucket=plant", "t0p").status == 204
    assert post(server, b"m v=1 1", "org=my-org&bucket=plant", "t0p").status == 404
    assert len(server.points()) == 1


def test_environment() -> None:
    with Server() as server:
        env = server.env()
        assert env["INFLUXDB_V2_URL"] == env["INFLUX_HOST"] == server.url
        assert env["INFLUXDB_V2_TOKEN"] == env["INFLUX_TOKEN"] == "my-token"
        assert env["INFLUXDB_V2_ORG"] == "my-org"
        assert env["INFLUX_BUCKET_ID"] == server.bucket_id
        assert all(isinstance(value, str) for value in env.values())
        assert not any("CA" in name.split("_") for name in env), "no authority without TLS"


def test_ids_by_seed() -> None:
    first, again, other = Server(seed=1), Server(seed=1), Server(seed=2)
    assert (first.org_id, first.bucket_id, first.auth_id) == (again.org_id, again.bucket_id, again.auth_id)
    assert first.org_id != other.org_id
    assert first.create_bucket("b").id == again.create_bucket("b").id
    assert first.create_token(write="b") == again.create_token(write="b") != other.create_token()


def test_before_set_up() -> None:
    server = Server(onboarded=False)
    nothing = (server.org, server.org_id, server.bucket, server.bucket_id, server.user, server.token, server.read_token)
    assert nothing == (None,) * 7
    assert (server.auth_id, server.user_id, server.password) == (None,) * 3
    for ask in (lambda: server.create_bucket("b"), server.create_token):
        with pytest.raises(ValueError, match=r"^there is no organization before set-up; leave onboarded=False out$"):
            ask()
    with pytest.raises(ValueError, match=r"^there is no bucket None; buckets: none before set-up$"):
        server.points()


# ---------------------------------------------------------------- misuse


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (
            {"partial": True},
            TypeError,
            r"^v2-oss has no switch 'partial'; its switches are: date_header='real', late_points='reject', max_body=0$",
        ),
        ({"late_points": "lose"}, ValueError, r"late_points.*lose.*reject"),
        ({"max_body": "big"}, ValueError, r"max_body"),
        ({"database": "d"}, ValueError, r"^v2-oss has no databases; choose a bucket with bucket=$"),
        ({"plan": "free"}, ValueError, r"^v2-oss has no plans; leave plan= out$"),
        ({"auth": False}, ValueError, r"^v2-oss cannot run without authentication; leave auth= out$"),
        (
            {"clock": "slow"},
            ValueError,
            r"^a clock is \"real\", \"frozen\" or a datetime with a time zone, not 'slow'$",
        ),
        ({"clock": dt.datetime(2023, 1, 1)}, ValueError, r"has no time zone"),
        ({"profile": "v9-oss"}, ProfileError, r"v9-oss.*v2-oss"),
        ({"profile": "v2-base"}, ProfileError, r"a parent cannot be served"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence) as caught:
        Server(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("misuse", "sentence"),
    [
        (lambda s: s.create_bucket("b", schema={}), r"^v2-oss has no explicit schemas; leave schema= out$"),
        (lambda s: s.create_bucket("my-bucket"), r"^there is already a bucket named 'my-bucket' in the organization"),
        (lambda s: s.create_bucket("b", retention=0), r"^retention=0: expected seconds or a timedelta above zero"),
        (
            lambda s: s.create_bucket("b", retention=-1.5),
            r"^retention=-1.5: expected seconds or a timedelta above zero",
        ),
        (lambda s: s.create_bucket("b", retention=float("inf")), r"^retention=inf: expected seconds or a timedelta"),
        (lambda s: s.create_bucket("b", retention=float("nan")), r"^retention=nan: expected seconds or a timedelta"),
        (lambda s: s.create_database("d"), r"^v2-oss has no databases; use create_bucket\('d'\)$"),
        (
            lambda s: s.create_token(write="plant"),
            r"^there is no bucket 'plant'; buckets: '_monitoring', '_tasks', 'my-",
        ),
        (lambda s: s.create_token(expires=AT), r"^tokens of v2-oss do not expire; leave expires= out$"),
        (lambda s: s.create_mapping("d", bucket="plant"), r"^there is no bucket 'plant'"),
        (lambda s: [s.create_mapping("d") for _ in "ab"], r"^the database 'd' has already a mapping for 'autogen'$"),
        (lambda s: s.points(bucket="plant"), r"^there is no bucket 'plant'"),
        (lambda s: s.write("m v=1", bucket="plant"), r"^there is no bucket 'plant'"),
        (lambda s: s.write("m v=1", precision="h"), r"^precision='h': expected one of ns, us, ms, s$"),
        (lambda s: s.wait_for(), r"^wait_for\(\) needs points= or requests=$"),
        (lambda s: s.clock.advance(-1), r"^a clock cannot go back: advance\(-1\) is negative$"),
    ],
)
def test_calls_that_do_not_fit(server: Server, misuse: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        misuse(server)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["url", "port"])
def test_no_address_without_listening(server: Server, name: str) -> None:
    with pytest.raises(
        RuntimeError, match=r"^this server is not running; call start\(\), or use it as a context manager$"
    ):
        getattr(server, name)
    assert repr(server) == "<mockflux.Server v2-oss not running>"


# ---------------------------------------------------------------- set-up past the wire


def test_write_past_the_wire(server: Server) -> None:
    server.write("home,room=a temp=21.5 1700000000")
    server.write(["home,room=b temp=1i 2", "home,room=c temp=t 3"], precision="s")
    server.write(b'note text="\xff" 4\n')
    assert server.points("home") == [
        Point("home", {"room": "a"}, {"temp": 21.5}, 1_700_000_000),
        Point("home", {"room": "b"}, {"temp": 1}, 2_000_000_000),
        Point("home", {"room": "c"}, {"temp": True}, 3_000_000_000),
    ]
    assert server.points("note") == [Point("note", {}, {"text": "\udcff"}, 4)]
    assert list(server.journal) == []


def test_a_refused_line_past_the_wire_stores_nothing(server: Server) -> None:
    with pytest.raises(ValueError, match=r"^unable to parse 'bad': missing fields$"):
        server.write("m v=1 1\nbad")
    assert server.points() == []
    server.write("m v=1 1")
    with pytest.raises(ValueError, match=r'^field type conflict: input field "v" on measurement "m" is type string'):
        server.write('m v="x" 2')
    assert [rejection.number for rejection in server.rejected()] == [2, 1]


def test_data_of_an_earlier_version_of_the_program(server: Server) -> None:
    """Needs N3: a test on a fresh database never sees that the type of a field has changed."""
    server.write("home temp=21i 1")
    reply = post(server, b"home temp=21.5 2")
    assert reply.status == 400
    assert "is type float, already exists as type integer" in reply.json()["message"]


def test_buckets(server: Server) -> None:
    bucket = server.create_bucket("short", retention=dt.timedelta(hours=1))
    assert (bucket.name, bucket.retention, bucket.org_id) == ("short", 3600 * 10**9, server.org_id)
    assert server.create_bucket("half", retention=0.5).retention == 500_000_000
    assert server.create_bucket("ever").retention == 0
    server.write("m v=1", bucket="short")
    assert len(server.points(bucket="short")) == 1
    assert server.points() == []


def test_permissions_of_tokens(server: Server) -> None:
    for name in ("a", "b"):
        server.create_bucket(name)
    token = server.create_token(write=["a"], read="b")
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}==", token)
    assert post(server, b"m v=1 1", "org=my-org&bucket=a", token).status == 204
    for bucket in ("b", "my-bucket"):
        assert post(server, b"m v=1 1", f"org=my-org&bucket={bucket}", token).status == 401
    reply = front.answer(server.world, Request("GET", "/api/v2/buckets", [("Authorization", f"Token {token}")]))
    assert [found["name"] for found in reply.json()["buckets"]] == ["b"]
    assert post(server, b"m v=1 1", token=server.create_token()).status == 401


def test_mappings(server: Server) -> None:
    server.create_bucket("plant")
    server.create_mapping("telegraf", retention_policy="week", bucket="plant")
    request = Request("POST", "/write?db=telegraf&u=a&p=my-token", [], b"m v=1 1")
    assert front.answer(server.world, request).status == 204
    assert len(server.points(bucket="plant")) == 1


# ---------------------------------------------------------------- looking


def test_points_by_measurement_in_order(server: Server) -> None:
    assert post(server, b"b v=1 5\na,t=y v=1 2\na,t=x v=2 2\na v=3 1").status == 204
    assert [(p.measurement, p.tags, p.time) for p in server.points()] == [
        ("a", {}, 1), ("a", {"t": "x"}, 2), ("a", {"t": "y"}, 2), ("b", {}, 5),
    ]  # fmt: skip
    assert [p.fields for p in server.points("b")] == [{"v": 1.0}]
    assert server.points("c") == []


def test_rejected_tells_why(server: Server) -> None:
    post(server, b"m v=1 1")
    post(server, b"m v=2 2\n\nm v=3i 3")
    post(server, b"bad")
    conflict, malformed = server.rejected()
    assert (conflict.number, conflict.line, conflict.got, conflict.want) == (3, "m v=3i 3", "integer", "float")
    assert conflict.reason.name == "type_conflict"
    assert conflict.text.startswith('field type conflict: input field "v"')
    assert conflict.bucket == "my-bucket"
    assert (malformed.text, malformed.got, malformed.want) == ("unable to parse 'bad': missing fields", None, None)


def test_default_times_are_the_clock_s(server: Server) -> None:
    post(server, b"m,n=1 v=1")
    server.clock.advance(1.5)
    post(server, b"m,n=2 v=1", "org=my-org&bucket=my-bucket&precision=s")
    server.clock.advance(dt.timedelta(days=1))
    post(server, b"m,n=3 v=1")
    assert [point.time - NOW for point in server.points()] == [0, 10**9, 1_500_000_000 + DAY]


def test_retention_by_the_clock(server: Server) -> None:
    server.create_bucket("day", retention=86_400)
    query = "org=my-org&bucket=day"
    assert post(server, b"m v=1 %d" % (NOW - DAY), query).status == 204
    late = post(server, b"m v=2 %d" % (NOW - DAY - 1), query)
    assert late.status == 400
    assert late.json()["message"] == (
        "point outside retention policy of duration 24h0m0s: point m at 2023-11-13T22:13:19.999999999Z violates the "
        "lower bound at 2023-11-13T22:13:20Z"
    )
    assert [point.fields for point in server.points(bucket="day")] == [{"v": 1.0}]
    server.clock.advance(1)
    assert server.points(bucket="day") == [], "older than the bucket keeps"


@pytest.mark.parametrize(("switch", "status", "seen"), [("reject", 400, 0), ("drop", 204, 1), ("store", 204, 1)])
def test_late_points(switch: str, status: int, seen: int) -> None:
    server = Server(clock=AT, late_points=switch)
    server.create_bucket("day", retention=86_400)
    late = post(server, b"m v=1 1\nm v=2 %d" % NOW, "org=my-org&bucket=day")
    assert late.status == status
    assert len(server.points(bucket="day")) == seen
    assert [rejection.number for rejection in server.rejected()] == ([] if switch == "store" else [1])


def test_a_frozen_clock() -> None:
    server = Server(clock="frozen")
    before = server.clock.now()
    assert server.clock.frozen
    assert server.clock.now() == before
    server.clock.advance(1)
    assert server.clock.now() == before + 10**9


def test_settle_does_what_is_only_late(server: Server) -> None:
    done: list[str] = []
    server.world.due.add(NOW + 10**9, lambda now: done.append("late"), "a queued write", settles=True)
    server.world.due.add(NOW + 10**9, lambda now: done.append("timed"), "an expiry", settles=False)
    server.settle()
    assert done == ["late"]
    server.clock.advance(2)
    assert done == ["late", "timed"]


def test_reset(server: Server) -> None:
    ids = (server.org_id, server.bucket_id, server.auth_id)
    made = server.create_bucket("b").id
    token = server.create_token(write="b")
    post(server, b"m v=1 1\nbad")
    server.write("m v=1 1")
    server.fail(503)
    server.clock.advance(5)
    server.reset()
    assert (server.points(), server.rejected(), len(server.journal), server.faults) == ([], [], 0, [])
    assert (server.org_id, server.bucket_id, server.auth_id) == ids
    assert post(server, b"m v=1 1", token=token).status == 401
    assert server.create_bucket("b").id == made
    assert server.clock.now() == NOW + 5 * 10**9, "the clock goes on"


def test_an_exception_inside_is_the_edition_s_500(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> Reply:
        raise ZeroDivisionError("a mistake in mockflux")

    with monkeypatch.context() as patch:
        patch.setattr("mockflux.writing.commit.write", explode)
        reply = post(server, b"m v=1 1")
    assert (reply.status, reply.clause) == (500, "internal_error")
    assert reply.header("X-Platform-Error-Code") == "internal error"
    assert reply.json()["message"] == "An internal error has occurred - check server logs"
    (exchange,) = server.journal.errors()
    assert exchange.error is not None
    assert exchange.error.startswith("Traceback (most recent call last)")
    assert "ZeroDivisionError: a mistake in mockflux" in exchange.error
    assert post(server, b"m v=1 1").status == 204
