"""What is wrong with a profile is told with file, key and what was expected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux.profile import Profile, ProfileError, concrete, load_profile
from mockflux.profile.load import bundled, merge

Write = Callable[..., Path]

OWN = """
[edition]
id = "mine"
extends = "v2-oss"
"""


def complaint(path: Path) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    return caught.value


def test_every_bundled_profile_loads() -> None:
    assert "v2-oss" in concrete()
    for name in concrete():
        assert load_profile(name).id == name


def test_parents_of_forms_hold_no_evidence() -> None:
    """A parent that speaks for a document has a standing, and gives its evidence with its words."""
    parents = [merge(bundled()[name]).data for name in set(bundled()) - set(concrete())]
    assert parents
    assert all(("evidence" in data) == ("standing" in data["edition"]) for data in parents)


def test_a_user_s_own_profile_by_path(write: Write) -> None:
    path = write(
        OWN
        + """
[clause.pong]
status = 200
envelope = "empty"
[evidence]
pong = "inferred: an old release"
"""
    )
    profile = load_profile(path)
    assert profile.id == "mine"
    assert profile.clauses["pong"].status == 200
    assert str(profile.evidence["pong"]) == "inferred: an old release"
    assert profile.clauses["accepted"].status == 204


def test_a_parent_of_one_s_own_beside_the_file(write: Write) -> None:
    write(OWN.replace("mine", "parent"), "parent.toml")
    path = write('[edition]\nid = "child"\nextends = "parent"\n')
    assert load_profile(path).id == "child"


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (OWN + "[colour]\nx = 1", "colour", "unknown section; expected one of edition, setup"),
        (OWN + "[write]\nspeed = 1", "write.speed", "unknown key; expected one of preset, grammar, order"),
        (OWN + "[write]\norder = 'backwards'", "write.order", "expected one of phase, line, shard, got 'backwards'"),
        (OWN + "[limits]\nbody = 'much'", "limits.body", "expected a whole number, 0 or more, got 'much'"),
        (OWN + "[limits]\nbody = true", "limits.body", "expected a whole number, 0 or more, got True"),
        (OWN + "[auth]\nschemes = 'Token'", "auth.schemes", "expected a list (a token of HTTP:"),
        (OWN + "[auth]\nschemes = [1]", "auth.schemes.0", "expected a token of HTTP"),
        (OWN + "[gate.doors]\nv2-write = ['taste']", "gate.doors.v2-write.0", "expected one of known_method, cors"),
        (OWN + "[gate.doors]\ncellar = []", "gate.doors.cellar", "unknown key; expected one of v1-write"),
        (OWN + "[auth.at.cellar]\nbasic = true", "auth.at.cellar", "unknown key; expected one of v1-write"),
        (OWN + "[clause.lost_in_space]\nstatus = 400", 'clause."lost_in_space"', "unknown outcome; expected one of"),
        (OWN + '[clause."token_missing:often"]\nstatus = 401', 'clause."token_missing:often"', "unknown kind"),
        (OWN + '[clause."pong@cellar"]\nstatus = 204', 'clause."pong@cellar"', "unknown door; expected one of"),
        (OWN + "[clause.pong]\nmessage = 'x'", 'clause."pong"', "missing key; expected status or code"),
        (OWN + "[clause.pong]\nstatus = 299", 'clause."pong"', "no phrase for status 299"),
        (OWN + "[clause.pong]\ncode = 'weird'", 'clause."pong".code', "unknown code 'weird'; expected one of"),
        (OWN + "[clause.pong]\nstatus = 204\nenvelope = 'x'", 'clause."pong".envelope', "unknown envelope 'x'"),
        (
            OWN + "[clause.bucket_not_found]\ncode = 'not found'\nmessage = 'no $buket'",
            'clause."bucket_not_found".message',
            "unknown placeholder $buket; expected one of bucket, cluster_uuid, code",
        ),
        (
            OWN + "[clause.bucket_not_found]\ncode = 'not found'\nmessage = '${bucket:shout}'",
            'clause."bucket_not_found".message',
            "unknown filter 'shout'; expected one of cut20, duration, line, q, quoted, rfc3339, rfc3339nano",
        ),
        (
            OWN + "[clause.pong]\nstatus = 204\nheaders = { X-Price = '5$' }",
            'clause."pong".headers.X-Price',
            "a lone $ in '5$'",
        ),
        (OWN + "[clause.pong]\nlike = 'ping'", 'clause."pong".like', "no clause 'ping'"),
        (
            OWN + "[clause.pong]\nlike = 'healthy'\n[clause.healthy]\nlike = 'pong'",
            'clause."',
            "a cycle: pong -> healthy -> pong",
        ),
        (
            OWN + "[clause.unavailable]\ncode = 'unavailable'\nexample = { colour = 1 }",
            'clause."unavailable".example',
            "unknown fact 'colour'; expected one of retry_after",
        ),
        (OWN + "[reason.bored]\ntext = 'x'", 'reason."bored"', "unknown reason; expected one of malformed"),
        (OWN + '[reason."malformed:very"]\ntext = "x"', 'reason."malformed:very"', "unknown kind; expected one of"),
        (OWN + "[reason.malformed]\ntext = '$complain'", 'reason."malformed".text', "unknown placeholder $complain"),
        (
            OWN + '[clause."bucket_not_found@v1-write"]\nstatus = 404\nbody = ""\n'
            '[clause."bucket_not_found:name"]\nstatus = 404\nbody = ""',
            'clause."bucket_not_found@v1-write"',
            "competes with bucket_not_found:name; expected a clause bucket_not_found:name@v1-write that decides",
        ),
        (OWN + "[evidence]\npong = 'I think so'", 'evidence."pong"', "expected 'standing: source'"),
        (OWN + "[evidence]\npang = 'inferred: x'", 'evidence."pang"', "no clause, reason or setting of that name"),
        (
            OWN + '[clause."healthy@health"]\nstatus = 200\nbody = "{}"',
            'evidence."healthy@health"',
            "missing key; expected the source of what the profile says",
        ),
        (OWN.replace("v2-oss", "v9"), "edition.extends", "no profile named 'v9'; expected one of"),
        (OWN + "absent = ['preflight@ping']\ndoors = ['cellar']", "edition.doors.0", "expected one of v1-write"),
        (OWN + "absent = ['too_many_requests@v2-write']", "edition.absent", "'too_many_requests@v2-write' is no"),
        (
            OWN + "[switches.x]\ndefault = 1\nwhy = 'y'",
            "switches.x",
            "expected either sets (one key) or values (overlays by value)",
        ),
        (OWN + "[switches.x]\ndefault = 1", "switches.x.why", "missing key"),
        (
            OWN + "[storage]\nlate_points = 'store'",
            "storage.late_points",
            "the switch late_points decides this; set its default instead",
        ),
        (OWN + "[limits]\nbody = 5", "limits.body", "the switch max_body decides this"),
        (
            OWN + "[switches.x]\ndefault = 'a'\nwhy = 'y'\n[switches.x.values.b]\nwrite.order = 'line'",
            "switches.x.default",
            "expected one of b",
        ),
        (
            OWN + "[switches.x]\ndefault = 'a'\nwhy = 'y'\n[switches.x.values.a]\nwrite.oder = 'line'",
            "switches.x.values.a.write.oder",
            "unknown key",
        ),
        (
            OWN + "[switches.x]\ndefault = 'a'\nwhy = 'y'\nsets = 'limits.bodi'",
            "switches.x.values.a.limits.bodi",
            "unknown key",
        ),
        ("[write]\norder = 'line'", "edition", "missing section"),
        ("[edition\n", "TOML", "Expected"),
        (
            '[edition]\nid = "lone"\ntitle = "t"\nversion = "1"\nstanding = "documented"\ndoors = []',
            "setup",
            "missing section",
        ),
        (
            OWN + "standing = 'released'",
            'evidence."',
            "a released profile needs more than documentation here",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_key_and_what_was_expected(write: Write, text: str, key: str, problem: str) -> None:
    error = complaint(write(text))
    assert error.file == "mine.toml" or error.file == "v2-oss.toml"
    assert error.key.startswith(key)
    assert problem in error.problem
    assert str(error) == f"{error.file}: {error.key}: {error.problem}"


def test_the_file_named_is_the_one_that_has_the_fault(write: Write) -> None:
    write(OWN.replace("mine", "parent") + "[clause.pong]\nstatus = 204\nmessage = '$nothing'\n", "parent.toml")
    error = complaint(write('[edition]\nid = "child"\nextends = "parent"\n'))
    assert error.file == "parent.toml"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[clause.pong]\nstatus = 200\nenvelope = 'empty'", 'evidence."pong"'),
        ("[reason.malformed]\ntext = 'no'", 'evidence."reason.malformed"'),
        (
            "[switches.calm]\ndefault = false\nwhy = 'x'\n[switches.calm.values.false]\n[switches.calm.values.true]\n"
            "clause.pong = { status = 200, envelope = 'empty' }\n[evidence]\n'switches.calm' = 'inferred: x'",
            "switches.calm.values.true.evidence.pong",
        ),
    ],
)
def test_a_parent_s_source_does_not_vouch_for_new_words(write: Write, text: str, key: str) -> None:
    error = complaint(write(OWN + text))
    assert (error.file, error.key) == ("mine.toml", key)
    assert "expected the source of " in error.problem


@pytest.mark.parametrize("name", ["port", "clock"])
def test_a_switch_that_could_not_be_set(write: Write, name: str) -> None:
    error = complaint(write(OWN + f"[switches.'{name}']\ndefault = 1\nwhy = 'x'\nsets = 'limits.body'"))
    assert error.problem.startswith("expected another name, none of auth, bucket, clock")


def test_a_cycle_of_parents(write: Write) -> None:
    write('[edition]\nid = "b"\nextends = "a"\n', "b.toml")
    error = complaint(write('[edition]\nid = "a"\nextends = "b"\n', "a.toml"))
    assert (error.key, error.problem) == ("edition.extends", "a cycle: a -> b -> a")


def test_a_missing_key_of_a_finished_profile(write: Write) -> None:
    text = (
        '[edition]\nid = "x"\ntitle = "t"\nversion = "1"\nstanding = "documented"\ndoors = []\n[setup]\norg = \'o\'\n'
    )
    error = complaint(write(text))
    assert (error.key, error.problem) == (
        "setup.token",
        "missing key; expected visible ASCII characters without blanks, or nothing for none",
    )


def test_a_parent_cannot_be_served() -> None:
    with pytest.raises(
        ProfileError, match=r"v2-base\.toml: edition\.abstract: a parent cannot be served; expected one of"
    ):
        load_profile("v2-base")


def test_unknown_names_and_paths(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"unknown profile; expected a path to a \.toml file or one of .*v2-oss"):
        load_profile("v2-os")
    with pytest.raises(ProfileError, match="no such file"):
        load_profile(tmp_path / "nowhere.toml")


def test_absent_stops_the_fall_back(write: Write) -> None:
    profile = load_profile(write(OWN + "absent = ['unavailable@v1-write']"))
    assert profile.find("unavailable", "", "v1-write") is None
    found = profile.find("unavailable", "", "v2-write")
    assert found is not None
    assert found.key == "unavailable"


def test_absent_takes_a_parent_s_clause_away(write: Write) -> None:
    profile = load_profile(write(OWN + "absent = ['internal_error']\n"))
    assert profile.find("internal_error", "", "ping") is None
    assert "internal_error" not in profile.clauses


def test_absent_goes_down_to_children_until_one_says_it_again(write: Write) -> None:
    write(OWN.replace("mine", "parent") + "absent = ['internal_error', 'unavailable@v1-write']\n", "parent.toml")
    child = '[edition]\nid = "child"\nextends = "parent"\n'
    silent = load_profile(write(child + "absent = ['bad_gateway@proxy']\n", "silent.toml"))
    assert silent.find("internal_error", "", "ping") is None
    assert silent.find("unavailable", "", "v1-write") is None
    assert silent.find("bad_gateway", "", "proxy") is None
    again = '[clause.internal_error]\nstatus = 500\nmessage = "no"\ncode = "internal error"\nby = "fault"\n'
    again += '[evidence]\ninternal_error = "inferred: a test"\n'
    assert load_profile(write(child + again, "again.toml")).find("internal_error", "", "ping") is not None


class TestSwitches:
    def test_a_child_changes_a_default(self, write: Write) -> None:
        path = write(OWN + "[switches.late_points]\ndefault = 'store'\n[switches.max_body]\ndefault = 9\n")
        profile = load_profile(path)
        assert profile.switches == {"date_header": "real", "late_points": "store", "max_body": 9}
        assert profile.settings.storage.late_points == "store"
        assert load_profile(path, {"late_points": "drop"}).settings.storage.late_points == "drop"

    def test_a_child_may_say_again_what_the_switch_says(self, write: Write) -> None:
        assert load_profile(write(OWN + "[limits]\nbody = 0")).settings.limits.body == 0

    def test_defaults(self) -> None:
        assert load_profile("v2-oss").switches == {"date_header": "real", "late_points": "reject", "max_body": 0}

    def test_an_overlay_changes_settings(self) -> None:
        assert load_profile("v2-oss").settings.storage.late_points == "reject"
        assert load_profile("v2-oss", {"late_points": "drop"}).settings.storage.late_points == "drop"
        assert load_profile("v2-oss", {"max_body": 7}).settings.limits.body == 7

    def test_an_overlay_may_replace_clauses(self, write: Write) -> None:
        path = write(
            OWN
            + """
[switches.calm]
default = false
why = "to try"
[switches.calm.values.false]
[switches.calm.values.true]
clause.pong = { status = 200, envelope = "empty" }
evidence.pong = "inferred: a test"
[evidence]
"switches.calm" = "inferred: a test"
"""
        )
        assert load_profile(path).clauses["pong"].status == 204
        assert load_profile(path, {"calm": True}).clauses["pong"].status == 200
        assert load_profile(path).switches["calm"] is False

    def test_an_unknown_switch_lists_those_there_are(self) -> None:
        with pytest.raises(
            TypeError,
            match=r"v2-oss has no switch 'late'; its switches are: date_header='real', late_points='reject', max_",
        ):
            load_profile("v2-oss", {"late": 1})

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("late_points", "keep", "expected one of reject, drop, store"),
            ("max_body", "1k", "expected a whole number, 0 or more, got '1k'"),
            ("max_body", -1, "expected a whole number"),
            ("max_body", True, "expected a whole number"),
        ],
    )
    def test_a_value_that_a_switch_does_not_take(self, name: str, value: object, problem: str) -> None:
        with pytest.raises(ValueError, match=problem):
            load_profile("v2-oss", {name: value})

    def test_a_value_that_cannot_be_a_switch(self) -> None:
        with pytest.raises(ValueError, match="switches take plain values"):
            load_profile("v2-oss", {"max_body": [1]})


def test_a_loaded_profile_is_kept() -> None:
    first: Profile = load_profile("v2-oss")
    assert load_profile("v2-oss") is first
