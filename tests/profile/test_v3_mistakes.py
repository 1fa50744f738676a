"""Mistakes in what only profiles of InfluxDB 3 have: each is told at load, with file, key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockflux.profile import ProfileError, load_profile

CLUSTERED = '[edition]\nid = "mine"\nextends = "v3-clustered"\n'
CORE = '[edition]\nid = "mine"\nextends = "v3-core"\n'


def complaint(folder: Path, text: str) -> ProfileError:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (
            CLUSTERED + '[write]\npreset = "half"',
            "write.preset",
            "expected one of atomic, keep_good, queued, got 'half'",
        ),
        (CLUSTERED + '[write]\nobjections = ["types"]', "write.objections", "needs the objection time_range"),
        (CLUSTERED + '[params]\nname_rules = ["long"]', "params.name_rules.0", "expected one of namespace, database"),
        (
            CLUSTERED + '[params]\nname_rules = ["database"]',
            'clause."name_invalid:empty"',
            "missing clause; the check name at v1-write can give name_invalid:empty",
        ),
        (
            CORE + '[write.at.v3-write.when."accept_partial"]\npreset = "atomic"',
            "write.at.v3-write.when.accept_partial",
            "a key here is a parameter and its value, such as accept_partial=false",
        ),
        (
            CORE + '[params.at.v3-write]\ndefault_precision = "hours"',
            "params.at.v3-write.default_precision",
            "expected one of s, ms, us, ns",
        ),
        (CLUSTERED + '[envelope."quiet@front"]\nbody = ""', 'envelope."quiet@front"', "unknown door; expected one of"),
        (CLUSTERED + "[limits]\ncolumns = -1", "limits.columns", "expected a whole number, 0 or more, got -1"),
        (CLUSTERED + "[limits]\ndatabases = 3", 'clause."too_many_databases"', "missing clause; what answers at"),
        (CLUSTERED + '[setup]\ndatabase = ""', "setup.database", "expected a database, or bucket and org"),
        (
            CLUSTERED + '[reason.malformed]\ntext = "${line:cut20}"',
            'reason."malformed".text',
            "the filter cut20 takes a text, and line is none; expected one of complaint, line_text",
        ),
        (
            CLUSTERED + '[reason.malformed]\ntext = "$complaint"\nentry = "$entry"',
            'reason."malformed".entry',
            "unknown placeholder $entry; expected one of line, line_text, reason",
        ),
        (CORE + '[write]\nquotes = "whole"', "write.quotes", "expected one of as_sent, rendered_or_nth"),
        (CLUSTERED + '[routes]\ngrpc = "yes"', "routes.grpc", "expected true or false, got 'yes'"),
        (
            CLUSTERED + '[clause.points_rejected]\ncode = "invalid"\nmessage = "no"\neach = "$reason"',
            'clause."points_rejected".each',
            "nothing uses it; expected $rejections in the message or body",
        ),
        (
            CLUSTERED + '[clause.points_rejected]\nstatus = 400\nmessage = "no"',
            'clause."points_rejected"',
            "the envelope 'platform' tells a code: expected one of [codes]",
        ),
        (
            CORE + '[write.at.v3-write.when."accept_partial=maybe"]\npreset = "atomic"',
            'write.at.v3-write.when."accept_partial=maybe"',
            "accept_partial is a flag; expected accept_partial=true or accept_partial=false",
        ),
        (
            CORE + '[write.at.v3-write.when."accept_partial=false"]\nobjections = ["types"]',
            'write.at.v3-write.when."accept_partial=false".objections',
            "needs the objection time_range",
        ),
        (
            CLUSTERED + '[write]\nquotes = "rendered_or_nth"\n[write.at.v1-write]\ngrammar = "go"',
            "write.quotes",
            "at v1-write the grammar go renders no lines; expected as_sent",
        ),
        (
            CLUSTERED + '[write]\nobjections = ["time_range"]\ncolumn_objections = ["types"]',
            "write.column_objections",
            "nothing asks these; expected each_column among the objections",
        ),
        (CORE + "[limits]\nbody = 5", "limits.body", "limits.sent holds for what is inflated as well (body_as_sent)"),
        (CLUSTERED + "[limits]\nwindow_requests = 5", "limits.window_requests", "expected the check quota"),
        (CLUSTERED + "[limits]\nwindow_bytes = 5", "limits.window_bytes", "expected the check quota at a write door"),
        (
            CLUSTERED + '[clause.org_not_found]\nstatus = 200\nbody = ""\n[evidence]\n'
            'org_not_found = "inferred: a test"',
            'clause."org_not_found".by',
            'no request leads to this clause here, expected "fault"',
        ),
        (
            CORE + '[gate.area."/"]\nbefore_door = ["database"]',
            'gate.area."/".before_door',
            "the check database at v1-write needs the name of the target",
        ),
        (CORE + '[params]\nstyle = "go"', "params.style", "needs a query string that serde reads; expected serde"),
    ],
)
def test_a_mistake_is_told_at_load(tmp_path: Path, text: str, key: str, problem: str) -> None:
    error = complaint(tmp_path, text)
    assert (error.file, error.key) == ("mine.toml", key)
    assert problem in error.problem
