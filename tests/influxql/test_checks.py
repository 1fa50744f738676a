"""Whether a SELECT makes sense. ``checked.jsonl`` holds statements with what InfluxDB 1.6.7 said of them, or nothing
where it answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mockflux.influxql import StatementError, parse
from mockflux.influxql.checks import check
from mockflux.influxql.conditions import Range
from mockflux.influxql.nodes import Select

OBSERVED = [json.loads(line) for line in (Path(__file__).parent / "checked.jsonl").read_text("utf-8").splitlines()]
NOW = 1_600_000_000_000_000_000


def select(text: str) -> Select:
    (statement,) = parse(text)
    assert isinstance(statement, Select)
    return statement


def complaint(text: str) -> str:
    try:
        check(select(text), now=NOW)
    except StatementError as wrong:
        return str(wrong)
    return ""


@pytest.mark.parametrize(("text", "said"), OBSERVED)
def test_what_a_server_said(text: str, said: str) -> None:
    assert complaint(text) == said


def test_enough_was_observed() -> None:
    assert len({said for _, said in OBSERVED}) > 150


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT time FROM m", "at least 1 non-time field must be queried"),
        ("SELECT a FROM m fill(none)", "fill(none) must be used with a function"),
        ("SELECT a FROM m GROUP BY time(1h)", "GROUP BY requires at least one aggregate function"),
        ("SELECT mean(a), a FROM m", "mixing aggregate and non-aggregate queries is not supported"),
        ("SELECT max(a), min(a), b FROM m", "mixing multiple selector functions with tags or fields is not supported"),
        ("SELECT foo(a) FROM m", "undefined function foo()"),
        ("SELECT 1 FROM m", "field must contain at least one variable"),
        ("SELECT a FROM m WHERE time != 5", "invalid time comparison operator: !="),
        ("SELECT a FROM m WHERE host", "invalid condition expression: host"),
        ("SELECT a FROM m WHERE mean(a) > 1", "invalid function call in condition: mean(a)"),
        ("SELECT a FROM m WHERE time > '2020-13-01'", "invalid timestamp string"),
        ("SELECT a FROM m WHERE time > '2500-01-01'", "time 2500-01-01T00:00:00Z overflows time literal"),
        (
            "SELECT a FROM m WHERE time > '9999-12-31' tz('Europe/Berlin')",
            "time 9999-12-31T00:00:00+01:00 overflows time literal",
        ),
        ("SELECT max(a), a FROM m", ""),
    ],
)
def test_complaint(text: str, said: str) -> None:
    assert complaint(text) == said


@pytest.mark.parametrize(
    ("condition", "first", "last", "rest"),
    [
        ("time > 5", 6, None, None),
        ("5 <= time AND time < 10", 5, 9, None),
        ("time = 7 AND a = 1", 7, 7, "a = 1"),
        ("(time > now() - 1h) AND (a = 1 OR b = 2)", NOW - 3600 * 10**9 + 1, None, "a = 1 OR b = 2"),
        ("time >= '1970-01-01T00:00:01Z' - 1s AND 1 = 1", 0, None, None),
        ("a = 1 + 1 AND (true OR b = 2)", None, None, "a = 2"),
        ("time > 1.9 OR time < '1970-01-02'", 2, 86_400 * 10**9 - 1, None),
        ("a = 5 / 2 AND b = 7 % 4 AND c = 'x' + 'y'", None, None, "a = 2.500 AND b = 3 AND c = 'xy'"),
        ("1 > 2", None, None, "false"),
    ],
)
def test_condition(condition: str, first: int | None, last: int | None, rest: str | None) -> None:
    checked = check(select(f"SELECT a FROM m WHERE {condition}"), now=NOW)
    assert checked.range == Range(first, last)
    assert (None if checked.condition is None else str(checked.condition)) == rest


def test_time_among_the_fields_names_its_column() -> None:
    checked = check(select("SELECT a, time AS t FROM m"), now=NOW)
    assert checked.time_name == "t"
    assert [str(field) for field in checked.select.fields] == ["a"]
    assert str(check(select("SELECT DISTINCT b FROM m"), now=NOW).select.fields[0]) == "distinct(b)"


def test_the_length_of_groups_in_time() -> None:
    assert check(select("SELECT mean(a) FROM m GROUP BY time(30m * 2)"), now=NOW).interval == 3600 * 10**9
