"""What an edition says and why, for people and programs: the profile's own data, laid out.

``mockflux editions`` and ``mockflux explain`` print it; nothing here is known that the profile does not know.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mockflux.http.routes import SIMULATED
from mockflux.profile import Clause, Evidence, Profile, concrete, load_profile
from mockflux.profile.clause import Key
from mockflux.profile.schema import dotted

if TYPE_CHECKING:
    from mockflux.cli.examples import Example

#: The sections of settings that ``explain`` shows, in the order in which a request meets them. Routes, phrases and
#: codes are left to the profile's file: long tables that the clauses show in use.
SECTIONS = ("auth", "params", "gate", "limits", "buckets", "write", "storage", "record", "headers", "types")
#: Tables within them that read best on one line.
_WHOLE = ("precisions", "cut_default", "always")


def write_paths(profile: Profile) -> dict[str, str]:
    """The paths to which an edition takes writes, by door."""
    return {
        route.door: path
        for path, route in SIMULATED.items()
        if route.door.endswith("-write") and route.door in profile.doors and path in profile.settings.methods
    }


# ------------------------------------------------------------------------------------------ editions


def editions() -> list[dict[str, Any]]:
    """The editions that come with mockflux: id, title, standing, version, and the paths to which they take writes."""
    return [
        {
            "id": profile.id,
            "title": profile.title,
            "standing": profile.standing,
            "version": profile.version,
            "write_paths": list(write_paths(profile).values()),
        }
        for profile in map(load_profile, concrete())
    ]


def editions_table(rows: list[dict[str, Any]]) -> str:
    """The editions as a table, a line each under a line of headings."""
    headings = ("EDITION", "STANDING", "VERSION", "WRITES TO", "TITLE")
    cells = [(r["id"], r["standing"], r["version"], ", ".join(r["write_paths"]), r["title"]) for r in rows]
    widths = [max(len(row[n]) for row in (headings, *cells)) for n in range(len(headings))]
    lines = ("  ".join(map(str.ljust, row, widths)) for row in (headings, *cells))
    return "".join(f"{line.rstrip()}\n" for line in lines)


# ------------------------------------------------------------------------------------------ one edition, as data


def chosen(profile: Profile, status: int | None) -> list[Clause]:
    """The profile's clauses by status, those of a proxy in front last; with ``status`` only those that say it.

    Raises ValueError for a status that the profile never says.
    """
    clauses = [clause for clause in profile.clauses.values() if status in (None, clause.status)]
    clauses.sort(key=lambda clause: (Key.parse(clause.key).door == "proxy", clause.status))
    if not clauses:
        said = ", ".join(str(known) for known in sorted({clause.status for clause in profile.clauses.values()}))
        raise ValueError(f"{profile.id} never says {status}; it says {said}")
    return clauses


def settings(profile: Profile, section: str) -> dict[str, Any]:
    """The settings of one section by dotted key, as one would write them in the profile."""
    return dict(_flat((section,), profile.tables.get(section, {})))


def _flat(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What holds everywhere comes before what single doors have (``at``). Lists of names stay whole."""
    for key, value in sorted(table.items(), key=lambda entry: entry[0] == "at"):
        if isinstance(value, Mapping) and key not in _WHOLE:
            yield from _flat((*path, key), value)
        else:
            yield dotted((*path, key)), value


def source(profile: Profile, key: str) -> Evidence | None:
    """Where a setting comes from: the evidence for its key or for the nearest table around it."""
    while key:
        if key in profile.evidence:
            return profile.evidence[key]
        key = key.rpartition(".")[0]
    return None


def as_data(
    profile: Profile, status: int | None = None, examples: Mapping[str, Example] | None = None
) -> dict[str, Any]:
    """Everything that :func:`as_text` shows, for programs. Raises ValueError as :func:`chosen`."""
    data: dict[str, Any] = {
        "id": profile.id,
        "title": profile.title,
        "standing": profile.standing,
        "version": profile.version,
        "doors": list(profile.doors),
        "sources": dict(profile.sources),
    }
    clauses, shown = chosen(profile, status), examples or {}
    if status is None:
        data["switches"] = {
            name: {
                "value": profile.switches[name],
                "default": info["default"],
                "values": list(info["values"]) if "values" in info else None,
                "sets": info.get("sets"),
                "why": info["why"],
                "evidence": _pair(profile.evidence.get(f"switches.{name}")),
            }
            for name, info in profile.switch_info.items()
        }
        data["settings"] = {
            key: {"value": value, "evidence": _pair(source(profile, key))}
            for section in SECTIONS
            for key, value in settings(profile, section).items()
        }
        data["reasons"] = {
            name: {"text": template.source, "evidence": _pair(profile.evidence.get(f"reason.{name}"))}
            for name, template in profile.reasons.items()
        }
    data["clauses"] = [
        {
            "key": clause.key,
            "status": clause.status,
            "phrase": clause.phrase,
            "code": clause.code,
            "headers": _headers(clause),
            "body": clause.wording,
            "by": clause.by,
            "evidence": _pair(profile.evidence.get(clause.key)),
            "example": shown[clause.key].as_data() if clause.key in shown else None,
        }
        for clause in clauses
    ]
    return data


def _pair(evidence: Evidence | None) -> dict[str, str] | None:
    return {"status": evidence.status, "body": evidence.body} if evidence else None


def _headers(clause: Clause) -> dict[str, str]:
    return {name: template.put_in({"code": clause.code or ""}) for name, template in clause.headers({}).items()}


# ------------------------------------------------------------------------------------------ one edition, as text


def as_text(
    profile: Profile,
    status: int | None = None,
    width: int | None = None,
    examples: Mapping[str, Example] | None = None,
) -> str:
    """An edition explained: switches, settings, wording of reasons, clauses, each with where it comes from, and the
    example that it has in ``examples``.

    With ``status`` only the clauses that say it. Prose is wrapped at ``width`` columns, or not at all, so that a
    search by line finds whole sentences. Raises ValueError as :func:`chosen`.
    """
    clauses = chosen(profile, status)
    page = _Page(width)
    page.line(f"{profile.id}: {profile.title} ({profile.standing}, version {profile.version})")
    for name, where in profile.sources.items():
        page.line(f"  {name}: {where}")
    if status is None:
        _switches(page, profile)
        for section in SECTIONS:
            if section in profile.tables:
                _section(page, profile, section)
        _reasons(page, profile)
    page.heading("clauses" if status is None else f"clauses that say {status}")
    for number, clause in enumerate(clauses):
        if number:
            page.line("")
        _clause(page, profile, clause)
        if examples and clause.key in examples:
            _example(page, examples[clause.key])
    return page.text()


class _Page:
    """Lines of text; prose is wrapped with its continuation under its beginning."""

    def __init__(self, width: int | None) -> None:
        self._width = width
        self._lines: list[str] = []

    def line(self, text: str) -> None:
        self._lines.append(text)

    def heading(self, text: str) -> None:
        self._lines += ["", text.upper()]

    def prose(self, text: str, *, indent: int, label: str = "") -> None:
        lead = " " * indent + (label.ljust(9) if label else "")
        if self._width is None:
            self._lines.append(lead + text)
            return
        self._lines += textwrap.wrap(
            text, self._width, initial_indent=lead, subsequent_indent=" " * max(len(lead), indent + 2),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    def evidence(self, evidence: Evidence | None, *, indent: int) -> None:
        if evidence is None:
            self.prose("no source is given", indent=indent)
        elif evidence.status == evidence.body:
            self.prose(evidence.status, indent=indent)
        else:
            self.prose(evidence.status, indent=indent, label="status")
            self.prose(evidence.body, indent=indent, label="body")

    def text(self) -> str:
        return "".join(f"{line.rstrip()}\n" for line in self._lines)


def _switches(page: _Page, profile: Profile) -> None:
    page.heading("switches")
    if not profile.switch_info:
        page.line("  none")
    for name, info in profile.switch_info.items():
        value, default = profile.switches[name], info["default"]
        kind = "a whole number" if type(default) is int else f"a value like {_word(default)}"
        takes = " | ".join(info["values"]) if "values" in info else f"{kind}, sets {info['sets']}"
        now = "" if value == default else f"; default {_word(default)}"
        page.prose(f"{name} = {_word(value)} ({takes}{now})", indent=2)
        page.prose(info["why"], indent=6)
        page.evidence(profile.evidence.get(f"switches.{name}"), indent=6)


def _section(page: _Page, profile: Profile, section: str) -> None:
    page.heading(section)
    whole = profile.evidence.get(section)
    if whole is not None:
        page.evidence(whole, indent=6)
    for key, value in settings(profile, section).items():
        page.prose(f"{key} = {_word(value)}", indent=2)
        own = source(profile, key)
        if own is not whole:
            page.evidence(own, indent=6)


def _reasons(page: _Page, profile: Profile) -> None:
    page.heading("reasons for refusing a point")
    for name, template in profile.reasons.items():
        page.prose(f"{name} = {template.source}", indent=2)
        page.evidence(profile.evidence.get(f"reason.{name}"), indent=6)


def _clause(page: _Page, profile: Profile, clause: Clause) -> None:
    page.line(f"  {clause.status} {clause.phrase} [{clause.key}]")
    for name, text in _headers(clause).items():
        page.line(f"      {'header':9}{name}: {text}")
    for number, text in enumerate(clause.wording.splitlines() or ["(empty)"]):
        page.line(f"      {'' if number else 'body':9}{text.expandtabs(4)}")
    by_plan = f'only by a planned fault: fail(clause="{clause.key}")'
    page.prose("by a request" if clause.by == "request" else by_plan, indent=6, label="reached")
    evidence = profile.evidence.get(clause.key)
    if evidence is not None and evidence.status == evidence.body:
        page.prose(evidence.status, indent=6, label="source")
    else:
        page.evidence(evidence, indent=6)


def _example(page: _Page, example: Example) -> None:
    page.line("")
    others = ", ".join(f"{name} = {_word(value)}" for name, value in example.switches.items())
    page.prose(f"{example.vector.shows} [{example.vector.id}]", indent=6, label="example")
    if others:
        page.prose(f"with {others}", indent=6, label=" ")
    for line in example.as_lines():
        page.line(f"{' ' * 15}{line}")


def _word(value: Any) -> str:
    """A value as it is read best: flags as in TOML, lists and small tables on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_word(entry) or 'none'}" for key, entry in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_word, value)) or "nothing"
    return str(value)
