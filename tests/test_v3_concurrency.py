"""Writers at the same time at the editions of InfluxDB 3, over real sockets: databases that writes make, types that
writers disagree on, and ``reset()`` in the middle."""

from __future__ import annotations

import datetime as dt
import http.client
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.request import Request
from mockflux.storage.catalog import Bucket

WRITERS = 8
LINES = 10
DEADLINE = 60.0
DAY = 86_400 * 10**9
START = dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
NOW = 1_700_000_000 * 10**9
LOGIN = {"Authorization": "Token my-token"}
MONOLITH_DOORS = ("/api/v3/write_lp?db=", "/api/v2/write?bucket=", "/write?db=")


@pytest.fixture(autouse=True)
def _restless() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual, so that a step that is not safe is seen to be none."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


class Writer:
    """One of the writers, with a connection of its own."""

    def __init__(self, server: Server, number: int, together: threading.Barrier) -> None:
        self.number = number
        self._connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
        self._together = together

    def wait(self) -> None:
        """Until all writers are here."""
        self._together.wait(DEADLINE)

    def write(self, target: str, *lines: str) -> int:
        """The status of a write."""
        self._connection.request("POST", target, "\n".join(lines).encode(), LOGIN)
        response = self._connection.getresponse()
        response.read()
        return response.status

    def close(self) -> None:
        self._connection.close()


def at_once(server: Server, task: Callable[[Writer], list[int]]) -> list[int]:
    """Run a task in every writer, all begun together; the statuses they got."""
    together = threading.Barrier(WRITERS)

    def run(number: int) -> list[int]:
        writer = Writer(server, number, together)
        try:
            writer.wait()
            return task(writer)
        except BaseException:
            together.abort()
            raise
        finally:
            writer.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return [status for statuses in pool.map(run, range(WRITERS)) for status in statuses]


# ---------------------------------------------------------------- databases that are not there yet


@pytest.mark.parametrize(("profile", "databases"), [("v3-core", 5), ("v3-enterprise", 60)])
def test_all_first_writes_to_a_database_land_in_it(profile: str, databases: int) -> None:
    """Every writer is the first one, at one of the three doors; each database is made once, and holds all points."""
    with Server(profile) as server:

        def task(writer: Writer) -> list[int]:
            statuses = []
            for number in range(databases):
                writer.wait()
                target = f"{MONOLITH_DOORS[writer.number % 3]}new{number}"
                lines = [f"m,line={line} v={writer.number}i {NOW + writer.number}" for line in range(LINES)]
                statuses.append(writer.write(target, *lines))
            return statuses

        assert Counter(at_once(server, task)) == {204: WRITERS * databases}
        names = [f"new{number}" for number in range(databases)]
        assert [bucket.name for bucket in server.world.catalog.buckets()] == sorted(names)
        for name in names:
            points = server.points(database=name)
            assert len(points) == WRITERS * LINES
            assert {(point.time, point.fields["v"]) for point in points} == {(NOW + n, n) for n in range(WRITERS)}
        assert server.world.count() == databases * WRITERS * LINES
        assert server.journal.errors() == []


def test_no_more_databases_are_made_than_there_may_be() -> None:
    with Server("v3-core") as server:

        def task(writer: Writer) -> list[int]:
            return [writer.write(f"/api/v3/write_lp?db=own{writer.number}", "m v=1")]

        rounds = 20
        for _ in range(rounds):
            server.reset()
            assert Counter(at_once(server, task)) == {204: 5, 422: WRITERS - 5}
            assert len(server.world.catalog.buckets()) == server.world.count() == 5


def test_a_batch_refused_whole_among_first_writes_makes_nothing_and_takes_nothing_away() -> None:
    """Half of the writers send a batch that is refused whole: to a database of their own it makes none, in one that
    the others make just then it leaves nothing."""
    with Server("v3-enterprise") as server:
        rounds = 30

        def task(writer: Writer) -> list[int]:
            statuses = []
            for number in range(rounds):
                writer.wait()
                if writer.number % 2:
                    target = f"/api/v3/write_lp?accept_partial=false&db=new{number}"
                    statuses.append(writer.write(target, f"m v={writer.number}i {NOW + writer.number}", "bad"))
                    statuses.append(writer.write(f"/api/v3/write_lp?accept_partial=false&db=none{number}", "bad"))
                else:
                    target = f"/api/v3/write_lp?db=new{number}"
                    statuses.append(writer.write(target, f"m v={writer.number}i {NOW + writer.number}"))
            return statuses

        half = WRITERS // 2
        assert Counter(at_once(server, task)) == {204: half * rounds, 400: 2 * half * rounds}
        assert {bucket.name for bucket in server.world.catalog.buckets()} == {f"new{n}" for n in range(rounds)}
        for number in range(rounds):
            expected = [NOW + writer for writer in range(0, WRITERS, 2)]
            assert [point.time for point in server.points(database=f"new{number}")] == expected
        assert len(server.rejected()) == 2 * half * rounds


def test_the_v1_door_of_serverless_makes_one_bucket_with_one_mapping() -> None:
    with Server("v3-serverless") as server:
        rounds = 20

        def task(writer: Writer) -> list[int]:
            statuses = []
            for number in range(rounds):
                writer.wait()
                statuses.append(writer.write(f"/write?db=plant{number}&rp=week", f"m,w={writer.number} v=1"))
            return statuses

        assert Counter(at_once(server, task)) == {204: WRITERS * rounds}
        names = {f"plant{number}/week" for number in range(rounds)}
        assert {bucket.name for bucket in server.world.catalog.buckets()} == {"my-bucket", *names}
        assert all(len(server.points(bucket=name)) == WRITERS for name in names)
        mappings = server.world.catalog.mappings()
        assert sorted((m.database, m.retention_policy) for m in mappings) == sorted(
            (f"plant{number}", "week") for number in range(rounds)
        )


# ---------------------------------------------------------------- writers that disagree


@pytest.mark.parametrize("scope", ["partition", "table"])
def test_one_type_wins_where_writers_disagree(scope: str) -> None:
    """Half of them write floats, half integers, to new tables and to two days of each: whichever comes first decides,
    for the day or for the table. The lines of those who come too late are refused one by one."""
    tables = 60
    with Server("v3-dedicated", type_conflict_scope=scope) as server:

        def task(writer: Writer) -> list[int]:
            value = "1.5" if writer.number % 2 else "1i"
            statuses = []
            for table in range(tables):
                writer.wait()
                lines = [f"m{table},w={writer.number} v={value},own{writer.number % 2}={value} {NOW + day * DAY}"
                         for day in (0, 1)]  # fmt: skip
                statuses.append(writer.write("/api/v2/write?bucket=my-database", *lines, f"m{table} good=t {NOW}"))
            return statuses

        statuses = at_once(server, task)
        assert set(statuses) == {204, 400}
        found: dict[Any, set[type]] = {}
        lines = 0
        for point in server.points():
            if "good" not in point.fields:
                scope_of = (point.measurement, point.time // DAY if scope == "partition" else None)
                found.setdefault(scope_of, set()).add(type(point.fields["v"]))
                lines += 1
        assert len(found) == tables * (2 if scope == "partition" else 1)
        assert all(len(types) == 1 for types in found.values())
        assert lines == tables * 2 * WRITERS // 2
        rejected = server.rejected()
        assert len(rejected) == tables * 2 * WRITERS // 2
        assert {rejection.reason.name for rejection in rejected} == {"type_conflict"}
        assert len(server.points()) == lines + tables


@pytest.mark.parametrize("partial_writes", [True, False])
def test_a_key_is_a_tag_or_a_field_but_never_both(partial_writes: bool) -> None:
    tables = 60
    with Server("v3-dedicated", partial_writes=partial_writes) as server:

        def task(writer: Writer) -> list[int]:
            line = "k=x v=1" if writer.number % 2 else "other=x k=1"
            statuses = []
            for table in range(tables):
                writer.wait()
                lines = [f"m{table},{line} {NOW + writer.number}", f"m{table} good=t {NOW + writer.number}"]
                statuses.append(writer.write("/write?db=my-database", *lines))
            return statuses

        statuses = at_once(server, task)
        assert Counter(statuses) == {204: tables * WRITERS // 2, 400: tables * WRITERS // 2}
        points = server.points()
        for table in range(tables):
            own = [point for point in points if point.measurement == f"m{table}"]
            as_tag = sum("k" in point.tags for point in own)
            as_field = sum("k" in point.fields for point in own)
            assert sorted((as_tag, as_field)) == [0, WRITERS // 2]
            assert sum("good" in point.fields for point in own) == (WRITERS if partial_writes else WRITERS // 2)


# ---------------------------------------------------------------- reset() in the middle


@pytest.mark.parametrize(
    ("profile", "target"),
    [
        ("v3-core", "/api/v3/write_lp?db=new"),
        ("v3-dedicated", "/api/v2/write?bucket=my-database"),
        ("v3-serverless", "/write?db=new"),
    ],
)
def test_a_write_ends_whole_in_the_world_in_which_it_began(profile: str, target: str) -> None:
    """One of the writers puts the server back after each of its own requests. Every batch has a good line for each
    that is refused, and is in exactly one of the worlds."""
    requests = 40
    with Server(profile, clock=START) as server:
        worlds = [server.world]

        def task(writer: Writer) -> list[int]:
            statuses = []
            for request in range(requests):
                lines = [f"m,w={writer.number} v={line}i {NOW + request * LINES + line}" for line in range(LINES)]
                statuses.append(writer.write(target, *lines, *["bad"] * (request % 2)))
                if writer.number == 0:
                    server.reset()
                    worlds.append(server.world)
            return statuses

        statuses = at_once(server, task)
    assert Counter(statuses) == {204: WRITERS * requests // 2, 400: WRITERS * requests // 2}
    assert len({id(world) for world in worlds}) == requests + 1
    assert sum(world.journal.total for world in worlds) == WRITERS * requests
    for world in worlds:
        verdicts = [exchange.verdict for exchange in world.journal if exchange.verdict is not None]
        assert len(verdicts) == world.journal.total
        assert world.count() == LINES * len(verdicts)
        assert len(world.rejections) == sum(len(verdict.rejections) for verdict in verdicts)
        assert world.journal.errors() == []


def test_the_last_database_may_be_made_while_they_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("v3-core")
    for number in range(4):
        server.create_database(f"d{number}")
    catalog, count = server.world.catalog, server.world.catalog.buckets

    def made_meanwhile(org_id: str | None = None) -> list[Bucket]:
        if catalog.database("last") is None:
            catalog.make(catalog.expect("", "last"))
        return count(org_id)

    monkeypatch.setattr(catalog, "buckets", made_meanwhile)
    headers = [("Authorization", f"Token {server.token}")]
    reply = front.answer(server.world, Request("POST", "/api/v2/write?bucket=last", headers, b"m v=1"))
    assert reply.status == 204
