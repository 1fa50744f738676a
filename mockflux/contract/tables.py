"""The tables of docs/editions.md and docs/coverage.md, made from profiles, routes and vectors.

    python -m mockflux.contract.tables [--check]

writes them into a clone's ``docs/``; with ``--check`` it writes nothing, and says which are stale, with exit code 1.
What stands between the marks of a document is made here; the rest of it is written by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mockflux.contract.tables_paths import path_sections
from mockflux.profile import Clause, Evidence, Profile, concrete, load_profile
from mockflux.profile.clause import Key

#: How one makes them anew.
COMMAND = "python -m mockflux.contract.tables"
BEGIN, END = f"<!-- made by {COMMAND}, from here -->", "<!-- to here -->"
#: Characters of a body that a table shows.
_BODY = 110


class TablesError(ValueError):
    """A document has no room for its tables: the message says what was expected."""


def docs() -> Path:
    """The folder of the documents in a clone."""
    return Path(__file__).resolve().parents[2] / "docs"


def made() -> dict[str, str]:
    """What stands between the marks of each document, by its name."""
    profiles = [load_profile(id) for id in concrete()]
    return {"editions.md": _text(clause_sections(profiles)), "coverage.md": _text(path_sections(profiles))}


def with_tables(document: str, tables: str, name: str) -> str:
    """A document with these tables between its marks. Raises TablesError for one that has none."""
    before, begin, rest = document.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise TablesError(
            f"docs/{name} has no room for its tables; expected a line {BEGIN!r} and one {END!r} behind it"
        )
    return f"{before}{BEGIN}\n{tables}{END}{after}"


def stale(where: Path) -> list[str]:
    """A sentence for each document of a folder whose tables are not those of today."""
    complaints = []
    for name, tables in made().items():
        document = (where / name).read_text(encoding="utf-8")
        if with_tables(document, tables, name) != document:
            complaints.append(f"docs/{name} is stale: profiles, routes or vectors say something else; run {COMMAND}")
    return complaints


def write(where: Path) -> None:
    """Write today's tables into the documents of a folder."""
    for name, tables in made().items():
        path = where / name
        path.write_text(with_tables(path.read_text(encoding="utf-8"), tables, name), encoding="utf-8")


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


# ------------------------------------------------------------------------------------------ clauses


def clause_sections(profiles: Sequence[Profile]) -> Iterator[str]:
    """The statuses of all editions beside each other, then the clauses of each edition by status; editions that say
    the same share a table."""
    yield from _statuses(profiles)
    alike: dict[tuple[str, ...], list[Profile]] = {}
    for profile in profiles:
        alike.setdefault(tuple(_clauses(profile)), []).append(profile)
    for rows, those in alike.items():
        yield ""
        yield f"### {', '.join(profile.id for profile in those)}"
        yield ""
        yield from rows


def _statuses(profiles: Sequence[Profile]) -> Iterator[str]:
    """Which edition says which status, and by how many clauses."""
    said = sorted({clause.status for profile in profiles for clause in profile.clauses.values()})
    yield f"| status | {' | '.join(profile.id for profile in profiles)} |"
    yield f"|---|{'---|' * len(profiles)}"
    for status in said:
        numbers = [sum(clause.status == status for clause in profile.clauses.values()) for profile in profiles]
        yield f"| {status} | {' | '.join(str(number or '') for number in numbers)} |"


def _clauses(profile: Profile) -> Iterator[str]:
    clauses = sorted(profile.clauses.values(), key=_by_status)
    yield "| status | clause | body | standing | source |"
    yield "|---|---|---|---|---|"
    for clause in clauses:
        evidence = profile.evidence[clause.key]
        status = f"{clause.status}{' (fault)' if clause.by == 'fault' else ''}"
        standing, source = _evidence(evidence)
        yield f"| {status} | `{clause.key}` | {_body(clause)} | {standing} | {source} |"


def _by_status(clause: Clause) -> tuple[bool, int, str]:
    """What an edition itself says comes before what a proxy in front of it says."""
    return Key.parse(clause.key).door == "proxy", clause.status, clause.key


def _body(clause: Clause) -> str:
    """The body as code; where it is long, its beginning."""
    text = clause.wording.replace("\r", "").replace("\n", "\\n")
    text = text if len(text) <= _BODY else f"{text[: _BODY - 1]}…"
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


def _evidence(evidence: Evidence) -> tuple[str, str]:
    """Standing and source; of status and body apart where they differ."""
    standings, sources = zip(
        *(map(str.strip, text.split(":", 1)) for text in (evidence.status, evidence.body)), strict=True
    )
    if evidence.status == evidence.body:
        return standings[0], sources[0].replace("|", "\\|")
    standing = standings[0] if standings[0] == standings[1] else f"{standings[0]}, body {standings[1]}"
    return standing, f"{sources[0]}; body: {sources[1]}".replace("|", "\\|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables, or say which are stale; the exit code."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description="Make the tables of docs/editions.md and docs/coverage.md."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; say which tables are stale")
    given = parser.parse_args(arguments)
    complaints: list[str] = []
    try:
        if given.check:
            complaints = stale(docs())
        else:
            write(docs())
    except (TablesError, OSError) as error:
        complaints = [str(error)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
