"""The report of a run against a live server: as a table, as JUnit's XML and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from mockflux.contract.compare import Difference
from mockflux.contract.live_making import left_line
from mockflux.contract.verify import Report, Verified

#: What XML 1.0 cannot hold at all.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _difference(entry: Verified) -> Difference:
    assert entry.difference is not None
    return entry.difference


def counts(report: Report) -> dict[str, int]:
    """The figures of a run."""
    played = len(report.of("held")) + len(report.of("different"))
    unchecked = sum(entry.stored_unchecked for entry in report.vectors)
    return {
        "vectors": len(report.vectors),
        "played": played,
        "held": len(report.of("held")),
        "different": len(report.of("different")),
        "not_playable": len(report.of("not playable")),
        "stored_checked": played - unchecked,
        "stored_not_checked": unchecked,
        "clauses": len(report.held) + len(report.faults) + len(report.unreached),
        "clauses_held": len(report.held),
        "clauses_by_fault": len(report.faults),
        "clauses_not_reached": len(report.unreached),
    }


def reasons(report: Report) -> list[tuple[str, int]]:
    """Why vectors were not played, and how many by each reason, the most frequent first."""
    return Counter(entry.why_not or "" for entry in report.of("not playable")).most_common()


def as_text(report: Report) -> str:
    """What differed, clause by clause, and the figures."""
    lines = []
    for entry in report.of("different"):
        differs = _difference(entry)
        lines += [
            f"{entry.clause or 'no clause'}  ({entry.vector.file}: {entry.vector.id})",
            f"  where     {differs.where}",
            f"  expected  {_one_line(differs.expected)}",
            f"  got       {_one_line(differs.got)}",
            "",
        ]
    few = counts(report)
    if few["not_playable"]:
        lines.append("not playable on this server:")
        lines += [f"  {number:4} {reason}" for reason, number in reasons(report)]
    lines += map(left_line, report.left)
    return "\n".join([*lines, *_figures(report, few)]) + "\n"


def _figures(report: Report, few: dict[str, int]) -> list[str]:
    """The last lines. Where the vectors are those of an edition that the profile extends, they say so: words of the
    profile's own were not compared with anything."""
    parent = report.words_of if report.words_of != report.profile else ""
    words, whose = (f" in the words of {parent}", f"{parent}'s vectors, for ") if parent else ("", "")
    checked = f"checked in {few['stored_checked']} of {few['played']} vectors played"
    return [
        f"stored: {f'not checked: {report.unread}' if report.unread else checked}",
        f"clauses: {few['clauses_held']} of {few['clauses']} held{words}, "
        f"{few['clauses_by_fault']} only a fault reaches, {few['clauses_not_reached']} no vector reached here",
        f"{whose}{report.profile} at {report.url}: {few['held']} held, {few['different']} different, "
        f"{few['not_playable']} not playable, of {few['vectors']} vectors",
    ]


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n")


def as_data(report: Report) -> dict[str, Any]:
    """The report as JSON holds it."""
    return {
        "url": report.url,
        "profile": report.profile,
        "vectors_of": report.words_of,
        "stored_not_read": report.unread,
        "counts": counts(report),
        "vectors": [_entry(entry) for entry in report.vectors],
        "clauses": {"held": report.held, "by_fault": report.faults, "not_reached": report.unreached},
        "left_behind": report.left,
    }


def _entry(entry: Verified) -> dict[str, Any]:
    data: dict[str, Any] = {"id": entry.vector.id, "file": entry.vector.file, "state": entry.state}
    if entry.why_not is not None:
        return data | {"why": entry.why_not}
    data["stored"] = "not checked" if entry.stored_unchecked else "checked"
    if entry.difference is not None:
        differs = entry.difference
        data |= {
            "clause": entry.clause,
            "where": differs.where,
            "expected": _plain(differs.expected),
            "got": _plain(differs.got),
        }
    return data


def as_junit(report: Report) -> str:
    """The report as JUnit's XML, which CI servers read: a test case for each vector."""
    few = counts(report)
    suite = ElementTree.Element(
        "testsuite", name=_suite(report), tests=str(few["vectors"]),
        failures=str(few["different"]), skipped=str(few["not_playable"]), errors="0",
    )  # fmt: skip
    for entry in report.vectors:
        case = ElementTree.SubElement(suite, "testcase", classname=entry.vector.file, name=entry.vector.id)
        if entry.why_not is not None:
            ElementTree.SubElement(case, "skipped", message=_plain(entry.why_not))
        elif entry.difference is not None:
            differs = entry.difference
            failure = ElementTree.SubElement(case, "failure", message=_plain(f"{entry.clause}: {differs.where}"))
            failure.text = _plain(f"expected: {differs.expected}\ngot:      {differs.got}")
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report) -> str:
    name = f"mockflux verify {report.profile}"
    return name if report.words_of == report.profile else f"{name}, vectors of {report.words_of}"


def _plain(text: str) -> str:
    """A text in which everything can be written as XML and as UTF-8."""
    return _NO_XML.sub(lambda match: match.group().encode("unicode_escape", "surrogatepass").decode(), text)
