"""Where the grammars ``go`` and ``iox`` differ, and where they do not. The table is in grammars_differ.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from mockflux import strategies
from mockflux.lineprotocol import BadLine, Line, go, iox

TABLE = tomllib.loads((Path(__file__).parent / "grammars_differ.toml").read_text(encoding="utf-8"))
DIFFERENCES = [(topic, row) for topic, rows in TABLE["differ"].items() for row in rows]


def told(results: list[Line | BadLine]) -> list[str]:
    """Results in the notation of the table: number, then the complaint or measurement {tags} {fields} time."""
    return [f"{result.number}: {_told(result)}" for result in results]


def _told(result: Line | BadLine) -> str:
    if isinstance(result, BadLine):
        return result.complaint
    tags = ", ".join(f"{key}={value}" for key, value in result.tags)
    values = [f'"{field.value}"' if field.type == "string" else field.value for field in result.fields]
    fields = ", ".join(f"{field.key}={value}" for field, value in zip(result.fields, values, strict=True))
    return f"{result.measurement} {{{tags}}} {{{fields}}}" + ("" if result.time is None else f" {result.time}")


@pytest.mark.parametrize("row", [row for _, row in DIFFERENCES], ids=[f"{t}: {row['what']}" for t, row in DIFFERENCES])
def test_difference(row: dict[str, Any]) -> None:
    body, multiplier = row["body"].encode(), row.get("multiplier", 1)
    assert told(go.parse(body, multiplier)) == row["go"]
    assert told(iox.parse(body, multiplier)) == row["iox"]
    assert row["go"] != row["iox"], "else it is no difference"


@pytest.mark.parametrize("body", TABLE["alike"]["bodies"])
def test_alike(body: str) -> None:
    assert told(go.parse(body.encode())) == told(iox.parse(body.encode()))
    assert not any(isinstance(line, BadLine) for line in go.parse(body.encode()))


@pytest.mark.parametrize("body", TABLE["alike"]["cuts"])
def test_alike_in_what_a_line_is(body: str) -> None:
    """Both refuse something, each in its own words, but the same lines under the same numbers."""
    by_go, by_iox = go.parse(body.encode()), iox.parse(body.encode())
    assert [(type(line), line.number, line.text) for line in by_go] == [
        (type(line), line.number, line.text) for line in by_iox
    ]
    assert any(isinstance(line, BadLine) for line in by_go)


@pytest.mark.parametrize("parse", [go.parse, iox.parse])
def test_what_is_counted(parse: Callable[[bytes], list[Line | BadLine]]) -> None:
    """Results are numbered as their physical lines; InfluxDB 3 counts results, which is their place in the list."""
    lines = parse(b'\n# comment\nm v=1\nm s="two\nlines"\n \t\nbad\n')
    assert [(place, line.number) for place, line in enumerate(lines, start=1)] == [(1, 3), (2, 4), (3, 7)]


def test_lengths() -> None:
    """``go`` limits the series key, alone and with a field; ``iox`` each name and string by itself, and far later."""
    long = b"x" * 70_000
    for body in (long + b" v=1", b"m,t=" + long + b" v=1", b"m " + long + b"=1"):
        (by_go,), (by_iox,) = go.parse(body), iox.parse(body)
        assert isinstance(by_go, BadLine)
        assert by_go.complaint.startswith("max key length exceeded: ")
        assert isinstance(by_iox, Line)
    huge = b'm v="' + b"x" * (iox.MAX_STRING_LENGTH + 1) + b'"'
    assert isinstance(go.parse(huge)[0], Line)
    assert iox.parse(huge) == [BadLine(1, huge, "String is greater than 1MB")]


@given(strategies.batches())
def test_what_users_are_offered_means_the_same_to_both(batch: strategies.Batch) -> None:
    assert go.parse(batch.body) == iox.parse(batch.body)
