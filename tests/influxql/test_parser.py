"""Texts to statements. ``parsed.jsonl`` holds texts, most of them damaged, each with what InfluxDB 1.6.7 said of it
behind ``error parsing query: ``, or nothing where it went on to execute it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mockflux.influxql import NotSimulated, ParseError, parse
from mockflux.influxql.change_statements import CreateDatabase, Remove
from mockflux.influxql.nodes import Binary, Call, Duration, Integer, Measurement, Paren, Select, VarRef

OBSERVED = [json.loads(line) for line in (Path(__file__).parent / "parsed.jsonl").read_text("utf-8").splitlines()]


def complaint(text: str, params: dict[str, object] | None = None) -> str:
    try:
        parse(text, params)
    except ParseError as wrong:
        return str(wrong)
    return ""


def condition(text: str) -> object:
    (statement,) = parse(f"SELECT a FROM m WHERE {text}")
    assert isinstance(statement, Select)
    return statement.condition


@pytest.mark.parametrize(("text", "said"), OBSERVED)
def test_what_a_server_said(text: str, said: str) -> None:
    assert complaint(text) == said


def test_enough_was_observed() -> None:
    assert sum(1 for _, said in OBSERVED if said) > 500
    assert sum(1 for _, said in OBSERVED if not said) > 90


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            'select mean(a),b as "c d" from db..m,/x\\/y/ where time>now()-90m and h=~/a/ group by time(60s),* '
            "fill(0) order by time desc limit 1 offset 2 slimit 3 soffset 4 tz('UTC')",
            'SELECT mean(a), b AS "c d" FROM db..m, /x\\/y/ WHERE time > now() - 90m AND h =~ /a/ GROUP BY time(1m), * '
            "fill(0) ORDER BY time DESC LIMIT 1 OFFSET 2 SLIMIT 3 SOFFSET 4 TZ('UTC')",
        ),
        ("SELECT 1.5*a, -b, +5, - (a), 1w FROM m", "SELECT 1.500 * a, -1 * b, 5, -1 * (a), 1w FROM m"),
        ("SELECT a INTO db.rp.:MEASUREMENT FROM /x/", "SELECT a INTO db.rp.:MEASUREMENT FROM /x/"),
        ("SELECT DISTINCT a::float FROM (SELECT b FROM m)", None),
        ("SELECT distinct a FROM (SELECT b FROM m)", "SELECT DISTINCT a FROM (SELECT b FROM m)"),
        ("SELECT a FROM m fill(null) LIMIT 0", "SELECT a FROM m"),
        ("SELECT a FROM m fill(0.00001)", "SELECT a FROM m fill(1e-05)"),
        (
            "create database x with duration 90m shard duration 1500u name y",
            "CREATE DATABASE x WITH DURATION 1h30m0s SHARD DURATION 1.5ms NAME y",
        ),
        (
            "alter retention policy default on d duration inf replication 2",
            'ALTER RETENTION POLICY "default" ON d DURATION 0s REPLICATION 2',
        ),
        ("CREATE USER u WITH PASSWORD 'secret'", "CREATE USER u WITH PASSWORD [REDACTED]"),
        ("SET PASSWORD FOR u = 'secret'", "SET PASSWORD FOR u = [REDACTED]"),
        ("grant all to u", "GRANT ALL PRIVILEGES TO u"),
        ("revoke read on d from u", "REVOKE READ ON d FROM u"),
        ('SHOW TAG VALUES WITH KEY IN (a, "b c")', 'SHOW TAG VALUES WITH KEY IN (a, "b c")'),
        ("show tag values exact cardinality with key=a", "SHOW TAG VALUES EXACT CARDINALITY WITH KEY = a"),
        ("show measurements with measurement =~ /x/ limit 2", "SHOW MEASUREMENTS WITH MEASUREMENT =~ /x/ LIMIT 2"),
        ("show stats for 'it''s'", None),
        ("kill query 3 on h", "KILL QUERY 3 ON h"),
        (
            "create subscription s on d.r destinations any 'a','b'",
            "CREATE SUBSCRIPTION s ON d.r DESTINATIONS ANY 'a', 'b'",
        ),
    ],
)
def test_how_a_statement_is_written(text: str, shown: str | None) -> None:
    if shown is None:
        assert complaint(text)
    else:
        assert [str(statement) for statement in parse(text)] == [shown]


@pytest.mark.parametrize("text", [text for text, said in OBSERVED[:87] if not said])
def test_what_is_written_reads_the_same(text: str) -> None:
    statements = parse(text)
    if "PASSWORD" not in text and not any(isinstance(statement, CreateDatabase) for statement in statements):
        written = "; ".join(map(str, statements))
        assert "; ".join(map(str, parse(written))) == written


def test_several_statements() -> None:
    assert [str(statement) for statement in parse(";SHOW DATABASES;; SHOW USERS ;")] == ["SHOW DATABASES", "SHOW USERS"]
    assert parse("") == parse(" ; -- nothing") == []


def test_operators_bind_as_tightly_as_they_should() -> None:
    a, b, c = VarRef("a"), VarRef("b"), VarRef("c")
    assert condition("a OR b AND c") == Binary("OR", a, Binary("AND", b, c))
    assert condition("a AND b OR c") == Binary("OR", Binary("AND", a, b), c)
    assert condition("a - b - c") == Binary("-", Binary("-", a, b), c)
    assert condition("a + b * c = 1") == Binary("=", Binary("+", a, Binary("*", b, c)), Integer(1))
    assert condition("(a + b) * c") == Binary("*", Paren(Binary("+", a, b)), c)
    assert condition("time > now() - 1h") == Binary(
        ">", VarRef("time"), Binary("-", Call("now"), Duration(3600 * 10**9))
    )


def test_places_of_measurements() -> None:
    (statement,) = parse('SELECT a FROM m, rp.m, db.rp.m, db..m, /x/, rp./x/, db.rp./x/, "a.b"')
    assert isinstance(statement, Select)
    found = [
        (source.database, source.policy, source.name or str(source.regex))
        for source in statement.sources
        if isinstance(source, Measurement)
    ]
    assert found == [
        ("", "", "m"), ("", "rp", "m"), ("db", "rp", "m"), ("db", "", "m"),
        ("", "", "/x/"), ("", "rp", "/x/"), ("db", "rp", "/x/"), ("", "", "a.b"),
    ]  # fmt: skip


def test_a_measurement_may_not_be_elsewhere_in_what_is_removed() -> None:
    assert complaint("DELETE FROM db.rp.m") == "retention policy not supported at line 1, char 1"
    assert complaint("DROP SERIES FROM rp.m") == "retention policy not supported at line 1, char 1"
    assert complaint("DELETE FROM db..m") == "database not supported at line 1, char 1"
    assert parse("DELETE FROM m") == [Remove("DELETE", (Measurement("m"),))]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (5, ""),
        (5.5, ""),
        ("x", ""),
        (True, ""),
        ({"integer": 5}, ""),
        ({"float": 5}, ""),
        ({"duration": "1h"}, ""),
        ({"duration": 5}, ""),
        ({"regex": "a.*"}, ""),
        ({"identifier": "a b"}, ""),
        (None, "missing parameter: unable to bind parameter with type <nil>"),
        ([1], "missing parameter: unable to bind parameter with type []interface {}"),
        ({}, "missing parameter: bound object parameter value must have exactly one entry"),
        ({"boolean": True}, "missing parameter: unknown bind object type: boolean"),
        ({"integer": 5.5}, "missing parameter: integer literal must be an integer value"),
        ({"float": "x"}, "missing parameter: number literal must be a float value"),
        ({"duration": True}, "missing parameter: duration literal must be a string or integer value"),
        ({"string": 5}, "missing parameter: string literal must be a string value"),
        ({"ident": 5}, "missing parameter: identifier must be a string value"),
        ({"duration": "5q"}, "invalid duration"),
        ({"regex": "["}, "error parsing regexp: missing closing ]: `[` at line 1, char 27"),
    ],
)
def test_bound_parameter(value: object, said: str) -> None:
    assert complaint("SELECT a FROM m WHERE a = $x", {"x": value}) == said


def test_a_bound_parameter_is_told_by_its_value() -> None:
    assert complaint("SHOW DATABASES $x", {"x": 1.0}) == "found 1, expected ; at line 1, char 16"
    assert (
        complaint("SHOW DATABASES $x", {"x": {"duration": 3600 * 10**9}}) == "found 1h, expected ; at line 1, char 16"
    )
    assert complaint("SHOW DATABASES $x", {"x": False}) == "found FALSE, expected ; at line 1, char 16"
    assert complaint("SELECT a FROM m WHERE a = $x") == "missing parameter: x"
    assert complaint("SELECT a FROM m WHERE a = $", {"": 1}) == "empty bound parameter"


def test_a_bound_pattern_or_name_stands_where_one_can() -> None:
    params: dict[str, object] = {"p": {"regex": "x.*"}, "n": {"identifier": "a b"}}
    (statement,) = parse("SELECT $n FROM $p WHERE a =~ $p", params)
    assert str(statement) == 'SELECT "a b" FROM /x.*/ WHERE a =~ /x.*/'


def test_long_chains_are_read_and_written() -> None:
    text = "SELECT a FROM m WHERE " + " OR ".join(["h = 'x'"] * 5000)
    assert [str(statement) for statement in parse(text)] == [text]


def test_deep_nesting_is_not_simulated() -> None:
    with pytest.raises(NotSimulated, match="nested as deep"):
        parse("SELECT a FROM m WHERE " + "(" * 5000 + "a = 1" + ")" * 5000)
