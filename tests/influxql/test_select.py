"""SELECT over stored points. ``selected.jsonl`` holds points, queries over them, and what InfluxDB 1.6.7 answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from mockflux.influxql import NotSimulated, StatementError, parse
from mockflux.influxql.data import Data
from mockflux.influxql.evaluating import evaluate
from mockflux.influxql.nodes import Select
from mockflux.influxql.results import Series
from mockflux.storage.table import Point

Make = Callable[[Iterable[Point]], Data]
HOUR = 3600 * 10**9


def observed() -> Iterable[tuple[list[Any], dict[str, Any]]]:
    points: list[Any] = []
    for line in (Path(__file__).parent / "selected.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        points = record.pop("points", points)
        yield points, record


OBSERVED = list(observed())


def answer(text: str, data: Data, now: int = 0) -> list[Series]:
    (statement,) = parse(text)
    assert isinstance(statement, Select)
    return evaluate(statement, data, database="d1", now=now)


def alike(expected: object, value: object) -> bool:
    """Whether a value is what JSON says of it: a float may look like an integer there."""
    if isinstance(value, float) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return float(expected) == value
    return type(expected) is type(value) and expected == value


@pytest.mark.parametrize(("points", "record"), OBSERVED, ids=[record["query"] for _, record in OBSERVED])
def test_what_a_server_answered(points: list[Any], record: dict[str, Any], memory: Make) -> None:
    data = memory([Point(*point) for point in points])
    if "error" in record:
        with pytest.raises(StatementError) as refused:
            answer(record["query"], data)
        assert str(refused.value) == record["error"]
        return
    found = answer(record["query"], data)
    assert [[series.name, series.tags, list(series.columns)] for series in found] == [
        series[:3] for series in record["series"]
    ]
    for series, (*_, rows) in zip(found, record["series"], strict=True):
        assert len(series.rows or ()) == len(rows)
        for row, expected in zip(series.rows or (), rows, strict=True):
            assert all(map(alike, expected, row)), (row, expected)


POINTS = [
    Point("m", {"host": "a"}, {"v": 5.0, "i": 1}, 10),
    Point("m", {"host": "b"}, {"v": 3.0, "i": 2}, 10),
    Point("m", {"host": "c"}, {"v": 9.0, "s": "x"}, 10),
    Point("m", {"host": "b"}, {"v": 1.0}, 20),
    Point("m", {}, {"b": True}, 30),
    Point("n", {"host": "a"}, {"v": 2}, 15),
]


def rows(text: str, memory: Make, points: list[Point] = POINTS, now: int = 0) -> list[list[Any]]:
    return [list(row) for series in answer(text, memory(points), now) for row in series.rows or ()]


def test_points_of_one_time_come_as_a_server_merges_them(memory: Make) -> None:
    assert rows("SELECT v FROM m", memory) == [[10, 5.0], [10, 9.0], [10, 3.0], [20, 1.0]]
    assert rows("SELECT v, host FROM m", memory)[:3] == [[10, 5.0, "a"], [10, 3.0, "b"], [10, 9.0, "c"]]
    assert rows("SELECT v FROM m ORDER BY time DESC", memory) == [[20, 1.0], [10, 5.0], [10, 3.0], [10, 9.0]]


def test_columns_and_their_names(memory: Make) -> None:
    data = memory(POINTS)
    (all_of_it,) = answer("SELECT * FROM m", data)
    assert all_of_it.columns == ("time", "b", "host", "i", "s", "v")
    (same,) = answer("SELECT v, v, v AS v_1, -v, i + v, (i), time AS t FROM m LIMIT 1", data)
    assert same.columns == ("t", "v", "v_2", "v_1", "v_3", "i_v", "i")
    assert same.rows == [[10, 5.0, 5.0, 5.0, -5.0, 6.0, 1]]


def test_groups(memory: Make) -> None:
    found = answer("SELECT v FROM m GROUP BY host, zz", memory(POINTS))
    assert [series.tags for series in found] == [{"host": host, "zz": ""} for host in "abc"]
    assert [len(series.rows or ()) for series in found] == [1, 2, 1]


def test_a_missing_tag_is_empty(memory: Make) -> None:
    assert rows("SELECT b FROM m WHERE host = ''", memory) == [[30, True]]
    assert rows("SELECT b FROM m WHERE host != 'a' AND zz = ''", memory) == [[30, True]]
    assert rows("SELECT b FROM m WHERE host =~ /./", memory) == []


def test_times_hold_together_even_with_or(memory: Make) -> None:
    assert rows("SELECT v FROM m WHERE time > 10 OR time < 15", memory) == []
    assert rows("SELECT v FROM m WHERE time > now() - 1h AND time <= now()", memory, now=20 + HOUR) == []
    assert rows("SELECT v FROM m WHERE time >= now() - 1h AND time <= now()", memory, now=20 + HOUR) == [[20, 1.0]]


def test_casts(memory: Make) -> None:
    assert rows("SELECT v::integer, i::float, s::float, host::field FROM m WHERE host = 'a'", memory) == [
        [10, 5, 1.0, None, None]
    ]


def test_functions(memory: Make) -> None:
    assert rows("SELECT count(v), sum(v), mean(v), spread(v), min(v), max(v) FROM m", memory) == [
        [0, 4, 18.0, 4.5, 8.0, 1.0, 9.0]
    ]
    assert rows("SELECT max(v), host FROM m", memory) == [[10, 9.0, "c"]]
    assert rows("SELECT distinct(v) FROM m", memory) == [[0, 3.0], [0, 5.0], [0, 9.0], [0, 1.0]]
    assert rows("SELECT count(v) FROM m WHERE time > 15", memory) == [[16, 1]]
    (counted,) = answer("SELECT count(*) FROM m", memory(POINTS))
    assert counted.columns == ("time", "count_b", "count_i", "count_s", "count_v")


def test_first_is_the_better_of_the_two_points_that_are_read(memory: Make) -> None:
    assert rows("SELECT first(v) FROM m", memory) == [[10, 9.0]]
    assert rows("SELECT first(v), host FROM m", memory) == [[10, 5.0, "a"]]


def test_integers_run_over_and_divide_to_floats(memory: Make) -> None:
    points = [Point("m", {}, {"i": 2**63 - 1}, 1), Point("m", {}, {"i": 7}, 2)]
    assert rows("SELECT i + 1, i / 2, i % 4 FROM m", memory, points) == [
        [1, -(2**63), 2**62 * 1.0, 3], [2, 8, 3.5, 3]
    ]  # fmt: skip
    assert rows("SELECT sum(i) FROM m", memory, points) == [[0, -(2**63) + 6]]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT v INTO x FROM m", "SELECT INTO"),
        ("SELECT v FROM (SELECT v FROM m)", "subqueries"),
        ("SELECT mean(v) FROM m GROUP BY time(1h)", "GROUP BY time()"),
        ("SELECT median(v) FROM m", "median()"),
        ("SELECT sin(v) FROM m", "sin()"),
        ("SELECT v FROM m WHERE sin(v) > 0", "sin()"),
        ("SELECT max(v) FROM m, m", "functions of a measurement that is named twice"),
    ],
)
def test_what_is_not_simulated(text: str, what: str, memory: Make) -> None:
    with pytest.raises(NotSimulated) as told:
        answer(text, memory(POINTS))
    assert told.value.what == what


def test_a_long_condition(memory: Make) -> None:
    hosts = " OR ".join([f"host = 'h{number}'" for number in range(3000)])
    assert rows(f"SELECT v FROM m WHERE {hosts} OR host = 'a'", memory) == [[10, 5.0]]


def test_what_the_data_refuses_is_passed_on(memory: Make) -> None:
    with pytest.raises(StatementError, match="database not found: other"):
        answer("SELECT v FROM other..m", memory(POINTS))
