"""Every clause has a vector that reaches it, every vector a clause, every switch value a vector."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockflux.contract import coverage
from mockflux.contract.form import WAYS
from mockflux.contract.vector import folder, load_all, load_vectors, patterns
from mockflux.profile import concrete, load_profile

every_edition = pytest.mark.parametrize("edition", concrete())


@every_edition
def test_every_clause_has_a_vector(edition: str) -> None:
    assert coverage.clauses_without_vector(edition) == []


@every_edition
def test_every_vector_has_its_clause(edition: str) -> None:
    assert coverage.vectors_without_clause(edition) == []


@every_edition
def test_every_switch_value_has_a_vector(edition: str) -> None:
    assert coverage.switch_values_without_vector(edition) == []


@every_edition
def test_every_reason_has_a_vector(edition: str) -> None:
    assert coverage.reasons_without_vector(edition) == []


@every_edition
def test_every_kind_has_a_vector(edition: str) -> None:
    assert coverage.kinds_without_vector(edition) == []


@every_edition
def test_all_words_of_every_switch_have_a_vector(edition: str) -> None:
    assert coverage.words_without_vector(edition) == []


def test_every_envelope_is_used() -> None:
    assert coverage.envelopes_without_clause() == []


@every_edition
def test_every_way_is_gone(edition: str) -> None:
    vectors = load_vectors(edition)
    assert {way for vector in vectors for way in vector.ways} == set(WAYS)
    # What a socket alone can show is the exception.
    assert sum(set(vector.ways) == set(WAYS) for vector in vectors) > len(vectors) / 2


def test_ids_are_unique_and_named_after_their_file() -> None:
    vectors = load_all()
    assert set(patterns()) == {vector.id for vector in vectors}
    for vector in vectors:
        assert vector.id.split(".")[0] == Path(vector.file).stem, vector.id


# ------------------------------------------------------------------------------------------ the complaints themselves


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one vector in the place of the real one."""
    (tmp_path / "few.toml").write_text(
        'profiles = ["v2-oss"]\n[[vector]]\nid = "few.one"\nshows = "x"\nsource = "x"\nstored = "nothing"\n'
        '[[vector.exchange]]\nclause = "pong"\nrequest = "GET /ping"\nresponse = "204 No Content"\n'
    )
    for module in ("vector", "coverage"):
        monkeypatch.setattr(f"mockflux.contract.{module}.folder", lambda: tmp_path)
    return tmp_path


def test_a_clause_without_vector_is_named(few: Path) -> None:
    complaints = coverage.clauses_without_vector("v2-oss")
    assert "v2-oss: the clause 'accepted' has no vector that reaches it by a request" in complaints
    assert "v2-oss: the clause 'unavailable' has no vector that reaches it by a fault" in complaints
    assert not any("'pong'" in complaint for complaint in complaints)
    assert len(complaints) == len(load_profile("v2-oss").clauses) - 1


def test_a_switch_value_without_vector_is_named(few: Path) -> None:
    assert coverage.switch_values_without_vector("v2-oss") == [
        "v2-oss: the switch date_header has no vector with another value than real",
        "v2-oss: the switch late_points=reject has no vector",
        "v2-oss: the switch late_points=drop has no vector",
        "v2-oss: the switch late_points=store has no vector",
        "v2-oss: the switch max_body has no vector with another value than 0",
    ]


def test_a_planned_fault_does_not_cover_what_a_request_reaches(few: Path) -> None:
    text = (few / "few.toml").read_text()
    (few / "few.toml").write_text(text.replace('clause = "pong"', 'clause = "pong"\nby = "fault"'))
    assert coverage.reached("v2-oss")["pong"] == []


def test_reasons_kinds_and_words_without_vector_are_named(few: Path) -> None:
    assert "v2-oss: the reason 'malformed' has no vector" in coverage.reasons_without_vector("v2-oss")
    kinds = coverage.kinds_without_vector("v2-oss")
    assert "v2-oss: the clause 'token_malformed' has no vector for the kind 'form'" in kinds
    assert not any("'pong'" in kind for kind in kinds)
    words = coverage.words_without_vector("v2-oss")
    assert "v2-oss: with every switch at its default the words of 'accepted' have no vector" in words
    assert not any("'pong'" in complaint for complaint in words)
    assert set(coverage.complaints("v2-oss")) >= {*kinds, *words}
    spec = "v3-dedicated: with error_bodies=spec the words of 'token_malformed' have no vector"
    assert spec in coverage.words_without_vector("v3-dedicated")


def test_an_envelope_without_clause_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[edition]\nid = "own"\nextends = "v2-oss"\n[envelope.idle]\nbody = ""\n', encoding="utf-8")
    monkeypatch.setattr(coverage, "concrete", lambda: [str(own)])
    complaints = coverage.envelopes_without_clause()
    assert "own.toml: the envelope 'idle' is used by no clause" in complaints


@pytest.mark.parametrize(
    ("clause", "complaint"),
    [
        ("pongg", "few.toml: vector 'few.one': v2-oss has no clause 'pongg'"),
        ("unavailable", "few.toml: vector 'few.one': only a fault reaches 'unavailable'; expected by = \"fault\""),
    ],
)
def test_a_vector_without_its_clause_is_named(few: Path, clause: str, complaint: str) -> None:
    text = (few / "few.toml").read_text()
    (few / "few.toml").write_text(text.replace('clause = "pong"', f'clause = "{clause}"'))
    assert coverage.vectors_without_clause("v2-oss") == [complaint]


def test_the_vectors_are_package_data() -> None:
    assert folder().name == "vectors"
    assert sorted(folder().glob("*.toml"))
