"""influxdb-client (of InfluxDB 2) and influxdb (of InfluxDB 1), unmodified, against every edition of InfluxDB 3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from mockflux import Server

# The client of InfluxDB 1 makes its epoch in a way that Python 3.12 frowns upon.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

MONOLITH = ("v3-core", "v3-enterprise")
FLOAT, STRING = "iox::column_type::field::float", "iox::column_type::field::string"
MESSAGES = {
    True: f"invalid column type for column 'v', expected {FLOAT}, got {STRING}",
    False: f"Could not insert column: Existing table schema specifies column v is type {FLOAT}, "
    f"but type {STRING} was given",
}


@pytest.fixture(params=["v3-serverless", "v3-dedicated", "v3-clustered", *MONOLITH])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param, seed=1) as server:
        yield server


def message(server: Server) -> str:
    """What the server says of one line whose field ``v`` is a string and no longer a float."""
    reason = MESSAGES[server.profile.id in MONOLITH]
    return f"failed to parse line protocol:\nerrors encountered on line(s):\nerror writing line 1 (1-based): {reason}"


def assert_one_point(server: Server) -> None:
    [point] = server.points()
    assert (point.measurement, point.tags, point.fields, point.time) == ("home", {"room": "attic"}, {"v": 21.5}, 1)


def test_the_client_of_influxdb_2(server: Server) -> None:
    bucket = server.bucket or server.database
    with server.client("influxdb_client") as client, client.write_api(write_options=SYNCHRONOUS) as writer:
        writer.write(bucket, record="home,room=attic v=21.5 1")
        with pytest.raises(ApiException) as caught:
            writer.write(bucket, record='home,room=attic v="x" 2')
    assert (caught.value.status, caught.value.reason, caught.value.message) == (400, "Bad Request", message(server))
    assert_one_point(server)
    assert [(exchange.door, exchange.status) for exchange in server.journal] == [("v2-write", 204), ("v2-write", 400)]


def test_the_client_of_influxdb_2_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    with InfluxDBClient.from_env_properties() as client, client.write_api(write_options=SYNCHRONOUS) as writer:
        writer.write(server.bucket or server.database, record="m v=1 1")
    assert len(server.points("m")) == 1


@pytest.fixture
def v1(server: Server) -> Iterator[Any]:
    client = server.client("influxdb")
    yield client
    client.close()


def test_the_client_of_influxdb_1(server: Server, v1: Any) -> None:
    from influxdb.exceptions import InfluxDBClientError

    point = {"measurement": "home", "tags": {"room": "attic"}, "fields": {"v": 21.5}, "time": 1}
    assert v1.write_points([point]) is True
    with pytest.raises(InfluxDBClientError) as caught:
        v1.write_points([{**point, "fields": {"v": "x"}, "time": 2}])
    assert caught.value.code == 400
    assert json.loads(caught.value.content) == {"code": "invalid", "line": 1, "message": message(server)}
    assert_one_point(server)
    assert [(exchange.door, exchange.status) for exchange in server.journal] == [("v1-write", 204), ("v1-write", 400)]


def test_the_client_of_influxdb_1_with_gzip_and_precision(server: Server) -> None:
    from influxdb import InfluxDBClient as V1

    client = V1(**server.client_kwargs("influxdb"), gzip=True)
    try:
        client.write_points(["m v=1 1700000000"], time_precision="s", protocol="line")
    finally:
        client.close()
    assert [point.time for point in server.points("m")] == [1_700_000_000_000_000_000]


def test_a_password_that_is_no_token(server: Server) -> None:
    from influxdb import InfluxDBClient as V1
    from influxdb.exceptions import InfluxDBClientError

    client = V1(**{**server.client_kwargs("influxdb"), "password": "root"})
    try:
        with pytest.raises(InfluxDBClientError) as caught:
            client.write_points(["m v=1 1"], protocol="line")
    finally:
        client.close()
    assert caught.value.code == 401
    assert server.points() == []
