"""influxdb-client's asynchronous client, unmodified (aiohttp below it)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from mockflux import Server

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def client(server: Server) -> AsyncIterator[Any]:
    async with InfluxDBClientAsync(**server.client_kwargs("influxdb_client")) as client:
        yield client


async def test_an_excerpt_of_real_looking_data(server: Server, client: Any, excerpt: list[str]) -> None:
    assert await client.write_api().write(bucket=server.bucket, record=excerpt) is True
    assert (len(server.points("bitcoin")), len(server.points("wind"))) == (120, 40)


async def test_with_gzip(server: Server, excerpt: list[str]) -> None:
    async with InfluxDBClientAsync(**server.client_kwargs("influxdb_client"), enable_gzip=True) as client:
        assert await client.write_api().write(bucket=server.bucket, record=excerpt) is True
    assert len(server.points()) == 160
    assert server.journal[-1].request.header("content-encoding") == "gzip"


async def test_many_writes_at_once(server: Server, client: Any, excerpt: list[str]) -> None:
    api = client.write_api()
    done = await asyncio.gather(*(api.write(bucket=server.bucket, record=line) for line in excerpt))
    assert done == [True] * 160
    assert len(server.points()) == 160


@pytest.mark.parametrize(
    ("kwargs", "status", "reason", "message"),
    [
        ({"record": "home"}, 400, "Bad Request", "unable to parse 'home': missing fields"),
        (
            {"record": "m v=1 1\nm v=1i 2"},
            400,
            "Bad Request",
            'field type conflict: input field "v" on measurement "m" is type integer, already exists as type float',
        ),
        ({"org": "acme"}, 404, "Not Found", 'organization name "acme" not found'),
        ({"bucket": "plant"}, 404, "Not Found", 'bucket "plant" not found'),
    ],
    ids=["malformed", "type conflict", "organization", "bucket"],
)
async def test_errors(
    server: Server, client: Any, kwargs: dict[str, str], status: int, reason: str, message: str
) -> None:
    with pytest.raises(ApiException) as caught:
        await client.write_api().write(**{"bucket": server.bucket, "record": "m v=1 1", **kwargs})
    error = caught.value
    assert (error.status, error.reason, error.message) == (status, reason, message)
    assert error.headers["X-Influxdb-Version"] == server.profile.version
    assert server.points() == []


async def test_unauthorized(server: Server) -> None:
    async with InfluxDBClientAsync(url=server.url, token="wrong", org=server.org) as client:
        with pytest.raises(ApiException) as caught:
            await client.write_api().write(bucket=server.bucket, record="m v=1 1")
    assert (caught.value.status, caught.value.message) == (401, "unauthorized access")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(413, "Request Entity Too Large"), (500, "Internal Server Error"), (503, "Service Unavailable")],
)
async def test_planned_faults(server: Server, client: Any, status: int, reason: str) -> None:
    server.fail(status)
    with pytest.raises(ApiException) as caught:
        await client.write_api().write(bucket=server.bucket, record="m v=1 1")
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert (caught.value.retry_after is not None) is (status == 503)
    assert await client.write_api().write(bucket=server.bucket, record="m v=1 1") is True


async def test_ping_version_and_build(server: Server, client: Any) -> None:
    assert await client.ping() is True
    assert await client.version() == server.profile.version
    assert await client.build() == "OSS"
