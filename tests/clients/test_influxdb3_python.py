"""influxdb3-python, unmodified, against every edition of InfluxDB 3.

What the client's own documents show of errors is shown here as they have it (InfluxCommunity/influxdb3-python):
README.md, "Accept partial writes and inspect failed lines"; ``examples/write/handle_http_error.py``; and the tests that
it runs against InfluxDB 3 Core 3.10, ``tests/test_influxdb_client_3_integration.py``.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pandas
import pytest
from influxdb_client_3 import InfluxDBClient3, InfluxDBError, Point, WriteOptions, write_client_options
from influxdb_client_3.exceptions import InfluxDB3ClientQueryError, InfluxDBPartialWriteError
from influxdb_client_3.write_client.write_exceptions import ApiException

from mockflux import Server

DISTRIBUTED = ["v3-serverless", "v3-dedicated", "v3-clustered"]
MONOLITH = ["v3-core", "v3-enterprise"]
#: Seconds after which something counts as hanging.
DEADLINE = 20.0

NAME = "influxdb_client_3"
Connect = Callable[..., Any]


@pytest.fixture(params=DISTRIBUTED + MONOLITH)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param, seed=1) as server:
        yield server


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Makes clients with the arguments that the server offers and others; all are closed at the end."""
    clients: list[Any] = []

    def connect(**kwargs: Any) -> Any:
        client = InfluxDBClient3(**{**server.client_kwargs(NAME), **kwargs})
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


distributed = pytest.mark.parametrize("server", DISTRIBUTED, indirect=True)
monolith = pytest.mark.parametrize("server", MONOLITH, indirect=True)


# ---------------------------------------------------------------- writing


def test_points(server: Server) -> None:
    at = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
    point = Point("home").tag("room", "living room").tag("floor", "1")
    point.field("temp", 21.5).field("n", 3).field("on", True).field("note", 'a "b", c=d').time(at)
    with server.client(NAME) as client:
        assert client.write(point) is None
        client.write([Point("home").tag("room", "attic").field("temp", 9.0).time(at), b"home,room=hall temp=1 1"])
    [attic, hall, living] = sorted(server.points("home"), key=lambda point: point.tags["room"])
    assert living.tags == {"floor": "1", "room": "living room"}
    assert living.fields == {"n": 3, "note": 'a "b", c=d', "on": True, "temp": 21.5}
    assert {name: type(value) for name, value in living.fields.items()} == {
        "n": int, "note": str, "on": bool, "temp": float,
    }  # fmt: skip
    assert attic.time == living.time == 1_700_000_000_000_000_000
    assert (attic.fields, hall.fields, hall.time) == ({"temp": 9.0}, {"temp": 1.0}, 1)


def test_line_protocol(server: Server, excerpt: list[str]) -> None:
    with server.client(NAME) as client:
        client.write("\n".join(excerpt))
    assert len(server.points("bitcoin")) == 120
    assert len(server.points("wind")) == 40
    [exchange] = server.journal
    assert (exchange.status, exchange.door, exchange.verdict.accepted) == (204, "v2-write", 160)


@monolith
def test_line_protocol_by_the_v3_api(server: Server, connect: Connect, excerpt: list[str]) -> None:
    connect(write_use_v2_api=False).write(excerpt)
    assert len(server.points()) == 160
    [exchange] = server.journal
    assert (exchange.status, exchange.door, exchange.path) == (204, "v3-write", "/api/v3/write_lp")


@pytest.mark.parametrize(
    ("precision", "time"),
    [("s", 1_700_000_000), ("ms", 1_700_000_000_000), ("us", 1_700_000_000_000_000), ("ns", 1_700_000_000_000_000_000)],
)
def test_each_precision(server: Server, connect: Connect, precision: str, time: int) -> None:
    connect().write(f"m v=1 {time}", write_precision=precision)
    if server.profile.id in MONOLITH:
        connect(write_use_v2_api=False).write(f"m v=1 {time}", write_precision=precision)
    assert {point.time for point in server.points("m")} == {1_700_000_000_000_000_000}


def test_with_gzip(server: Server, connect: Connect, excerpt: list[str]) -> None:
    connect(enable_gzip=True).write(excerpt)
    assert len(server.points()) == 160
    [exchange] = server.journal
    assert exchange.request.header("content-encoding") == "gzip"
    assert exchange.body[:2] == b"\x1f\x8b"


def test_data_frames(server: Server) -> None:
    """The first is the one that README.md writes."""
    caught = pandas.DataFrame(
        {
            "time": pandas.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
            "trainer": ["Ash", "Misty", "Brock"],
            "pokemon_id": [25, 120, 74],
            "pokemon_name": ["Pikachu", "Staryu", "Geodude"],
        }
    )
    indexed = pandas.DataFrame(
        {"room": ["attic", "hall"], "temp": [21.5, None], "n": [1, 2]},
        index=pandas.to_datetime([1_700_000_000_000_000_000, 1_700_000_000_000_000_001]),
    )
    with server.client(NAME) as client:
        client.write_dataframe(caught, measurement="caught", timestamp_column="time", tags=["trainer", "pokemon_id"])
        client.write(indexed, data_frame_measurement_name="home", data_frame_tag_columns=["room"])
    assert {(point.tags["trainer"], point.tags["pokemon_id"], point.fields["pokemon_name"], point.time)
            for point in server.points("caught")} == {
        ("Ash", "25", "Pikachu", 1_704_067_200_000_000_000),
        ("Misty", "120", "Staryu", 1_704_153_600_000_000_000),
        ("Brock", "74", "Geodude", 1_704_240_000_000_000_000),
    }  # fmt: skip
    assert [(point.tags, point.fields, point.time) for point in server.points("home")] == [
        ({"room": "attic"}, {"n": 1, "temp": 21.5}, 1_700_000_000_000_000_000),
        ({"room": "hall"}, {"n": 2}, 1_700_000_000_000_000_001),
    ]


def test_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    with InfluxDBClient3.from_env() as client:
        client.write("m v=1 1")
    assert len(server.points("m")) == 1


@pytest.mark.parametrize("edition", ["v3-clustered", "v3-core"])
def test_over_tls(edition: str) -> None:
    with Server(edition, tls=True) as server, server.client(NAME) as client:
        client.write("m v=1 1")
        assert server.points("m")[0].fields == {"v": 1.0}


@pytest.mark.parametrize("server", ["v3-dedicated", "v3-clustered", *MONOLITH], indirect=True)
def test_the_server_s_version(server: Server, connect: Connect) -> None:
    assert connect().get_server_version() == server.profile.version


# ---------------------------------------------------------------- batching


class Heard:
    """What the callbacks of a batching client were told."""

    def __init__(self) -> None:
        self.successes: list[str] = []
        self.errors: list[InfluxDBError] = []
        self.retries: list[InfluxDBError] = []
        self.told = threading.Condition()

    def options(self, **options: Any) -> Any:
        return write_client_options(
            success_callback=lambda conf, data: self._note(self.successes, data),
            error_callback=lambda conf, data, error: self._note(self.errors, error),
            retry_callback=lambda conf, data, error: self._note(self.retries, error),
            write_options=WriteOptions(
                **{"flush_interval": 100, "jitter_interval": 0, "retry_interval": 100, **options}
            ),
        )

    def _note(self, where: list[Any], what: Any) -> None:
        with self.told:
            where.append(what)
            self.told.notify_all()

    def wait_for(self, reached: Callable[[], bool]) -> None:
        with self.told:
            assert self.told.wait_for(reached, DEADLINE), "the client has called nobody"


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Heard:
    caplog.set_level(logging.CRITICAL, "influxdb_client_3")
    return Heard()


def test_batches(server: Server, connect: Connect, heard: Heard, excerpt: list[str]) -> None:
    client = connect(write_client_options=heard.options(batch_size=50, flush_interval=2_000))
    for line in excerpt:
        client.write(line)
    client.close()
    assert len(server.points()) == 160
    assert [exchange.verdict.accepted for exchange in server.journal] == [50, 50, 50, 10]
    assert (len(heard.successes), heard.errors) == (4, [])


def test_a_batch_is_retried(server: Server, connect: Connect, heard: Heard) -> None:
    """After a 503: the edition's own where it has one, else the balancer's."""
    server.fail(503, times=2, by="proxy" if server.profile.id in MONOLITH else "edition")
    client = connect(write_client_options=heard.options(batch_size=1))
    client.write("m v=1 1")
    heard.wait_for(lambda: bool(heard.successes))
    assert [exchange.status for exchange in server.journal] == [503, 503, 204]
    assert [(type(error), error.response.status) for error in heard.retries] == [(InfluxDBError, 503)] * 2
    assert (len(server.points("m")), heard.errors) == (1, [])


def test_a_batch_that_is_refused_in_part(server: Server, connect: Connect, heard: Heard) -> None:
    client = connect(write_client_options=heard.options(batch_size=2))
    client.write(["m v=1 1", "m v= 2"])
    heard.wait_for(lambda: bool(heard.errors))
    [error] = heard.errors
    assert (type(error), error.response.status) == (ApiException, 400)
    assert [point.time for point in server.points("m")] == [1]
    assert [exchange.status for exchange in server.journal] == [400]  # no second attempt


# ---------------------------------------------------------------- a partial write

#: README.md's, and the client's own test's.
README = 'home,room=Sunroom temp=96 1735545600\nhome,room=Sunroom temp="hi" 1735549200'
FLOAT, STRING = "iox::column_type::field::float", "iox::column_type::field::string"
CONFLICT = f"invalid column type for column 'temp', expected {FLOAT}, got {STRING}"
DISTRIBUTED_CONFLICT = f"Unable to insert {STRING} type into column temp with type {FLOAT}"
LISTED = "failed to parse line protocol:\nerrors encountered on line(s):\nerror writing line 2 (1-based): "


def assert_the_first_line_is_stored(server: Server) -> None:
    [point] = server.points()
    assert (point.tags, point.fields, point.time) == ({"room": "Sunroom"}, {"temp": 96.0}, 1_735_545_600)


@monolith
def test_what_the_readme_shows_of_a_partial_write(server: Server, connect: Connect) -> None:
    client = connect(write_use_v2_api=False)
    printed = []
    try:
        client.write(README)
    except InfluxDBPartialWriteError as e:
        for line_err in e.line_errors:
            printed.append(f"line {line_err.line_number} failed: {line_err.error_message} ({line_err.original_line})")
    assert printed == [f"line 2 failed: {CONFLICT} (home,room=Sunroom te)"]
    assert_the_first_line_is_stored(server)


@monolith
def test_the_fields_of_a_partial_write(server: Server, connect: Connect) -> None:
    with pytest.raises(InfluxDBPartialWriteError) as caught:
        connect(write_use_v2_api=False).write(README + "\nhome temp=\nhome temp=97 1735549201")
    error = caught.value
    assert [(line.line_number, line.original_line) for line in error.line_errors] == [
        (2, "home,room=Sunroom te"), (3, "home temp="),
    ]  # fmt: skip
    first, second, third = str(error).split("\n")
    assert first == "partial write of line protocol occurred:"
    assert second == f"\tline 2: {CONFLICT} (home,room=Sunroom te)"
    assert third.startswith("\tline 3: ")
    assert error.message == str(error)
    assert (error.response.status, error.retry_after) == (400, None)
    assert len(server.points("home")) == 2


@monolith
def test_partial_writes_disabled(server: Server, connect: Connect) -> None:
    """As the client's own test has it, test_v3_error."""
    with pytest.raises(ApiException) as caught:
        connect(write_use_v2_api=False, write_accept_partial=False).write(README)
    error = caught.value
    assert (error.status, error.message) == (400, "line protocol parsing error")
    body = json.loads(error.body)
    assert body["error"] == "line protocol parsing error"
    assert (body["data"]["line_number"], body["data"]["error_message"]) == (2, CONFLICT)
    assert server.points() == []


def test_a_partial_write_by_the_v2_api(server: Server, connect: Connect) -> None:
    """The form that all editions share there is no partial write to the client, but an error like others."""
    reason = CONFLICT if server.profile.id in MONOLITH else DISTRIBUTED_CONFLICT
    with pytest.raises(ApiException) as caught:
        connect().write(README)
    error = caught.value
    assert not isinstance(error, InfluxDBPartialWriteError)
    assert (error.status, error.reason, error.message) == (400, "Bad Request", f"invalid: {LISTED}{reason}")
    assert json.loads(error.body) == {"code": "invalid", "line": 2, "message": LISTED + reason}
    assert_the_first_line_is_stored(server)


@pytest.mark.parametrize("edition", ["v3-dedicated", "v3-clustered"])
def test_without_partial_writes_nothing_is_stored(edition: str) -> None:
    with Server(edition, partial_writes=False) as server, server.client(NAME) as client:
        with pytest.raises(ApiException) as caught:
            client.write(README)
        assert caught.value.message == f"invalid: {LISTED}{DISTRIBUTED_CONFLICT}"
        assert server.points() == []


# ---------------------------------------------------------------- unauthorized

MALFORMED = (
    "Authorization header was malformed, the request was not in the form of "
    "'Authorization: <auth-scheme> <token>', supported auth-schemes are Bearer, Token and Basic"
)


@monolith
@pytest.mark.parametrize("wrong", [{"token": "fake token"}, {"auth_scheme": "Any"}])
def test_what_the_client_s_own_tests_show_of_unauthorized(
    server: Server, connect: Connect, wrong: dict[str, str]
) -> None:
    """test_auth_error_token and test_auth_error_auth_scheme."""
    with pytest.raises(InfluxDBError) as caught:
        connect(**wrong).write("integration_test_python,type=used value=123.0,test_id=1i")
    assert caught.value.message == MALFORMED
    assert server.points() == []


@pytest.mark.parametrize("use_v2_api", [True, False])
@monolith
def test_an_unknown_token(server: Server, connect: Connect, use_v2_api: bool) -> None:
    with pytest.raises(ApiException) as caught:
        connect(token="fake", write_use_v2_api=use_v2_api).write("m v=1 1")
    error = caught.value
    assert (error.status, error.reason, error.message) == (401, "Unauthorized", "the request was not authenticated")
    assert server.points() == []


@distributed
@pytest.mark.parametrize("wrong", [{"token": "fake"}, {"token": "fake token"}, {"auth_scheme": "Any"}])
def test_unauthorized_without_a_body(server: Server, connect: Connect, wrong: dict[str, str]) -> None:
    """The client takes its message from a header if there is one, else from the status line."""
    with pytest.raises(ApiException) as caught:
        connect(**wrong).write("m v=1 1")
    error = caught.value
    assert (error.status, error.reason, error.body) == (401, "Unauthorized", "")
    assert error.message == error.headers.get("X-Platform-Error-Code", "Unauthorized")
    assert server.points() == []


@pytest.mark.parametrize("edition", DISTRIBUTED)
def test_unauthorized_with_a_body(edition: str) -> None:
    """As their API reference has it."""
    with Server(edition, error_bodies="spec") as server:
        arguments = {**server.client_kwargs(NAME), "token": "fake"}
        with InfluxDBClient3(**arguments) as client, pytest.raises(ApiException) as caught:
            client.write("m v=1 1")
    assert (caught.value.status, caught.value.message) == (401, "unauthorized: unauthorized access")


# ---------------------------------------------------------------- what the client's example logs


def logged(client: Any) -> tuple[str, list[str]]:
    """What ``examples/write/handle_http_error.py`` logs of its line: the error, and the names of the headers."""
    lp = "drone,location=harfa,id=A16E22 speed=18.7,alt=97.6,shutter="
    with pytest.raises(InfluxDBError) as caught:
        client.write(lp)
    idberr = caught.value
    headers = idberr.getheaders()
    return "WRITE ERROR: %s (%s)" % (idberr.response.status, idberr.message), sorted(h.lower() for h in headers)  # noqa: UP031


def test_the_example_logs_a_malformed_line(server: Server, connect: Connect) -> None:
    error, headers = logged(connect())
    start = "WRITE ERROR: 400 (invalid: failed to parse line protocol:\nerrors encountered on line(s):\n"
    assert error.startswith(start + "error parsing line 1 (1-based): ")
    assert {"content-length", "date"} <= set(headers)
    assert server.points() == []


@monolith
def test_the_example_logs_unauthorized(server: Server, connect: Connect) -> None:
    error, headers = logged(connect(token="fake"))
    assert error == "WRITE ERROR: 401 (the request was not authenticated)"
    assert headers == ["cluster-uuid", "content-length", "date"]


@pytest.mark.parametrize("server", ["v3-dedicated", "v3-clustered"], indirect=True)
def test_the_example_logs_unauthorized_without_a_body(server: Server, connect: Connect) -> None:
    error, headers = logged(connect(token="fake"))
    assert error == "WRITE ERROR: 401 (Unauthorized)"
    assert headers == ["content-length", "date"]


# ---------------------------------------------------------------- what an edition does not have


@distributed
def test_no_v3_api(server: Server, connect: Connect) -> None:
    """405, of which the client has its own message and no status."""
    with pytest.raises(ApiException) as caught:
        connect(write_use_v2_api=False).write("m v=1 1")
    error = caught.value
    assert error.message == (
        "Server doesn't support the V3 API endpoint (/api/v3/write_lp). Set use_v2_api=True to use the V2 API endpoint."
    )
    assert error.status == 0
    assert (server.journal[-1].status, server.points()) == (405, [])


def test_a_database_that_is_not_there(server: Server, connect: Connect) -> None:
    """Core and Enterprise make it; the others have no such database or bucket."""
    client = connect(database="plant")
    if server.profile.id in MONOLITH:
        client.write("m v=1 1")
        assert len(server.points("m", database="plant")) == 1
    else:
        with pytest.raises(ApiException) as caught:
            client.write("m v=1 1")
        assert (caught.value.status, caught.value.reason) == (404, "Not Found")
        assert "plant" in caught.value.message
        assert server.points() == []


@pytest.mark.timeout(DEADLINE)
def test_queries_are_not_simulated(server: Server, connect: Connect) -> None:
    """They come by gRPC, which is HTTP/2: the connection ends, and the client gives up at once."""
    with pytest.raises(InfluxDB3ClientQueryError, match=r"^Error while executing query: Flight returned unavailable"):
        connect().query("select * from home")
    exchange = server.journal[-1]
    assert (exchange.method, exchange.status, exchange.simulated) == ("PRI", None, False)
    assert list(server.journal.not_simulated()) == ["PRI *"]
