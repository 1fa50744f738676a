"""Judging shard by shard, as InfluxDB 1 does. All that is expected here was seen at an influxd 1.6.7."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.request import Request

WEEK = 7 * 24 * 3600 * 10**9


class Database:
    """A database of a v1-oss-1.6 that does not listen."""

    def __init__(self) -> None:
        self._world = Server("v1-oss-1.6").world

    def write(self, *lines: str, more: str = "") -> str:
        """The message of the reply; empty for 204."""
        body = "\n".join(lines).encode()
        reply = front.answer(self._world, Request("POST", f"/write?db=mydb{more}", [], body))
        return "" if reply.status == 204 else str(reply.json()["error"])

    def rows(self, query: str) -> list[Any]:
        reply = front.answer(self._world, Request("GET", f"/query?db=mydb&epoch=ns&q={quote(query)}", [], b""))
        series = reply.json()["results"][0].get("series", [])
        return [(*own.get("tags", {}).values(), *row) for own in series for row in own["values"]]

    def points(self) -> list[Any]:
        return self.rows("SELECT * FROM /.*/ GROUP BY *")

    def series(self) -> list[str]:
        return [key for (key,) in self.rows("SHOW SERIES")]

    def fields(self) -> list[Any]:
        return self.rows("SHOW FIELD KEYS")


@pytest.fixture
def database() -> Database:
    return Database()


def _conflict(field: str, got: str, want: str, dropped: int) -> str:
    return (
        f'partial write: field type conflict: input field "{field}" on measurement "c" is type {got}, '
        f"already exists as type {want} dropped={dropped}"
    )


class TestANewFieldWithTwoTypes:
    def test_nothing_is_written_to_a_new_shard(self, database: Database) -> None:
        assert database.write("c,t=a g=1,f=1 1", "c,t=b h=1,f=1i,k=2 2") == "field type conflict"
        assert database.points() == []

    def test_series_and_the_fields_before_it_stay(self, database: Database) -> None:
        database.write("c,t=a g=1,f=1 1", "c,t=b h=1,f=1i,k=2 2")
        assert database.series() == ["c,t=a", "c,t=b"]
        assert database.fields() == [("f", "float"), ("g", "float"), ("h", "float")]

    def test_within_one_line(self, database: Database) -> None:
        assert database.write("c f=1,f=1i 1") == "field type conflict"
        assert database.series() == ["c"]

    def test_a_shard_that_is_there_is_written_again(self, database: Database) -> None:
        """What conflicted the first time is gone from the list; what comes second now conflicts with what was made."""
        assert database.write("c f=1 1") == ""
        told = database.write("c,t=b f=1i,z=1 2", "c g=1 1", "c g=1i 1", "c h=1 1")
        assert told == _conflict("g", "integer", "float", 1)
        assert database.points() == [("", 1, 1, 1, 1)]
        assert database.series() == ["c", "c,t=b"]

    def test_other_shards_are_written(self, database: Database) -> None:
        assert database.write("c f=1 1", "c f=1i 2", f"c f=2i {WEEK}") == "field type conflict"
        assert database.points() == [(WEEK, 2)]


class TestConflictsWithWhatIsStored:
    def test_the_first_field_is_told_and_the_point_counts_once(self, database: Database) -> None:
        database.write("c f=1,g=1,h=1 1")
        assert database.write("c f=1i,g=1i,h=1 2") == _conflict("f", "integer", "float", 1)

    def test_its_series_stays_and_none_of_its_fields(self, database: Database) -> None:
        database.write("c f=1 1")
        database.write('c,t=a before=1,f="x",after=1 2')
        assert database.fields() == [("f", "float")]
        assert database.series() == ["c", "c,t=a"]

    def test_its_fields_are_new_to_the_next_point(self, database: Database) -> None:
        database.write("c f=1 1")
        assert database.write('c k=1,f="x" 2', "c k=1i 3") == _conflict("f", "string", "float", 1)
        assert database.fields() == [("f", "float"), ("k", "integer")]

    def test_one_shard_is_told_with_its_own_number(self, database: Database) -> None:
        database.write("c f=1 1", f"c f=1 {WEEK}")
        told = database.write("c f=1i 1", f"c f=1i {WEEK}", "c f=2i 1")
        assert told == _conflict("f", "integer", "float", 2)


class TestATagNamedTime:
    def test_is_found_before_all_else(self, database: Database) -> None:
        told = database.write("c,t=a time=1 1", "c,time=1 f=1 1")
        assert told == 'partial write: invalid tag key: input tag "time" on measurement "c" is invalid dropped=2'

    def test_leaves_no_series(self, database: Database) -> None:
        database.write("c,t=a time=1 1", "c,time=1 f=1 1", "d f=1 1")
        assert database.series() == ["c,t=a", "d"]


def test_a_series_without_points_can_be_dropped(database: Database) -> None:
    database.write("c time=1 1", "d f=1 1")
    database.rows("DROP MEASUREMENT c")
    assert database.series() == ["d"]


@pytest.mark.parametrize("more", ["&consistency=no", "&rp=no"])
def test_nothing_is_stored_of_what_is_answered_otherwise(database: Database, more: str) -> None:
    assert database.write("c f=1 1", "c,time=1 f=1 1", more=more)
    assert database.points() == []
    assert database.write("c f=1i 1") == ""


def test_without_a_shard_no_series_are_shown(database: Database) -> None:
    database.rows('CREATE RETENTION POLICY "other" ON mydb DURATION INF REPLICATION 1')
    database.write("c f=1 1", more="&rp=other")
    assert database.series() == []
    assert database.rows('SHOW SERIES FROM "other"./.*/') == [("c",)]


def test_series_are_listed_by_their_tags(database: Database) -> None:
    keys = ["a", "a,t=\\ 1", "a,t=1", "a,t=1,u=1", "a,t=1\\,u\\=1", "a,t-=1", "a\tb"]
    database.write(*(f"{key} f=1 1" for key in reversed(keys)))
    assert database.series() == keys


def test_great_numbers_end_in_zeros(database: Database) -> None:
    database.write("c f=123456789012345678901,g=4611686018427387904,h=1e21 1")
    [row] = database.points()
    assert row == (1, 123456789012345680000, 4611686018427388000, 1e21)
