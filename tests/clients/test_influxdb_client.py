"""influxdb-client for Python, unmodified, writing synchronously; and the look-ups that it makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from influxdb_client import InfluxDBClient, Point, WritePrecision
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError

from mockflux import Server

Connect = Callable[..., Any]


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Makes clients with the arguments that the server offers and others; all are closed at the end."""
    clients: list[Any] = []

    def connect(**kwargs: Any) -> Any:
        client = InfluxDBClient(**{**server.client_kwargs("influxdb_client"), **kwargs})
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def write(connect: Connect, server: Server) -> Callable[..., Any]:
    """Writes to the server's bucket with the client's synchronous API."""
    api = connect().write_api(write_options=SYNCHRONOUS)
    return lambda record, **kwargs: api.write(bucket=kwargs.pop("bucket", server.bucket), record=record, **kwargs)


def assert_as_excerpt(server: Server) -> None:
    """All 160 points are there, each as its line says (spot checks of every type and escape)."""
    assert len(server.points("bitcoin")) == 120
    wind = server.points("wind")
    assert len(wind) == 40
    first = wind[0]
    assert first.tags == {"area": "DE,LU", "kind": "onshore"}
    assert {name: type(value) for name, value in first.fields.items()} == {
        "forecast": bool, "power": int, "samples": int, "share": float, "source": str,
    }  # fmt: skip
    assert first.fields["source"] == 'ENTSO-E "day ahead"'
    pounds = [point for point in server.points("bitcoin") if point.tags["code"] == "GBP"]
    assert len(pounds) == 40
    assert pounds[0].tags["description"] == "British Pound Sterling"
    assert pounds[0].tags["symbol"] == "&pound;"
    assert pounds[0].fields == {"price": 25102.4301}
    assert pounds[0].time == 1_682_900_340_000_000_000


# ---------------------------------------------------------------- writing


def test_an_excerpt_of_real_looking_data(server: Server, write: Callable[..., Any], excerpt: list[str]) -> None:
    assert write("\n".join(excerpt)) is None
    assert_as_excerpt(server)
    (exchange,) = server.journal
    assert (exchange.status, exchange.door, exchange.verdict.accepted) == (204, "v2-write", 160)


def test_with_gzip(server: Server, connect: Connect, excerpt: list[str]) -> None:
    with connect(enable_gzip=True).write_api(write_options=SYNCHRONOUS) as api:
        api.write(bucket=server.bucket, record=excerpt)
    assert_as_excerpt(server)
    (exchange,) = server.journal
    assert exchange.request.header("content-encoding") == "gzip"
    assert exchange.body[:2] == b"\x1f\x8b"


def test_points_dicts_and_tuples(server: Server, write: Callable[..., Any]) -> None:
    at = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
    write(Point("home").tag("room", "living room").field("temp", 21.5).field("on", True).time(at))
    write({"measurement": "home", "tags": {"room": "hall"}, "fields": {"n": 3}, "time": at})
    write([b'home,room=attic note="a=b, c" 1700000000000000000'])
    assert [(point.tags["room"], point.fields) for point in server.points("home")] == [
        ("attic", {"note": "a=b, c"}),
        ("hall", {"n": 3}),
        ("living room", {"on": True, "temp": 21.5}),
    ]
    assert {point.time for point in server.points()} == {1_700_000_000_000_000_000}


@pytest.mark.parametrize(
    ("precision", "time"),
    [
        (WritePrecision.S, 1_700_000_000),
        (WritePrecision.MS, 1_700_000_000_000),
        (WritePrecision.US, 1_700_000_000_000_000),
        (WritePrecision.NS, 1_700_000_000_000_000_000),
    ],
)
def test_each_precision(server: Server, write: Callable[..., Any], precision: str, time: int) -> None:
    write(f"m v=1 {time}", write_precision=precision)
    assert server.points()[0].time == 1_700_000_000_000_000_000


def test_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    with InfluxDBClient.from_env_properties() as client:
        client.write_api(write_options=SYNCHRONOUS).write(bucket=server.bucket, record="m v=1")
    assert len(server.points("m")) == 1


def test_over_tls() -> None:
    with Server("v2-oss", tls=True) as server, server.client("influxdb_client") as client:
        client.write_api(write_options=SYNCHRONOUS).write(bucket=server.bucket, record="m v=1 1")
        assert client.ping()
        assert server.points("m")[0].fields == {"v": 1.0}


# ---------------------------------------------------------------- errors


def assert_error(error: ApiException, status: int, reason: str, code: str, message: str) -> None:
    """The exception has what the reply said, and exactly the headers that InfluxDB's own clients count."""
    assert (error.status, error.reason, error.message) == (status, reason, message)
    names = {name for name in error.headers if name != "Retry-After"}
    assert names == {
        "Content-Length", "Content-Type", "Date", "X-Influxdb-Build", "X-Influxdb-Version", "X-Platform-Error-Code",
    }  # fmt: skip
    assert error.headers["X-Platform-Error-Code"] == code
    assert error.headers["X-Influxdb-Build"] == "OSS"
    assert error.headers["X-Influxdb-Version"].startswith("v")
    assert f"({status})\nReason: {reason}\n" in str(error)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("good v=1 1\nhome", "unable to parse 'home': missing fields"),
        (
            'm v=1 1\nm v="one" 2',
            'field type conflict: input field "v" on measurement "m" is type string, already exists as type float',
        ),
    ],
    ids=["malformed", "type conflict"],
)
def test_400(server: Server, write: Callable[..., Any], lines: str, message: str) -> None:
    with pytest.raises(ApiException) as caught:
        write(lines)
    assert_error(caught.value, 400, "Bad Request", "invalid", message)
    assert server.points() == []


def test_401(server: Server, connect: Connect) -> None:
    for token, message in (
        ("wrong", "unauthorized access"),
        (server.read_token, "insufficient permissions for write"),
    ):
        api = connect(token=token).write_api(write_options=SYNCHRONOUS)
        with pytest.raises(ApiException) as caught:
            api.write(bucket=server.bucket, record="m v=1 1")
        assert_error(caught.value, 401, "Unauthorized", "unauthorized", message)
    assert server.points() == []


def test_401_even_for_an_empty_body(connect: Connect) -> None:
    """InfluxDB's own suite relies on it (influxdb-client-python, tests/test_WriteApi.py)."""
    api = connect(token="wrong").write_api(write_options=SYNCHRONOUS)
    with pytest.raises(ApiException) as caught:
        api.write(bucket="nowhere", record="")
    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("where", "message"),
    [({"org": "acme"}, 'organization name "acme" not found'), ({"bucket": "plant"}, 'bucket "plant" not found')],
    ids=["organization", "bucket"],
)
def test_404(server: Server, write: Callable[..., Any], where: dict[str, str], message: str) -> None:
    with pytest.raises(ApiException) as caught:
        write("m v=1 1", **where)
    assert_error(caught.value, 404, "Not Found", "not found", message)
    assert server.points() == []


@pytest.mark.parametrize("gzip", [False, True])
def test_413(excerpt: list[str], gzip: bool) -> None:
    with (
        Server("v2-oss", max_body=5_000) as server,
        InfluxDBClient(**server.client_kwargs("influxdb_client"), enable_gzip=gzip) as client,
    ):
        api = client.write_api(write_options=SYNCHRONOUS)
        with pytest.raises(ApiException) as caught:
            api.write(bucket=server.bucket, record=excerpt)
        message = "unable to read data: points batch is too large"
        assert_error(caught.value, 413, "Request Entity Too Large", "request too large", message)
        assert server.points() == []
        api.write(bucket=server.bucket, record=excerpt[:20])
        assert len(server.points()) == 20


def test_500(server: Server, write: Callable[..., Any]) -> None:
    server.fail(500)
    with pytest.raises(ApiException) as caught:
        write("m v=1 1")
    message = "An internal error has occurred - check server logs"
    assert_error(caught.value, 500, "Internal Server Error", "internal error", message)
    write("m v=1 1")
    assert len(server.points()) == 1


def test_503(server: Server, write: Callable[..., Any]) -> None:
    server.fail(503, retry_after=3)
    with pytest.raises(ApiException) as caught:
        write("m v=1 1")
    message = "server is temporarily unavailable to accept writes"
    assert_error(caught.value, 503, "Service Unavailable", "unavailable", message)
    assert caught.value.retry_after == "3"
    assert caught.value.headers["Retry-After"] == "3"


@pytest.mark.parametrize(("status", "reason"), [(429, "Too Many Requests"), (502, "Bad Gateway")])
def test_what_a_proxy_says_is_the_message_itself(
    server: Server, write: Callable[..., Any], status: int, reason: str
) -> None:
    server.fail(status, by="proxy")
    with pytest.raises(ApiException) as caught:
        write("m v=1 1")
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert f"<h1>{status} {reason}</h1>".encode() in caught.value.message.encode()
    assert "X-Influxdb-Version" not in caught.value.headers


@pytest.mark.parametrize(("transport", "stored"), [("reset_before", 0), ("reset_after", 1), ("truncate", 1)])
def test_broken_transmissions_are_no_api_exceptions(
    server: Server, write: Callable[..., Any], transport: Any, stored: int
) -> None:
    server.fail(transport=transport)
    with pytest.raises((ProtocolError, MaxRetryError)):
        write("m v=1 1")
    assert len(server.points()) == stored


def test_a_timeout_is_urllib3_s(server: Server, connect: Connect) -> None:
    server.fail(delay=30)
    api = connect(timeout=200).write_api(write_options=SYNCHRONOUS)
    with pytest.raises(HTTPError, match=r"timed out"):
        api.write(bucket=server.bucket, record="m v=1 1")


# ---------------------------------------------------------------- look-ups


def test_ping_version_and_build(connect: Connect, server: Server) -> None:
    client = connect()
    assert client.ping() is True
    assert client.version() == server.profile.version
    assert client.build().lower() == "oss"


def test_health_and_ready(connect: Connect, server: Server) -> None:
    client = connect()
    with pytest.warns(DeprecationWarning, match="ping"):
        health = client.health()
    assert (health.name, health.status, health.version) == ("influxdb", "pass", server.profile.version)
    ready = client.ready()
    assert ready.status == "ready"
    assert ready.started.timestamp() == pytest.approx(server.world.started / 1e9, abs=1e-3)


def test_buckets(connect: Connect, server: Server) -> None:
    api = connect().buckets_api()
    found = api.find_bucket_by_name("my-bucket")
    assert (found.id, found.name, found.org_id, found.type) == (server.bucket_id, "my-bucket", server.org_id, "user")
    assert api.find_bucket_by_name("nowhere") is None
    made = server.create_bucket("short", retention=3600)
    rules = api.find_bucket_by_name("short").retention_rules
    assert [(rule.type, rule.every_seconds) for rule in rules] == [("expire", 3600)]
    names = [bucket.name for bucket in api.find_buckets().buckets]
    assert names == ["_monitoring", "_tasks", "my-bucket", "short"]
    assert [bucket.name for bucket in api.find_buckets_iter()] == names
    assert api.find_buckets(id=made.id).buckets[0].name == "short"


def test_organizations(connect: Connect, server: Server) -> None:
    api = connect().organizations_api()
    assert [(org.id, org.name) for org in api.find_organizations(org="my-org")] == [(server.org_id, "my-org")]
    with pytest.raises(ApiException) as caught:
        api.find_organizations(org="acme")
    assert (caught.value.status, caught.value.message) == (404, 'organization name "acme" not found')


def test_what_is_not_simulated_is_no_silent_success(connect: Connect, server: Server) -> None:
    with pytest.raises(ApiException) as caught:
        connect().tasks_api().find_tasks()
    assert (caught.value.status, caught.value.message) == (404, "path not found")
    assert server.journal.not_simulated() == {"GET /api/v2/tasks": 1}
