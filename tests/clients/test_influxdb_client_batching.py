"""influxdb-client's batching writer: batches, retries, callbacks, what is left at close."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from influxdb_client import InfluxDBClient, WriteOptions
from influxdb_client.rest import ApiException

from mockflux import Server

#: Seconds after which something counts as hanging.
DEADLINE = 20.0
#: Milliseconds that no test takes to fill a batch. Not more: a thread of the client outlives close() by as much.
LONG = 2_000


class Heard:
    """What the writer's callbacks were told; each list is in the order of the calls."""

    def __init__(self) -> None:
        self.successes: list[Any] = []
        self.errors: list[tuple[Any, bytes, Exception]] = []
        self.retries: list[Exception] = []
        self.told = threading.Condition()

    def success(self, where: Any, data: bytes) -> None:
        self._note(self.successes, (where, data))

    def error(self, where: Any, data: bytes, error: Exception) -> None:
        self._note(self.errors, (where, data, error))

    def retry(self, where: Any, data: bytes, error: Exception) -> None:
        self._note(self.retries, error)

    def _note(self, where: list[Any], what: Any) -> None:
        with self.told:
            where.append(what)
            self.told.notify_all()

    def wait_for(self, reached: Callable[[], bool]) -> None:
        with self.told:
            assert self.told.wait_for(reached, DEADLINE), "the writer has called nobody"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def writer(server: Server, heard: Heard, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Any]]:
    """Makes batching writers; they and their clients are closed at the end."""
    caplog.set_level(logging.CRITICAL, "influxdb_client")
    made: list[Any] = []

    def writer(**options: Any) -> Any:
        client = InfluxDBClient(**server.client_kwargs("influxdb_client"))
        chosen = {"batch_size": 50, "flush_interval": 100, "retry_interval": 100, **options}
        api = client.write_api(
            write_options=WriteOptions(**chosen),
            success_callback=heard.success,
            error_callback=heard.error,
            retry_callback=heard.retry,
        )
        made.extend((client, api))
        return api

    yield writer
    for thing in reversed(made):
        thing.close()


def test_batches_by_size_and_the_rest_at_close(
    server: Server, writer: Callable[..., Any], heard: Heard, excerpt: list[str]
) -> None:
    api = writer(flush_interval=LONG)
    for line in excerpt:
        api.write(bucket=server.bucket, record=line)
    server.wait_for(points=150, requests=3, timeout=DEADLINE)
    api.close()
    assert len(server.points()) == 160
    assert [exchange.verdict.accepted for exchange in server.journal] == [50, 50, 50, 10]
    assert len(heard.successes) == 4
    assert heard.errors == []


def test_a_batch_goes_out_by_itself_after_the_interval(server: Server, writer: Callable[..., Any]) -> None:
    api = writer()
    api.write(bucket=server.bucket, record="m v=1 1")
    server.wait_for(points=1, timeout=DEADLINE)
    assert server.points("m")[0].fields == {"v": 1.0}


def test_one_request_per_bucket_and_precision(server: Server, writer: Callable[..., Any]) -> None:
    server.create_bucket("other")
    api = writer(flush_interval=LONG)
    api.write(bucket="my-bucket", record="m v=1 1")
    api.write(bucket="other", record="m v=1 1")
    api.write(bucket="my-bucket", record="m v=1 1", write_precision="s")
    api.close()
    assert [point.time for point in server.points()] == [1, 1_000_000_000]
    assert len(server.points(bucket="other")) == 1
    assert server.journal.total == 3


def test_retries_after_503_when_retry_after_says(server: Server, writer: Callable[..., Any], heard: Heard) -> None:
    """After a real second: what the header says beats the writer's own interval, which would be a minute."""
    fault = server.fail(503, retry_after=1)
    api = writer(retry_interval=60_000)
    api.write(bucket=server.bucket, record="m v=1 1")
    server.wait_for(points=1, requests=2, timeout=DEADLINE)
    assert fault.consumed
    assert [exchange.status for exchange in server.journal] == [503, 204]
    first, second = server.journal
    assert second.time - first.time >= 1_000_000_000, "not before the second is over"
    assert first.body == second.body
    heard.wait_for(lambda: len(heard.successes) == 1)
    assert [error.retry_after for error in heard.retries] == ["1"]  # type: ignore[attr-defined]
    assert heard.errors == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 2},
        {"status": 429, "by": "proxy", "times": 2},
        {"status": 502, "by": "proxy", "times": 2},
        {"transport": "reset_before", "times": 2},
        {"transport": "reset_after", "times": 2},
        {"transport": "truncate", "times": 2},
    ],
    ids=lambda fault: str(fault.get("status") or fault["transport"]),
)
def test_retries_until_it_is_stored_once(
    server: Server, writer: Callable[..., Any], heard: Heard, fault: dict[str, Any]
) -> None:
    server.fail(**fault)
    api = writer(retry_interval=20, exponential_base=1)
    api.write(bucket=server.bucket, record="m v=1 1")
    heard.wait_for(lambda: len(heard.successes) == 1)
    assert server.journal.total == 3
    assert [point.fields for point in server.points()] == [{"v": 1.0}]
    assert len(heard.retries) == 2


def test_gives_up_after_its_retries(server: Server, writer: Callable[..., Any], heard: Heard) -> None:
    server.fail(500, times=None)
    api = writer(retry_interval=10, exponential_base=1, max_retries=2)
    api.write(bucket=server.bucket, record="m v=1 1")
    heard.wait_for(lambda: len(heard.errors) == 1)
    assert server.journal.total == 3
    where, data, error = heard.errors[0]
    assert (where, data) == (("my-bucket", "my-org", "ns"), b"m v=1 1")
    assert isinstance(error, ApiException)
    assert error.status == 500
    assert server.points() == []


@pytest.mark.parametrize(
    ("lines", "bucket", "status", "message"),
    [
        ("m v=", "my-bucket", 400, "unable to parse 'm v=': missing field value"),
        ("m v=1 1", "plant", 404, 'bucket "plant" not found'),
    ],
)
def test_what_the_document_calls_the_client_s_fault_is_not_retried(
    server: Server, writer: Callable[..., Any], heard: Heard, lines: str, bucket: str, status: int, message: str
) -> None:
    writer().write(bucket=bucket, record=lines)
    heard.wait_for(lambda: len(heard.errors) == 1)
    _, data, error = heard.errors[0]
    assert data == lines.encode()
    assert isinstance(error, ApiException)
    assert (error.status, error.message) == (status, message)
    assert (server.journal.total, heard.retries) == (1, [])


def test_the_last_points_at_close_meet_an_error(server: Server, writer: Callable[..., Any], heard: Heard) -> None:
    """The batch that close() flushes is reported like any other."""
    server.fail(401)
    api = writer(flush_interval=LONG)
    api.write(bucket=server.bucket, record="m v=1 1")
    api.close()
    assert [error.status for _, _, error in heard.errors] == [401]  # type: ignore[attr-defined]
    assert server.points() == []
