"""influxdb-client (of InfluxDB 2) and influxdb (of InfluxDB 1), unmodified, against InfluxDB Cloud: what happens after
a 204, quotas that are waited out by the world's clock, and the resources that Cloud has."""

from __future__ import annotations

import datetime as dt
import http.client
import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from influxdb_client import BucketRetentionRules, BucketSchemasService, InfluxDBClient, PostBucketRequest, WriteOptions
from influxdb_client import MeasurementSchemaColumn as Column
from influxdb_client import MeasurementSchemaCreateRequest as NewSchema
from influxdb_client import MeasurementSchemaUpdateRequest as ChangedSchema
from influxdb_client.client.write.retry import WritesRetry
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.schema_type import SchemaType
from influxdb_client.rest import ApiException
from reactivex.scheduler import ThreadPoolScheduler

from mockflux import Server
from mockflux.clock import Clock
from mockflux.exchange import Exchange

# The client of InfluxDB 1 makes its epoch in a way that Python 3.12 frowns upon.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

SECOND = 10**9
#: The ns in which a quota is counted.
WINDOW = 300 * SECOND
#: A moment at which a window begins.
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
#: Seconds after which something counts as hanging.
DEADLINE = 20.0
#: Retries after which a writer counts as starved.
PATIENCE = 10_000


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("v2-cloud", seed=1, clock=NOON) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Any]:
    with server.client("influxdb_client") as client:
        yield client


@pytest.fixture
def write(server: Server, client: Any) -> Callable[..., Any]:
    """Writes to the server's bucket, or another, with the client's synchronous API."""
    api = client.write_api(write_options=SYNCHRONOUS)
    return lambda record, bucket=server.bucket, **kwargs: api.write(bucket, record=record, **kwargs)


# ---------------------------------------------------------------- quotas


def windows(exchanges: Sequence[Exchange], status: int) -> Counter[int]:
    """How many of the exchanges had this status, by the window in which they came."""
    return Counter(exchange.time // WINDOW for exchange in exchanges if exchange.status == status)


def retry_after(exchange: Exchange) -> int:
    """The seconds that the reply asks for."""
    assert exchange.reply is not None
    return int(exchange.reply.header("Retry-After") or "")


def test_ten_thousand_points_pass_a_quota_of_ten_requests(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "influxdb_client")
    lines = [f"m,host=h{n % 7} v={n}i {n}" for n in range(10_000)]
    with Server("v2-cloud", max_requests=10, clock="frozen") as server:

        def wait(retry: WritesRetry, response: Any) -> bool:
            server.clock.advance(retry.get_retry_after(response))
            return True

        monkeypatch.setattr(WritesRetry, "sleep_for_retry", wait)
        options = WriteOptions(batch_size=100)
        with server.client("influxdb_client") as client, client.write_api(write_options=options) as writer:
            writer.write(server.bucket, record=lines)
        server.settle()
        journal = list(server.journal)
        assert list(windows(journal, 204).values()) == [10] * 10, "ten windows, each of them full"
        assert list(windows(journal, 429).values()) == [1] * 9, "and the writer asked once too often in nine of them"
        for refused, retried in itertools.pairwise(journal):
            if refused.status == 429:
                assert (retried.status, retried.body) == (204, refused.body), "the batch is sent again, and taken"
                assert retried.time == refused.time + retry_after(refused) * SECOND
        accepted = [exchange.body.decode().split("\n") for exchange in journal if exchange.status == 204]
        assert [len(batch) for batch in accepted] == [100] * 100
        assert sorted(line for batch in accepted for line in batch) == sorted(lines), "each line once"
        stored = {(point.time, point.tags["host"], point.fields["v"]) for point in server.points("m")}
        assert stored == {(n, f"h{n % 7}", n) for n in range(10_000)}
        assert len(server.points()) == 10_000
        assert server.rejected() == []


class WaitingRoom:
    """Where writers wait for a time of the world's. While one of them works time stands; once all wait it goes on to
    the first one's time."""

    def __init__(self, clock: Clock, writers: int) -> None:
        self._clock, self._working = clock, writers
        self._until: list[int] = []
        self._changed = threading.Condition()

    def wait(self, seconds: float) -> None:
        """Come back after whole seconds of the world's time."""
        with self._changed:
            until = self._clock.now() + int(seconds) * SECOND
            self._until.append(until)
            self._rest()
            assert self._changed.wait_for(lambda: until not in self._until, DEADLINE), "the others never wait"

    def leave(self) -> None:
        """Never wait again."""
        with self._changed:
            self._rest()

    def _rest(self) -> None:
        self._working -= 1
        if self._working or not self._until:
            return
        first = min(self._until)
        self._clock.advance((first - self._clock.now()) // SECOND)
        self._working = self._until.count(first)
        self._until = [until for until in self._until if until != first]
        self._changed.notify_all()


Writer = Callable[[Server, WaitingRoom, list[str]], None]


def by_hand(server: Server, room: WaitingRoom, bodies: list[str]) -> None:
    """Each body until it is taken, over one connection."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    headers = {"Authorization": f"Token {server.token}"}
    try:
        for body in bodies:
            while True:
                connection.request("POST", f"/api/v2/write?bucket={server.bucket}", body, headers)
                response = connection.getresponse()
                response.read()
                if response.status != 429:
                    break
                room.wait(int(response.headers["Retry-After"]))
            assert response.status == 204
    finally:
        connection.close()


def synchronous(server: Server, room: WaitingRoom, bodies: list[str]) -> None:
    """influxdb-client's synchronous writer, retrying."""
    retries = WritesRetry(total=PATIENCE, allowed_methods=["POST"])
    with InfluxDBClient(**server.client_kwargs("influxdb_client"), retries=retries) as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        for body in bodies:
            api.write(server.bucket, record=body)


def batching(server: Server, room: WaitingRoom, bodies: list[str]) -> None:
    """influxdb-client's batching writer, which retries by itself. Without a scheduler of their own all batching writers
    of a process share one thread, and wait for each other."""
    own = ThreadPoolScheduler(1)
    options = WriteOptions(batch_size=1, max_retries=PATIENCE, write_scheduler=own)
    try:
        with server.client("influxdb_client") as client, client.write_api(write_options=options) as writer:
            writer.write(server.bucket, record=bodies)
    finally:
        own.executor.shutdown()


@pytest.mark.parametrize("writer", [by_hand, synchronous, batching])
def test_eight_writers_obey_retry_after_and_all_finish(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "influxdb_client")
    writers, requests, quota = 8, 15, 10
    with Server("v2-cloud", max_requests=quota, clock=NOON) as server:
        room = WaitingRoom(server.clock, writers)

        def wait(retry: WritesRetry, response: Any) -> bool:
            room.wait(retry.get_retry_after(response))
            return True

        def run(number: int) -> None:
            try:
                writer(server, room, [f"m,writer=w{number} v={n}i {n}" for n in range(requests)])
            finally:
                room.leave()

        monkeypatch.setattr(WritesRetry, "sleep_for_retry", wait)
        with ThreadPoolExecutor(writers) as pool:
            for done in [pool.submit(run, number) for number in range(writers)]:
                done.result(DEADLINE)
        server.settle()
        journal = list(server.journal)
        assert {exchange.status for exchange in journal} == {204, 429}
        assert list(windows(journal, 204).values()) == [quota] * (writers * requests // quota), "never more, never less"
        for number in range(writers):
            own = [exchange for exchange in journal if f"writer=w{number} ".encode() in exchange.body]
            assert [exchange.body for exchange in own if exchange.status == 204] == [
                b"m,writer=w%d v=%di %d" % (number, n, n) for n in range(requests)
            ]
            for refused, retried in itertools.pairwise(own):
                if refused.status == 429:
                    assert retried.time == refused.time + retry_after(refused) * SECOND
                    assert retried.body == refused.body
        stored = Counter((point.tags["writer"], point.time) for point in server.points("m"))
        assert stored == Counter((f"w{number}", n) for number in range(writers) for n in range(requests))


def test_who_does_not_retry_is_told_when_to() -> None:
    with Server("v2-cloud", max_requests=1, clock=NOON) as server, server.client("influxdb_client") as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        api.write(server.bucket, record="m v=1 1")
        server.clock.advance(60)
        with pytest.raises(ApiException) as caught:
            api.write(server.bucket, record="m v=1 2")
        assert (caught.value.status, caught.value.reason) == (429, "Too Many Requests")
        assert caught.value.message == f"org {server.org_id} has exceeded limited_write plan limit"
        [event] = server.points("events", bucket="_monitoring")
        assert event.fields == {"event_type_limited_write": 1}
        assert caught.value.retry_after == "240"
        server.clock.advance(240)
        api.write(server.bucket, record="m v=1 2")
        server.settle()
        assert [point.time for point in server.points()] == [1, 2]


def test_too_many_series() -> None:
    with Server("v2-cloud", max_series=1) as server, server.client("influxdb_client") as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        api.write(server.bucket, record="m,host=a v=1 1")
        with pytest.raises(ApiException) as caught:
            api.write(server.bucket, record="m,host=b v=1 1")
        assert (caught.value.status, caught.value.reason) == (503, "Service Unavailable")
        assert caught.value.message == "Series cardinality exceeds your plan's service quota"
        assert caught.value.retry_after is None


# ---------------------------------------------------------------- what happens after a 204


def test_the_way_that_the_document_recommends(server: Server, write: Callable[..., Any]) -> None:
    """Write, wait, look into ``_monitoring``."""
    write("home,room=attic temp=21i 1")
    write("home,room=attic temp=21.5,co=0i 2")
    assert [exchange.status for exchange in server.journal] == [204, 204]
    server.settle()
    [entry] = server.points("rejected_points", bucket="_monitoring")
    assert entry.tags == {
        "bucket": server.bucket_id,
        "field": "temp",
        "gotType": "Float",
        "measurement": "home",
        "reason": "type conflict with existing data",
        "wantType": "Integer",
    }
    assert entry.fields == {"count": 1}
    [rejection] = server.rejected()
    assert (rejection.line, rejection.got, rejection.want) == ("home,room=attic temp=21.5,co=0i 2", "float", "integer")
    assert [point.fields for point in server.points("home")] == [{"temp": 21}, {"co": 0}]


def test_a_conflict_within_a_batch(server: Server, write: Callable[..., Any]) -> None:
    write(["home temp=21.5 1", "home temp=22i 2"])
    server.settle()
    [entry] = server.points("rejected_points", bucket="_monitoring")
    reason = "type conflict in batch write"
    assert [entry.tags[name] for name in ("reason", "gotType", "wantType")] == [reason, "Integer", "Float"]


def test_a_malformed_line_is_refused_at_once(server: Server, write: Callable[..., Any]) -> None:
    with pytest.raises(ApiException) as caught:
        write(["home temp=21.5 1", "home temp= 2"])
    assert (caught.value.status, caught.value.reason) == (400, "Bad Request")
    assert caught.value.message == "unable to parse 'home temp= 2': missing field value"
    server.settle()
    assert server.points() == []
    [entry] = server.points("rejected_points", bucket="_monitoring")
    assert list(entry.fields) == ["error"]


def test_points_are_readable_when_they_are_due_and_not_before(server: Server, write: Callable[..., Any]) -> None:
    write("m v=1 1")
    server.clock.advance(0.999999)
    assert server.points() == []
    server.clock.advance(0.000001)
    assert [point.time for point in server.points()] == [1]


def test_who_polls_sees_points_appear() -> None:
    """In real time: none of them before the delay is over."""
    with Server("v2-cloud", queue_delay=0.05) as server, server.client("influxdb_client") as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        for n in (1, 2):
            api.write(server.bucket, record=f"m v={n} {n}")
            server.wait_for(points=n, timeout=DEADLINE)
            assert server.clock.now() - server.journal[-1].time >= 50_000_000
            assert [point.time for point in server.points()] == list(range(1, n + 1))


# ---------------------------------------------------------------- resources


def test_who_is_there(server: Server, client: Any) -> None:
    assert client.ping() is True
    assert client.build() == "Cloud"
    assert client.version() == "unknown", "Cloud does not tell"
    assert [(org.id, org.name) for org in client.organizations_api().find_organizations()] == [
        (server.org_id, server.org)
    ]


def test_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.env().items():
        monkeypatch.setenv(name, value)
    with InfluxDBClient.from_env_properties() as client:
        client.write_api(write_options=SYNCHRONOUS).write(server.bucket, record="m v=1 1")
    server.settle()
    assert len(server.points("m")) == 1


def test_buckets(server: Server, client: Any, write: Callable[..., Any]) -> None:
    api = client.buckets_api()
    own = api.find_bucket_by_name(server.bucket)
    assert (own.id, own.name, own.org_id, own.schema_type) == (
        server.bucket_id,
        server.bucket,
        server.org_id,
        "implicit",
    )
    assert api.find_bucket_by_name("short") is None
    rules = BucketRetentionRules(type="expire", every_seconds=7200)
    made = api.create_bucket(bucket_name="short", retention_rules=rules, description="two hours")
    found = api.find_bucket_by_name("short")
    assert (found.id, found.description) == (made.id, "two hours")
    assert [rule.every_seconds for rule in found.retention_rules] == [7200]
    assert [bucket.name for bucket in api.find_buckets_iter()] == ["_monitoring", "_tasks", "my-bucket", "short"]
    write("m v=1", bucket="short")
    server.settle()
    assert len(server.points(bucket="short")) == 1

    found.name, found.retention_rules[0].every_seconds = "longer", 10_800
    changed = api.update_bucket(found)
    assert (changed.id, changed.name, changed.retention_rules[0].every_seconds) == (made.id, "longer", 10_800)
    api.delete_bucket(changed)
    assert api.find_bucket_by_name("longer") is None
    with pytest.raises(ApiException) as caught:
        write("m v=1", bucket="longer")
    assert (caught.value.status, caught.value.message) == (404, 'bucket "longer" not found')


@pytest.mark.parametrize(
    ("name", "every", "status", "message"),
    [
        ("my-bucket", 7200, 422, "bucket with name my-bucket already exists"),
        ("x", 7200, 422, "bucket name x is invalid. Bucket names must have at least 2 characters"),
        ("short", 60, 422, "retention policy duration must be at least 1h0m0s"),
    ],
)
def test_buckets_that_are_not_made(client: Any, name: str, every: int, status: int, message: str) -> None:
    rules = BucketRetentionRules(type="expire", every_seconds=every)
    with pytest.raises(ApiException) as caught:
        client.buckets_api().create_bucket(bucket_name=name, retention_rules=rules)
    assert (caught.value.status, caught.value.message) == (status, message)


@pytest.fixture
def strict(server: Server, client: Any) -> Any:
    """An explicit bucket, made through the API, with one schema."""
    rules = [BucketRetentionRules(type="expire", every_seconds=7200)]
    asked = PostBucketRequest(
        org_id=server.org_id, name="strict", schema_type=SchemaType.EXPLICIT, retention_rules=rules
    )
    made = client.buckets_api().create_bucket(asked)
    assert made.schema_type == "explicit"
    columns = [Column("time", "timestamp"), Column("host", "tag"), Column("load", "field", "float")]
    schema = BucketSchemasService(client.api_client).create_measurement_schema(made.id, NewSchema("cpu", columns))
    assert (schema.bucket_id, schema.name) == (made.id, "cpu")
    return made


def shown(schema: Any) -> list[tuple[str, str, str | None]]:
    return [(column.name, column.type, column.data_type) for column in schema.columns]


def test_explicit_schemas(client: Any, strict: Any) -> None:
    service = BucketSchemasService(client.api_client)
    [schema] = service.get_measurement_schemas(strict.id).measurement_schemas
    columns = [("time", "timestamp", None), ("host", "tag", None), ("load", "field", "float")]
    assert (schema.name, shown(schema)) == ("cpu", columns)
    assert shown(service.get_measurement_schema(strict.id, schema.id)) == columns
    assert service.get_measurement_schemas(strict.id, name="disk").measurement_schemas == []
    wider = ChangedSchema([*schema.columns, Column("cores", "field", "integer")])
    changed = service.update_measurement_schema(strict.id, schema.id, wider)
    assert (changed.id, shown(changed)) == (schema.id, [*columns, ("cores", "field", "integer")])
    with pytest.raises(ApiException) as caught:
        service.update_measurement_schema(strict.id, schema.id, ChangedSchema(schema.columns))
    assert (caught.value.status, caught.value.message) == (400, "Unable to delete columns from schema")
    with pytest.raises(ApiException) as caught:
        service.create_measurement_schema(strict.id, NewSchema("disk", [Column("host", "tag")]))
    assert (caught.value.status, caught.value.message) == (400, "Timestamp column is required")


def test_an_implicit_bucket_has_no_schemas(server: Server, client: Any) -> None:
    with pytest.raises(ApiException) as caught:
        BucketSchemasService(client.api_client).get_measurement_schemas(server.bucket_id)
    assert (caught.value.status, caught.value.message) == (400, "bucket schemaType must be explicit")


def test_writes_to_an_explicit_bucket(server: Server, write: Callable[..., Any], strict: Any) -> None:
    check = "(check rejected_points in your _monitoring bucket for further information)"
    write("cpu,host=a load=0.5", bucket="strict")
    with pytest.raises(ApiException) as caught:
        write(["cpu,host=b load=0.5", "cpu,host=c load=1i"], bucket="strict")
    assert (caught.value.status, caught.value.reason) == (400, "Bad Request")
    assert caught.value.message == f"partial write error (1 accepted): 1 out of 2 points rejected {check}"
    with pytest.raises(ApiException) as caught:
        write("disk free=1i", bucket="strict")
    assert caught.value.message == f"1 out of 1 points rejected {check}"
    server.settle()
    assert [point.tags for point in server.points(bucket="strict")] == [{"host": "a"}, {"host": "b"}]
    entries = [
        [entry.tags.get(name) for name in ("measurement", "field", "reason", "gotType", "wantType")]
        for entry in server.points("rejected_points", bucket="_monitoring")
    ]
    assert sorted(entries, key=str) == [
        ["cpu", "load", "field type mismatch with schema", "Integer", "Float"],
        ["disk", "free", "measurement not allowed by schema", None, None],
    ]


def test_deletes(server: Server, client: Any, write: Callable[..., Any]) -> None:
    """In their order among the writes, and after the delay."""
    api = client.delete_api()
    start, stop = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(1971, 1, 1, tzinfo=dt.UTC)
    write(["m,host=a v=1 1", "m,host=b v=1 2", "n v=1 3"])
    server.settle()
    api.delete(start, stop, '_measurement="m" AND host="a"', bucket=server.bucket, org=server.org)
    write("m,host=a v=2 4")
    assert [point.time for point in server.points()] == [1, 2, 3], "nothing of it is done yet"
    server.settle()
    assert [point.time for point in server.points()] == [2, 4, 3], "host b, host a, n"
    with pytest.raises(ApiException) as caught:
        api.delete(start, stop, 'host="a" OR host="b"', bucket=server.bucket)
    assert caught.value.status == 400
    assert "the logical operator OR is not supported yet at position" in caught.value.message


def test_one_delete_too_many() -> None:
    with Server("v2-cloud", max_deletes=1, clock=NOON) as server, server.client("influxdb_client") as client:
        api, span = client.delete_api(), ("1970-01-01T00:00:00Z", "1971-01-01T00:00:00Z", "")
        api.delete(*span, bucket=server.bucket)
        with pytest.raises(ApiException) as caught:
            api.delete(*span, bucket=server.bucket)
        assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "300")
        server.clock.advance(300)
        api.delete(*span, bucket=server.bucket)


# ---------------------------------------------------------------- the client of InfluxDB 1


def test_the_client_of_influxdb_1(server: Server) -> None:
    client = server.client("influxdb")
    try:
        point = {"measurement": "home", "tags": {"room": "attic"}, "fields": {"temp": 21.5}, "time": 1}
        assert client.write_points([point], time_precision="s")
        assert client.write_points(["home,room=attic temp=22i 2"], protocol="line", time_precision="s")
    finally:
        client.close()
    assert [(exchange.door, exchange.status) for exchange in server.journal] == [("v1-write", 204)] * 2
    server.settle()
    assert [(point.fields, point.time) for point in server.points()] == [({"temp": 21.5}, SECOND)]
    [entry] = server.points("rejected_points", bucket="_monitoring")
    reason = "type conflict with existing data"
    assert [entry.tags[name] for name in ("reason", "gotType", "wantType")] == [reason, "Integer", "Float"]


@pytest.mark.parametrize(
    ("line", "database", "status", "message"),
    [
        ("home temp=", "my-bucket", 400, "unable to parse 'home temp=': missing field value"),
        ("home temp=1", "plant", 404, "no dbrp mapping found"),
    ],
)
def test_what_the_client_of_influxdb_1_is_told(
    server: Server, line: str, database: str, status: int, message: str
) -> None:
    from influxdb.exceptions import InfluxDBClientError

    client = server.client("influxdb")
    try:
        with pytest.raises(InfluxDBClientError) as caught:
            client.write_points([line], protocol="line", database=database)
    finally:
        client.close()
    assert caught.value.code == status
    assert f'"message":"{message}"' in caught.value.content
