"""``mockflux compare`` on a file with one malformed line, one type conflict and one line older than retention."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockflux.cli import main
from mockflux.profile import concrete

HERE = Path(__file__).parent
FILE = HERE.parent / "data" / "three_faults.lp"
ROWS: list[dict[str, Any]] = tomllib.loads((HERE / "three_faults.toml").read_text(encoding="utf-8"))["row"]
COMMAND = ["compare", str(FILE), "--precision", "s", "--retention", "30d", "--now", "2023-11-15T00:00:00Z"]


def compared(*more: str) -> str:
    result = CliRunner().invoke(main, [*COMMAND, *more])
    assert result.exit_code == 0, result.output
    return result.output


def test_every_edition_has_its_row() -> None:
    assert sorted(edition for row in ROWS for edition in row["editions"]) == concrete()


def test_the_rows_are_those_of_the_table() -> None:
    found = {tuple(row["editions"]): row for row in json.loads(compared("--json"))}
    assert found.keys() == {tuple(row["editions"]) for row in ROWS}
    for wanted in ROWS:
        row = found[tuple(wanted["editions"])]
        assert f"{row['status']} {row['reason']}" == wanted["status"]
        assert row["body"] == wanted["body"]
        assert row["kept"] == wanted["kept"]
        refused = [{key: value for key, value in line.items() if key != "source"} for line in wanted["refused"]]
        assert [{"line": line["line"], "text": line["text"]} for line in row["refused"]] == refused


def test_every_entry_cites_its_source() -> None:
    for row in ROWS:
        cited = [row["status_source"], row["body_source"], row["kept_source"], *(r["source"] for r in row["refused"])]
        assert all(len(source) > 10 for source in cited)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["editions"][0])
def test_the_printed_table_has_them(row: dict[str, Any]) -> None:
    printed = compared()
    assert row["status"] in printed
    assert row["body"] in printed
    for line in row["refused"]:
        assert f"line {line['line']}: {line['text']}" in printed
