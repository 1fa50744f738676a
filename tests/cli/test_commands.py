"""``mockflux editions``, ``mockflux explain``, and complaints: in this process, through click's runner."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

import mockflux
from mockflux.cli import explaining, main
from mockflux.profile import concrete, load_profile


@pytest.fixture
def run(monkeypatch):
    """Run a command line; what came of it."""
    for name in ("MOCKFLUX_PROFILE", "DOCKER_INFLUXDB_INIT_ORG", "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments, **variables):
        return CliRunner().invoke(main, list(arguments), env=variables)

    return invoke


@pytest.fixture
def complaint(run):
    """Run a command line that is wrong; its one sentence."""

    def invoke(*arguments, **variables):
        done = run(*arguments, **variables)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert isinstance(done.exception, SystemExit)  # and nothing that only click's runner would have caught
        head, text = done.stderr.split(": ", 1)
        assert head == "mockflux"
        assert text.endswith("\n")
        assert text.count("\n") == 1
        return text.rstrip("\n")

    return invoke


# -------------------------------------------------------------------- editions


def test_editions(run):
    heading, *rows = run("editions").stdout.splitlines()
    assert heading.split() == ["EDITION", "STANDING", "VERSION", "WRITES", "TO", "TITLE"]
    assert [row.split()[0] for row in rows] == concrete()
    row = next(row for row in rows if row.startswith("v2-oss "))
    assert re.split("  +", row) == [
        "v2-oss", "documented", load_profile("v2-oss").version, "/api/v2/write, /write", load_profile("v2-oss").title,
    ]  # fmt: skip


def test_editions_as_json(run):
    rows = {row["id"]: row for row in json.loads(run("editions", "--json").stdout)}
    assert list(rows) == concrete()
    assert rows["v2-oss"]["write_paths"] == ["/api/v2/write", "/write"]
    assert rows["v2-oss"]["standing"] == "documented"


# -------------------------------------------------------------------- explain


@pytest.mark.parametrize("edition", concrete())
def test_explain_tells_everything_that_a_profile_has(run, edition):
    profile = load_profile(edition)
    text = run("explain", edition).stdout
    for clause in profile.clauses.values():
        assert f"  {clause.status} {clause.phrase} [{clause.key}]\n" in text
    for name, info in profile.switch_info.items():
        assert f"\n  {name} = " in text
        assert info["why"] in text
    for name, template in profile.reasons.items():
        assert f"\n  {name} = {template.source}\n" in text
    for key, evidence in profile.evidence.items():
        if key not in ("routes", "phrases", "codes"):
            assert evidence.status in text
            assert evidence.body in text


def test_explain_a_status(run):
    text = run("explain", "v2-oss", "400").stdout
    assert set(re.findall(r"^  (\d+) ", text, re.M)) == {"400"}
    assert "GATE" not in text
    block = text[text.index("  400 Bad Request [points_rejected]\n") :].partition("\n\n")[0].splitlines()
    evidence = load_profile("v2-oss").evidence["points_rejected"]
    assert [line.strip() for line in block[1:]] == [
        "header   Content-Type: application/json; charset=utf-8",
        "header   X-Platform-Error-Code: invalid",
        'body     {"code":"invalid","message":"$reason"}',
        "reached  by a request",
        f"status   {evidence.status}",
        f"body     {evidence.body}",
    ]


def test_explain_bodies_of_every_form(run):
    text = run("explain", "v2-oss", "404").stdout
    assert r'body     {"code":"not found","message":"organization name \"$org\" not found"}' in text
    assert "  404 Not Found [path_not_found@v2-resources]" in text
    assert "body     404 page not found\n" in text  # bare text
    indented = text[text.index("[bucket_not_found:name@v2-resources]") :]
    assert '\n                   "message": "bucket ${bucket:q} not found"\n' in indented
    assert "(empty)" in run("explain", "v2-oss", "204").stdout


def test_explain_what_only_a_fault_reaches(run):
    text = run("explain", "v2-oss", "503").stdout
    assert 'reached  only by a planned fault: fail(clause="unavailable")' in text
    own, proxy = text.index("[unavailable]"), text.index("[unavailable@proxy]")
    assert own < proxy  # whoever stands in front comes last
    with mockflux.Server() as server:  # what the page tells to call can be called
        for key in re.findall(r'fail\(clause="(.*)"\)', run("explain", "v2-oss").stdout):
            assert server.fail(clause=key).clause.key == key


def test_explain_settings_as_the_profile_writes_them(run):
    text = run("explain", "v2-oss").stdout
    assert "\n  gate.doors.v1-write = token, method, target_given, " in text
    assert '\n  gate.area."/api/v2".before_door = cors, token\n' in text
    assert "\n  write.report.malformed = first\n      documented: " in text
    assert "\n  auth.at.v1-write.query = true\n" in text
    assert "\n  limits.body = 0\n" in text
    assert "\n  storage.late_points = reject\n" in text


def test_explain_with_a_switch_set(run):
    text = run("explain", "v2-oss", "--switch", "late_points=drop", "--switch", "max_body=100").stdout
    assert "\n  late_points = drop (reject | drop | store; default reject)\n" in text
    assert "\n  storage.late_points = drop\n" in text
    assert "\n  max_body = 100 (a whole number, sets limits.body; default 0)\n" in text
    assert "\n  limits.body = 100\n" in text


def test_explain_as_json(run):
    told = json.loads(run("explain", "v2-oss", "--json").stdout)
    profile = load_profile("v2-oss")
    assert [c["key"] for c in told["clauses"]] == [c.key for c in explaining.chosen(profile, None)]
    assert {c["key"] for c in told["clauses"]} == set(profile.clauses)
    unavailable = next(c for c in told["clauses"] if c["key"] == "unavailable")
    assert (unavailable["status"], unavailable["by"]) == (503, "fault")
    assert unavailable["headers"]["Retry-After"] == "$retry_after"
    assert unavailable["evidence"]["status"] == profile.evidence["unavailable"].status
    assert told["switches"]["late_points"]["values"] == ["reject", "drop", "store"]
    assert told["settings"]["write.order"]["value"] == "phase"
    assert told["settings"]["gate.first"]["evidence"]["status"] == profile.evidence["gate"].status
    assert set(told["reasons"]) == set(profile.reasons)
    only = json.loads(run("explain", "v2-oss", "413", "--json").stdout)
    assert {c["status"] for c in only["clauses"]} == {413}
    assert "settings" not in only


def test_explain_a_profile_of_ones_own(run, mine):
    assert run("explain", mine).stdout.startswith("mine: Mine (documented, version ")


def test_prose_is_wrapped_for_a_terminal():
    profile = load_profile("v2-oss")
    wrapped, whole = explaining.as_text(profile, width=60), explaining.as_text(profile)
    assert wrapped.split() == whole.split()
    beginning = re.compile(" +(inferred|documented|released|status   |source   )")
    prose = [line for line in wrapped.splitlines() if beginning.match(line)]
    assert len(prose) >= len(profile.clauses)
    assert all(len(line) <= 60 or " " not in line.strip() for line in prose)


# -------------------------------------------------------------------- complaints


def test_an_unknown_status(complaint):
    said = sorted({clause.status for clause in load_profile("v2-oss").clauses.values()})
    assert complaint("explain", "v2-oss", "418") == f"v2-oss never says 418; it says {', '.join(map(str, said))}"
    assert complaint("explain", "v2-oss", "418", "--json").startswith("v2-oss never says 418; ")


@pytest.mark.parametrize("command", ["serve", "explain"])
def test_an_unknown_profile(complaint, command):
    editions = ", ".join(concrete())
    assert f"unknown profile; expected a path to a .toml file or one of {editions}" in complaint(command, "v9")
    assert "no such file" in complaint(command, "nowhere/mine.toml")
    assert "a parent cannot be served" in complaint(command, "v2-base")


@pytest.mark.parametrize("command", ["serve", "explain"])
@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            "partial=true",
            "v2-oss has no switch 'partial'; its switches are: date_header='real', late_points='reject', max_body=0",
        ),
        ("late_points=never", "expected one of reject, drop, store"),
        ("max_body=many", "expected a whole number, 0 or more"),
        ("max_body=-1", "expected a whole number, 0 or more"),
        ("max_body", "switch 'max_body': expected NAME=VALUE"),
    ],
)
def test_switches(complaint, command, setting, sentence):
    assert sentence in complaint(command, "v2-oss", "--switch", setting)


FLAG = """
[switches.strict]
default = true
why = "mine"
[switches.strict.values.true]
[switches.strict.values.false]
write.string_limit = 3
[evidence]
"switches.strict" = "inferred: mine"
"""


def test_flags_are_typed_too(mine, complaint, run):
    with open(mine, "a") as file:
        file.write(FLAG)
    assert "\n  write.string_limit = 3\n" in run("explain", mine, "--switch", "strict=false").stdout
    assert "expected one of true, false" in complaint("explain", mine, "--switch", "strict=no")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "65536"], "65536 is no port"),
        (["--port", "-1"], "-1 is no port"),
        (["--port", "65535", "v2-oss", "v2-oss"], "2 profiles take 2 consecutive ports, and from 65535 there are"),
        (["--port", "http"], "'http' is not a valid integer"),
        (["--clock", "2026-01-31T12:00:00"], "expected real, frozen, or an ISO time with its zone"),
        (["--clock", "soon"], "expected real, frozen, or an ISO time with its zone"),
        (["--clock", "3000-01-01T00:00:00Z"], "a clock cannot go there"),
        (["--tick", "-1"], "a clock cannot go back"),
        (["--tick", "nan"], "a clock cannot advance by nan seconds"),
        (["--token", ""], "token must not be empty"),
        (["--bucket", "_monitoring"], "there is already a bucket named '_monitoring'"),
        (["--host", "host.invalid"], "cannot listen on port 0 of host.invalid"),
        (["--hots", "x"], "No such option '--hots'"),
    ],
)
def test_serve_in_vain(complaint, arguments, sentence):
    assert sentence in complaint("serve", *arguments)


def test_tls_without_the_extra(complaint, monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert complaint("serve", "--tls") == "--tls needs the extra mockflux[tls]: pip install 'mockflux[tls]'"


def test_both_forms_of_a_variable(complaint, tmp_path):
    file = tmp_path / "org"
    variables = {"DOCKER_INFLUXDB_INIT_ORG": "a", "DOCKER_INFLUXDB_INIT_ORG_FILE": str(file)}
    assert complaint("serve", **variables) == (
        "DOCKER_INFLUXDB_INIT_ORG and DOCKER_INFLUXDB_INIT_ORG_FILE are both set; keep one of them"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot read {}: No such file or directory"), (b"\n", "{} is empty"), (b"\xff", "{} is no UTF-8 text")],
    ids=["missing", "empty", "binary"],
)
def test_files_that_cannot_be_read(complaint, tmp_path, content, sentence):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    assert complaint("serve", DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE=str(file)) == (
        "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE: " + sentence.format(file)
    )


def test_no_such_command(complaint):
    assert complaint("server").startswith("No such command 'server'.")
    assert complaint("explain") == "Missing argument 'PROFILE'."


# -------------------------------------------------------------------- help


def test_version_and_help(run):
    assert run("--version").stdout == f"mockflux {mockflux.__version__}\n"
    for arguments in (["--help"], ["-h"], []):
        done = run(*arguments)
        assert done.exit_code == 0
        assert all(f"\n  {command} " in done.stdout for command in ("serve", "editions", "explain"))
    assert "DOCKER_INFLUXDB_INIT_ORG" in run("serve", "--help").stdout


def test_nothing_heavy_is_imported():
    """Neither by the command line itself nor by the commands that only look things up."""
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; import mockflux.cli; first = set(sys.modules)\n"
        "try: mockflux.cli.main(['editions'])\n"
        "except SystemExit: pass\n"
        "print('flask' in sys.modules, 'werkzeug' in sys.modules, 'mockflux.public' in first, 'ssl' in first)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False False False False"
