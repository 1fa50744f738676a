"""Mistakes in what only a profile of InfluxDB Cloud has: each is told at load. And switches that go over another."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockflux import Server
from mockflux.profile import ProfileError, load_profile

CLOUD = '[edition]\nid = "mine"\nextends = "v2-cloud"\n'


def load(folder: Path, text: str) -> None:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    load_profile(path)


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("[storage]\ndelay = -1", "storage.delay", "expected seconds, 0 or more, got -1"),
        ('[storage]\ndelay = "soon"', "storage.delay", "expected seconds, 0 or more"),
        ('[record.reasons]\nbored = "x"', "record.reasons.bored", "unknown reason; expected one of malformed"),
        ('[record.reasons]\n"type_conflict:odd" = "x"', 'record.reasons."type_conflict:odd"', "unknown reason"),
        ('[record.types]\ntag = "Tag"', "record.types.tag", "expected one of float, integer, unsigned, string"),
        (
            '[write]\nobjections = ["schema", "retention", "types", "duplicate_fields"]',
            "record.reasons.duplicate_field",
            "missing key; points can be refused for this reason",
        ),
        ('[write]\nunit = "point"', "write.unit", "expected one of line, field, got 'point'"),
        ('[write]\nqueued = ["bored"]', "write.queued.0", "expected one of malformed"),
        (
            '[switches.max_things]\ndefault = 0\nwhy = "x"\nsets = "limits.buckets"\nover = "nothing"',
            "switches.max_things.over",
            "expected the name of a switch with values",
        ),
    ],
)
def test_a_mistake_is_told_at_load(tmp_path: Path, text: str, key: str, problem: str) -> None:
    reason = '\n[reason.duplicate_field]\ntext = "x"\n[evidence]\n"reason.duplicate_field" = "inferred: a test"'
    with pytest.raises(ProfileError) as caught:
        load(tmp_path, CLOUD + text + (reason if "duplicate" in text else ""))
    assert (caught.value.file, caught.value.key) == ("mine.toml", key)
    assert problem in caught.value.problem


def limits(**switches: object) -> tuple[int, int, int, int, int]:
    found = load_profile("v2-cloud", switches).settings.limits
    return found.window_bytes, found.read_bytes, found.cardinality, found.buckets, found.retention


def test_a_plan_says_several_limits_and_each_can_be_set_alone() -> None:
    assert limits() == (0, 0, 0, 0, 0)
    assert limits(plan="free") == (5_000_000, 300_000_000, 10_000, 2, 2_592_000)
    assert limits(plan="usage-based") == (300_000_000, 3_000_000_000, 1_000_000, 0, 0)
    assert limits(plan="free", max_series=7) == (5_000_000, 300_000_000, 7, 2, 2_592_000)
    assert limits(max_series=7, plan="free") == limits(plan="free", max_series=7)
    assert limits(max_bytes=9) == (9, 0, 0, 0, 0)
    assert limits(plan="free", max_bytes=0) == limits(plan="free"), "0 stands for what the plan says"
    with pytest.raises(ValueError, match="switch max_series=-1: expected a whole number"):
        Server("v2-cloud", max_series=-1)
    with pytest.raises(ValueError, match=r"switch queue_delay='x': expected seconds, 0 or more"):
        Server("v2-cloud", queue_delay="x")
