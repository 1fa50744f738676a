"""Event loops in the process of the server: it has threads of its own, so it answers while a test awaits."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from mockflux import Server

DEADLINE = 20.0
QUERY = {"org": "my-org", "bucket": "my-bucket"}


async def write(session: aiohttp.ClientSession, server: Server, line: str) -> int:
    login = {"Authorization": f"Token {server.token}"}
    async with session.post(f"{server.url}/api/v2/write", params=QUERY, data=line, headers=login) as answer:
        await answer.read()
        return answer.status


def blocking(server: Server, line: str) -> int:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    try:
        target = "/api/v2/write?org=my-org&bucket=my-bucket"
        connection.request("POST", target, line, {"Authorization": f"Token {server.token}"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest_asyncio.fixture
async def served() -> AsyncIterator[Server]:
    """A server that is started and stopped within the loop of the test."""
    with Server() as server:
        yield server


@pytest.mark.asyncio
async def test_many_requests_of_one_loop(served: Server) -> None:
    async with aiohttp.ClientSession() as session:
        statuses = await asyncio.gather(*(write(session, served, f"m v=1 {n}") for n in range(100)))
    assert statuses == [204] * 100
    assert [point.time for point in served.points()] == list(range(100))


@pytest.mark.asyncio
async def test_a_blocking_client_beside_the_loop_and_one_that_blocks_it(served: Server) -> None:
    assert blocking(served, "m v=1 1") == 204, "the loop stands meanwhile, the server does not"
    assert await asyncio.to_thread(blocking, served, "m v=1 2") == 204
    assert len(served.points()) == 2


@pytest.mark.asyncio
async def test_waiting_for_what_comes_without_blocking_the_loop(served: Server) -> None:
    async with aiohttp.ClientSession() as session:
        waiting = asyncio.create_task(asyncio.to_thread(served.wait_for, points=3, timeout=DEADLINE))
        assert [await write(session, served, f"m v=1 {n}") for n in range(3)] == [204] * 3
        await waiting
    assert [point.time for point in served.points()] == [0, 1, 2]


@pytest.mark.asyncio
async def test_a_cancelled_request_leaves_the_server_as_it_was(served: Server) -> None:
    served.fail(delay=600)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(write(session, served, "m v=1 1"), 0.1)
        assert await write(session, served, "m v=1 2") == 204
    assert [point.time for point in served.points()] == [1, 2], "the first was stored, only its answer came late"


def test_several_loops_in_threads_of_their_own() -> None:
    async def client(server: Server, n: int) -> list[int]:
        async with aiohttp.ClientSession() as session:
            return [await write(session, server, f"m,loop={n} v=1 {t}") for t in range(10)]

    with Server() as first, Server("v2-cloud") as second:
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda n=n, s=server: statuses.extend(asyncio.run(client(s, n))))
            for n in range(3)
            for server in (first, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert statuses == [204] * 60
        second.settle()
        assert len(first.points()) == len(second.points()) == 30


@pytest.mark.asyncio
async def test_stopping_within_the_loop_ends_what_waits_for_an_answer(served: Server) -> None:
    served.fail(delay=600)
    async with aiohttp.ClientSession() as session:
        waiting = asyncio.create_task(write(session, served, "m v=1 1"))
        await asyncio.to_thread(served.wait_for, requests=1, timeout=DEADLINE)
        served.stop()
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(waiting, DEADLINE)
