"""The tables of docs/ are those of today, and whoever forgets to make them is told how."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mockflux.contract import tables
from mockflux.contract.tables_paths import path_sections
from mockflux.profile import concrete, load_profile


def test_the_tables_of_the_documents_are_not_stale() -> None:
    assert tables.stale(tables.docs()) == []


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the documents that have tables, in the place of the real ones."""
    for name in ("editions.md", "coverage.md"):
        shutil.copy(tables.docs() / name, tmp_path)
    monkeypatch.setattr(tables, "docs", lambda: tmp_path)
    return tmp_path


def test_a_stale_table_is_told_and_made_anew(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = copied / "editions.md"
    right = document.read_text(encoding="utf-8")
    document.write_text(right.replace("| 404 | `bucket_not_found` |", "| 400 | `bucket_not_found` |"), encoding="utf-8")
    assert tables.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "docs/editions.md is stale: profiles, routes or vectors say something else; "
        "run python -m mockflux.contract.tables\n"
    )
    assert tables.main([]) == 0
    assert document.read_text(encoding="utf-8") == right
    assert tables.main(["--check"]) == 0


def test_what_is_written_by_hand_stays(copied: Path) -> None:
    document = copied / "coverage.md"
    document.write_text(f"# Mine\n\n{tables.BEGIN}\n{tables.END}\nmore\n", encoding="utf-8")
    tables.write(copied)
    text = document.read_text(encoding="utf-8")
    assert text.startswith("# Mine\n\n")
    assert text.endswith(f"{tables.END}\nmore\n")
    assert "| `/api/v2/write` |" in text


def test_a_document_without_room_is_told(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "coverage.md").write_text("# Coverage\n", encoding="utf-8")
    assert tables.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith(
        "docs/coverage.md has no room for its tables; expected a line '<!-- made by"
    )


def test_clauses_stand_by_status_with_source_and_standing() -> None:
    rows = list(tables.clause_sections([load_profile("v2-oss")]))
    own = [row for row in rows if row.startswith("| 4") and "`" in row and "@proxy" not in row]
    assert [row[:5] for row in own] == sorted(row[:5] for row in own)
    assert sum("`" in row for row in rows) == len(load_profile("v2-oss").clauses)
    [row] = [row for row in rows if "| `bucket_not_found` |" in row]
    assert row.startswith('| 404 | `bucket_not_found` | `{"code":"not found","message":"bucket')
    assert row.split(" | ")[3] in (
        "documented",
        "released",
        "inferred",
        "documented, body released",
        "documented, body inferred",
    )
    assert any(row.startswith("| 503 (fault) | `unavailable` |") for row in rows)


def test_editions_that_say_the_same_share_a_table() -> None:
    rows = list(tables.clause_sections([load_profile("v3-dedicated"), load_profile("v3-clustered")]))
    assert "### v3-dedicated, v3-clustered" in rows


def test_paths_are_simulated_partly_or_not() -> None:
    rows = list(path_sections([load_profile("v2-oss"), load_profile("v3-serverless")]))
    first = rows[: rows.index("")]
    cells = {row.split("`")[1]: row.split(" | ")[1:] for row in first if row.startswith("| `")}
    assert cells["/api/v2/orgs"] == ["partly: no POST", "not |"]
    assert cells["/api/v2/write"][0].startswith("yes (")
    assert cells["/ready"][1] == " |"
    below = rows[rows.index("### Not simulated: v2-oss") :]
    assert "| `/query` | GET POST |  |" in below


def test_every_edition_with_vectors_is_in_the_tables() -> None:
    for name, text in tables.made().items():
        assert all(f"| {edition} |" in text for edition in concrete()), name
