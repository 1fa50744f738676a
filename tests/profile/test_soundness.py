"""What can only be told of a whole profile: the gate leads somewhere, and whatever can occur has words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux.profile import Profile, ProfileError, concrete, load_profile
from mockflux.profile.load import find, merge
from mockflux.profile.possible import possible_reasons
from mockflux.profile.switches import alternatives

Write = Callable[..., Path]

OWN = '[edition]\nid = "mine"\nextends = "v2-oss"\n'
WRITE = "gate.doors.v2-write"
SWITCH = '[switches.calm]\ndefault = false\nwhy = "to try"\n[switches.calm.values.false]\n'
SOURCE = '\n[evidence]\n"switches.calm" = "inferred: a test"\n'


def order(*checks: str) -> str:
    return OWN + f"[gate.doors]\nv2-write = {list(checks)}\n"


def complaint(path: Path) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (order(), WRITE, "what answers at v2-write needs the bucket; expected the check target or mapping or"),
        (
            order("target_given", "org", "target", "permission", "size"),
            WRITE,
            "what answers at v2-write needs the decoded body; expected the check inflate before it",
        ),
        (
            order("target_given", "org", "target", "inflate", "size"),
            WRITE,
            "the check inflate at v2-write needs the whole body; expected the check size before it",
        ),
        (
            order("target_given", "org", "permission", "target", "size", "inflate"),
            WRITE,
            "the check permission at v2-write needs the bucket; expected the check target or mapping or",
        ),
        (
            order("target_given", "target", "org", "size", "inflate"),
            WRITE,
            "the check target at v2-write needs the organization; expected the check org or own_org before it",
        ),
        (
            order("org", "target", "size", "inflate"),
            WRITE,
            "the check target at v2-write needs the name of the target; expected the check target_given or name",
        ),
        (
            OWN + '[gate.area."/api/v2"]\nbefore_door = []',
            'gate.area."/api/v2".before_door',
            "the check permission at v2-write needs the token; expected the check token before it",
        ),
        (
            OWN + '[gate.area."/api/v2"]\nopen = ["POST /api/v2/write"]',
            'gate.area."/api/v2".open',
            "the check permission at v2-write needs the token; expected the check token before it",
        ),
        (
            OWN + '[gate.area."/api/v2"]\nopen = ["GET /api/v2/buckets"]',
            'gate.area."/api/v2".open',
            "what answers at v2-resources needs the token; expected the check token before it",
        ),
        (
            OWN + '[gate.doors]\nv1-write = ["target_given", "mapping", "size", "inflate"]',
            "gate.doors.v1-write",
            "the check mapping at v1-write needs the token; expected the check token before it",
        ),
        (OWN + '[gate.doors]\nhealth = ["permission"]', "gate.doors.health", "permission at health needs the token"),
        (OWN + '[gate]\nfirst = ["permission"]', "gate.first", "the check permission at v1-write needs the token"),
        (OWN + "[auth]\nschemes = []", "auth.schemes", "the check token at v2-write needs a way for credentials"),
        (OWN + "[params]\norg = []", "params.org", "the check org at v2-write needs names of parameters"),
        (
            OWN + '[gate.doors]\nv1-write = ["token", "org", "target_given", "target", "size", "inflate"]',
            "params.at.v1-write.org",
            "the check org at v1-write needs names of parameters",
        ),
        (
            OWN + '[routes.methods]\n"/api/v2/write" = "GET"',
            'routes.methods."/api/v2/write"',
            "the door v2-write answers POST /api/v2/write; expected a route that has it",
        ),
    ],
)  # fmt: skip
def test_a_gate_that_leads_nowhere(write: Write, text: str, key: str, problem: str) -> None:
    error = complaint(write(text))
    assert (error.key, problem in error.problem) == (key, True), error


def test_a_gate_without_permission_is_an_order_too(write: Write) -> None:
    path = write(order("target_given", "org", "target", "size", "inflate"))
    assert "permission" not in load_profile(path).settings.gate.doors["v2-write"]


@pytest.mark.parametrize(
    ("absent", "occurs"),
    [
        ("accepted", "what answers at v1-write can give accepted"),
        ("accepted@v2-write", "what answers at v2-write can give accepted"),
        ("points_rejected", "what answers at v1-write can give points_rejected:malformed.atomic"),
        ("points_rejected:type_conflict", "can give points_rejected:type_conflict.atomic"),
        ("token_missing", "the check token at v2-write can give token_missing"),
        ("token_missing@api-other", "the check token at api-other can give token_missing"),
        ("permission_denied:write", "the check permission at v1-write can give permission_denied:write"),
        ("body_unreadable:checksum", "the check inflate at v1-write can give body_unreadable:checksum"),
        ("precision_invalid", "the check precision at v2-write can give precision_invalid"),
        ("path_not_found", "at v2-write can give path_not_found"),
        ("path_not_found@other", "what answers at other can give path_not_found"),
        ("path_not_found@v2-resources", "what answers at v2-resources can give path_not_found"),
        ("path_moved", "the check method at v2-write can give path_moved"),
        ("method_not_allowed:unknown", "the check known_method at v1-write can give method_not_allowed:unknown"),
        ("options_listed@http", "what answers at http can give options_listed"),
        ("healthy", "what answers at health can give healthy"),
        ("found", "what answers at v2-resources can give found"),
        ("parameter_invalid:limit", "what answers at v2-resources can give parameter_invalid:limit"),
    ],
)
def test_what_can_occur_cannot_be_left_out(write: Write, absent: str, occurs: str) -> None:
    error = complaint(write(OWN + f"absent = ['{absent}']\n"))
    assert error.key == "edition.absent"
    assert error.problem.startswith(f"'{absent}' cannot be left out: ")
    assert error.problem.endswith(occurs)


@pytest.mark.parametrize(
    ("absent", "more"),
    [
        ("precision_invalid", '[params]\nunknown_precision = "ns"'),
        ("path_moved", '[routes.slash]\nv2-write = "same"\nv2-delete = "same"'),
        ("internal_error", ""),
        ("malformed_request:length", ""),
        ("points_rejected:partial", ""),
        ("points_rejected:outside_retention", '[switches.late_points]\ndefault = "drop"'),
    ],
)
def test_what_cannot_occur_can_be_left_out(write: Write, absent: str, more: str) -> None:
    if "late_points" not in more:
        assert load_profile(write(OWN + f"absent = ['{absent}']\n{more}\n"))
        return
    # Another value of the switch makes it possible: that is told too.
    error = complaint(write(OWN + f"absent = ['{absent}']\n{more}\n"))
    assert error.key == "switches.late_points.values.reject"
    assert f"'{absent}' cannot be left out" in error.problem


def test_a_clause_that_was_never_there(write: Write) -> None:
    head, _, rest = find("v2-oss").read_text(encoding="utf-8").partition("[clause.body_too_large]\n")
    error = complaint(write(head + "[clause.too_many_requests]\n" + rest))
    assert (error.file, error.key) == ("mine.toml", 'clause."body_too_large:sent"')
    assert error.problem == "missing clause; the check size at v1-write can give body_too_large:sent"


def test_a_reason_that_was_never_worded(write: Write) -> None:
    oss = find("v2-oss").read_text(encoding="utf-8")
    head, _, rest = oss.partition("[reason.reserved_name]\ntext = ")
    without = head + rest.partition("\n")[2]
    error = complaint(write(without))
    assert (error.key, error.file) == ("reason.reserved_name", "mine.toml")
    assert "a point can be refused for this reason" in error.problem


def test_reasons_that_settings_rule_out() -> None:
    def possible(late: str, how: str) -> set[str]:
        return set(possible_reasons(load_profile("v2-oss", {"late_points": late}).settings, "v2-write", how))

    everything = {"malformed", "type_conflict", "outside_retention", "string_too_long", "reserved_name"}
    assert possible("reject", "told") == everything
    assert possible("drop", "told") == everything - {"outside_retention"}
    assert possible("drop", "remembered") == everything
    assert possible("store", "remembered") == everything - {"outside_retention"}


# ---------------------------------------------------------------- switches


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        ('clause.accepted.message = "$zz"', 'clause."accepted": missing key; expected status or code'),
        ('clause.accepted = { status = 200, message = "$zz" }', "unknown placeholder $zz"),
        ('reason.malformed.text = "$zz"', "unknown placeholder $zz"),
        ('clause."accepted@v1-write" = { status = 204, envelope = "empty" }', "missing key; expected the source"),
        ("gate.doors.v2-write = []", "what answers at v2-write needs the bucket"),
        ('env.always.X = "$zz"', "unknown placeholder $zz"),
    ],
)
def test_a_value_that_nobody_has_chosen_yet(write: Write, overlay: str, problem: str) -> None:
    error = complaint(write(OWN + SWITCH + f"[switches.calm.values.true]\n{overlay}" + SOURCE))
    assert (error.file, error.key) == ("mine.toml", "switches.calm.values.true")
    assert problem in error.problem


@pytest.mark.parametrize("name", concrete())
def test_every_value_of_every_switch_of_the_bundled_profiles(name: str) -> None:
    """Not looked at when one is loaded, so that no run pays for it."""
    merged = merge(find(name))
    others = list(alternatives(merged))
    closed = [switch for switch in merged.data["switches"].values() if "values" in switch]
    assert len(others) == sum(len(switch["values"]) - 1 for switch in closed)
    for switch, value, other in others:
        assert Profile(other, {switch: value}).switches == {switch: value}


@pytest.mark.parametrize("section", ["edition.doors = []", "switches.max_body.default = 5"])
def test_what_a_switch_cannot_decide(write: Write, section: str) -> None:
    error = complaint(write(OWN + SWITCH + f"[switches.calm.values.true]\n{section}" + SOURCE))
    assert error.key == f"switches.calm.values.true.{section.partition('.')[0]}"
    assert "a switch cannot decide this section" in error.problem


@pytest.mark.parametrize(
    ("switch", "problem"),
    [
        (
            "default = 'y'\n[switches.calm.values.y]\nstorage.late_points = 'drop'",
            "the switch late_points decides storage.late_points already",
        ),
        ("default = 5\nsets = 'limits.body'", "the switch max_body decides limits.body already"),
    ],
)
def test_two_switches_for_one_key(write: Write, switch: str, problem: str) -> None:
    error = complaint(write(OWN + f"[switches.calm]\nwhy = 'x'\n{switch}" + SOURCE))
    assert (error.file, error.key) == ("mine.toml", "switches.calm")
    assert problem in error.problem


def test_two_switches_for_one_clause(write: Write) -> None:
    one = "clause.pong = { status = 200, envelope = 'empty' }"
    text = SWITCH + f"[switches.calm.values.true]\n{one}\n"
    other = text.replace("calm", "loud").replace("200", "500")
    error = complaint(write(OWN + text + other + SOURCE))
    assert (error.key, "the switch calm decides clause.pong already" in error.problem) == ("switches.loud", True)


def test_a_file_of_the_parent_s_name_cannot_set_past_its_switch(write: Write) -> None:
    path = write(OWN + "[storage]\nlate_points = 'drop'\n", "v2-oss.toml")
    error = complaint(path)
    assert (error.file, error.key) == ("v2-oss.toml", "storage.late_points")
    assert "the switch late_points decides this" in error.problem


def test_who_changes_a_default_cannot_set_past_it_either(write: Write) -> None:
    error = complaint(write(OWN + "[storage]\nlate_points = 'drop'\n[switches.late_points]\ndefault = 'store'\n"))
    assert error.key == "storage.late_points"


def test_a_child_may_set_what_lies_beside_a_switch_s_key(write: Write) -> None:
    write(
        '[edition]\nid = "parent"\nextends = "v2-oss"\n[switches.calm]\ndefault = true\nwhy = "x"\n'
        "[switches.calm.values.true]\nwrite.report.malformed = 'all'\n" + SOURCE,
        "parent.toml",
    )
    path = write('[edition]\nid = "child"\nextends = "parent"\n[write.report]\nunfit = "all"\n')
    assert load_profile(path).settings.write["v2-write"].report == {"malformed": "all", "unfit": "all"}
