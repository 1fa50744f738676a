"""``mockflux compare``: the same write at several editions, one table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockflux.cli import comparing, main
from mockflux.profile import concrete, load_profile
from mockflux.public import Server

NOW = "2023-11-15T00:00:00Z"
#: A comment, a good line, one that is malformed, a blank one, a type conflict, one older than 30 days, a good one.
LINES = """\
# Berlin
home,room=Kitchen temp=21.5 1700000000
home,room=Kitchen temp=

home,room=Kitchen temp=22i 1700000060
home,room=Kitchen temp=20.5 1600000000
home,room=Kitchen temp=22.5 1700000120
"""
MALFORMED = "unable to parse 'home,room=Kitchen temp=': missing field value"
LATE = (
    "point outside retention policy of duration 720h0m0s: point home,room=Kitchen at 2020-09-13T12:26:40Z "
    "violates the lower bound at 2023-10-16T00:00:00Z"
)
CONFLICT = 'field type conflict: input field "temp" on measurement "home" is type integer, already exists as type float'
GENTLE = """
[write]
order = "line"
malformed = "keep_good"
unfit = "keep_good"
[evidence]
write = "inferred: mine"
"""

Profile = Callable[..., str]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """Make a profile that extends v2-oss; its path."""

    def make(id: str, text: str = "", doors: str = "") -> str:
        file = tmp_path / f"{id}.toml"
        file.write_text(f'[edition]\nid = "{id}"\ntitle = "Mine"\nextends = "v2-oss"\n{doors}\n{text}')
        return str(file)

    return make


@pytest.fixture
def lines(tmp_path: Path) -> str:
    """The path of a file with the lines."""
    file = tmp_path / "lines.lp"
    file.write_text(LINES)
    return str(file)


def run(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["compare", *arguments], input=given)


def rows(*arguments: str, given: bytes = b"") -> list[dict[str, object]]:
    done = run(*arguments, "--json", given=given)
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout))


def refused(row: dict[str, object]) -> list[tuple[int, str]]:
    listed = row["refused"]
    assert isinstance(listed, list)
    return [(entry["line"], entry["reason"]) for entry in listed]


def one(*arguments: str, given: bytes = b"") -> dict[str, object]:
    [row] = rows("-", "--profile", "v2-oss", *arguments, given=given)
    return row


# -------------------------------------------------------------------- the table


def test_a_table(profile: Profile, lines: str) -> None:
    names = [profile("twin"), "v2-oss", profile("gentle", GENTLE)]
    chosen = [word for name in names for word in ("--profile", name)]
    done = run(lines, "--precision", "s", "--retention", "30d", "--now", NOW, *chosen)
    body = f'{{"code":"invalid","message":"{MALFORMED}"}}'
    assert done.stdout == (
        f"EDITION  STATUS           LINES KEPT  LINES REFUSED\n"
        f"twin     400 Bad Request  none        3\n"
        f"v2-oss   {body}\n"
        f"         line 3: {MALFORMED}\n"
        f"\n"
        f"gentle   400 Bad Request  2, 7        3, 5-6\n"
        f"         {body}\n"
        f"         line 3: {MALFORMED}\n"
        f"         line 5: {CONFLICT}\n"
        f"         line 6: {LATE}\n"
    )


def test_every_edition_is_asked(lines: str) -> None:
    found = rows(lines)
    names = [name for row in found for name in row["editions"]]  # type: ignore[attr-defined]
    assert sorted(names) == concrete()
    shown = run(lines).stdout
    assert all(f"\n{name} " in shown for name in concrete())


def test_it_reads_the_same_every_time(lines: str) -> None:
    asked = (lines, "--retention", "30d", "--now", NOW)
    assert run(*asked).stdout == run(*asked).stdout
    assert rows(*asked) == rows(*asked)
    assert "Date" not in json.dumps(rows(*asked))


def test_as_json(profile: Profile, lines: str) -> None:
    asked = (lines, "--precision", "s", "--retention", "30d", "--now", NOW)
    [together, apart] = rows(
        *asked, "--profile", "v2-oss", "--profile", profile("twin"), "--profile", profile("gentle", GENTLE)
    )
    evidence = load_profile("v2-oss").evidence["points_rejected"]
    assert together["editions"] == ["v2-oss", "twin"]
    assert (together["status"], together["reason"]) == (400, "Bad Request")
    assert together["body"] == f'{{"code":"invalid","message":"{MALFORMED}"}}'
    assert together["kept"] == []
    assert together["refused"] == [{"line": 3, "reason": "malformed", "text": MALFORMED}]
    assert together["clause"] == {"v2-oss": "points_rejected", "twin": "points_rejected"}
    assert together["evidence"]["v2-oss"] == {"status": evidence.status, "body": evidence.body}  # type: ignore[index]
    assert together["headers"]["twin"] == {  # type: ignore[index]
        "Content-Type": "application/json; charset=utf-8",
        "X-Influxdb-Build": "OSS",
        "X-Influxdb-Version": load_profile("v2-oss").version,
        "X-Platform-Error-Code": "invalid",
        "Content-Length": str(len(str(together["body"]))),
    }
    assert apart["editions"] == ["gentle"]
    assert apart["kept"] == [2, 7]
    assert refused(apart) == [(3, "malformed"), (5, "type_conflict"), (6, "outside_retention")]


def test_a_reply_without_a_body() -> None:
    done = run("-", "--profile", "v2-oss", given=b"m v=1 1\nm v=2 2\n")
    assert done.stdout == (
        "EDITION  STATUS          LINES KEPT  LINES REFUSED\n"
        "v2-oss   204 No Content  1-2         none\n"
        "         (no body)\n"
    )


def test_many_lines_are_counted() -> None:
    body = b"".join(b"m v=%d\n\n" % n if n % 2 else b"m v=\n" for n in range(1, 101))
    shown = run("-", "--profile", "v2-oss", given=body).stdout
    assert "… (50 lines)" in shown.splitlines()[1]
    assert shown.count("\n         line ") == comparing.MOST_EXPLAINED
    assert shown.endswith("         … and 30 more\n")
    assert len(one(given=body)["refused"]) == 50  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], "none"),
        ([7], "7"),
        ([3, 1, 2], "1-3"),
        ([1, 3, 4, 9], "1, 3-4, 9"),
        (range(1, 12, 2), "1, 3, 5, 7, 9, 11"),
        ([*range(1, 12, 2), 13, 14], "1, 3, 5, 7, 9, … (8 lines)"),
    ],
)
def test_spans(numbers: list[int], text: str) -> None:
    assert comparing.spans(numbers) == text


def test_on_a_terminal_long_texts_are_wrapped() -> None:
    write = comparing.asked(LINES.encode(), "s", "30d", NOW)
    found = comparing.compare(["v2-oss"], write)
    whole, wrapped = comparing.as_text(found), comparing.as_text(found, 60)
    assert wrapped.split() == whole.split()
    assert max(map(len, whole.splitlines())) > 60
    assert max(map(len, wrapped.splitlines())) <= 60


def test_nothing_steers_the_terminal() -> None:
    shown = run("-", "--profile", "v2-oss", given=b"m\x1b[2J v=\xff\n").stdout
    assert "\x1b" not in shown
    assert "\\x1b[2J" in shown
    body = one(given=b"m v=\xff\n")["body"]
    assert isinstance(body, str)
    assert "\ufffd" in body or "\\ufffd" in body


# -------------------------------------------------------------------- what is written


@pytest.mark.parametrize("name", concrete())
def test_lines_kept_are_the_points_stored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    servers: list[Server] = []

    class Kept(Server):
        def __init__(self, *arguments: object, **more: object) -> None:
            super().__init__(*arguments, **more)  # type: ignore[arg-type]
            servers.append(self)

    monkeypatch.setattr(comparing, "Server", Kept)
    body = b"".join(b"m,line=%d v=%b 17000000%02d\n" % (n, b"1i" if n in (4, 5) else b"1", n) for n in range(1, 10))
    body = body.replace(b"line=7 v=1", b"line=7 v=")
    [[found]] = comparing.compare([name], comparing.asked(body, "s", "30d", NOW))
    [server] = servers
    buckets = [bucket for bucket in server.world.catalog.buckets() if bucket.type == "user"]
    stored = [point for bucket in buckets for point in bucket.data.points()]
    assert sorted(int(point.tags["line"]) for point in stored) == list(found.kept)
    assert {entry.line for entry in found.refused}.isdisjoint(found.kept)
    assert all(point.time == (1_700_000_000 + int(point.tags["line"])) * 10**9 for point in stored)


def test_lines_are_numbered_by_where_they_begin() -> None:
    row = one(given=b'\n# c\nm s="two\nlines" 1\n\nm v=1 2\n')
    assert (row["status"], row["kept"]) == (204, [3, 6])


def test_an_edition_that_counts_otherwise_gets_the_same_lines(profile: Profile) -> None:
    other = profile("other", GENTLE.replace("[write]", '[write]\nline_numbering = "parser"'))
    [row] = rows("-", "--profile", other, given=b"\n# c\nm v=1 1\n\nm v= 2\n\nm v=1i 3\nm v=4 4\n")
    assert (row["kept"], refused(row)) == ([3, 8], [(5, "malformed"), (7, "type_conflict")])


def test_a_file_is_read_as_bytes(tmp_path: Path) -> None:
    file = tmp_path / "raw.lp"
    file.write_bytes(b"m v=1 1\nm\xff v=1 2\n")
    assert rows(str(file), "--profile", "v2-oss")[0]["kept"] == [1, 2]
    file.write_bytes(b"m v=1 1\r\n")  # which this edition's parser takes for a part of the timestamp
    assert refused(rows(str(file), "--profile", "v2-oss")[0]) == [(1, "malformed")]


@pytest.mark.parametrize("body", [b"", b"\n\n", b"# nothing\n"])
def test_nothing_to_write(body: bytes) -> None:
    row = one(given=body)
    assert (row["kept"], row["refused"]) == ([], [])


def test_what_is_refused_before_its_lines_are_looked_at() -> None:
    row = one("--set", "max_body=3", given=b"m v=1 1\n")
    assert (row["status"], row["kept"], row["refused"]) == (413, [], [])


def test_a_batch_refused_whole_keeps_nothing() -> None:
    row = one(given=b"m v=1 1\nm v=1i 2\nm v=3 3\n")
    assert (row["status"], row["kept"], refused(row)) == (400, [], [(2, "type_conflict")])


def test_late_points_that_are_dropped_in_silence_are_refused_too() -> None:
    row = one("--retention", "1h", "--set", "late_points=drop", "--now", NOW, given=b"m v=1 1\nm v=2\n")
    assert (row["status"], row["kept"], refused(row)) == (204, [2], [(1, "outside_retention")])


def test_the_clock_stands_at_the_time_given() -> None:
    asked = ("--retention", "1h", "--precision", "s")
    inside, before = b"m v=1 1700000000\n", "2023-11-14T23:13:20Z"  # one hour later
    assert one(*asked, "--now", before, given=inside)["kept"] == [1]
    assert one(*asked, "--now", "2023-11-15T00:13:21+01:00", given=inside)["kept"] == []
    assert one(*asked, given=inside)["kept"] == []  # now


def test_without_retention_points_are_kept_for_ever() -> None:
    assert one(given=b"m v=1 -9223372036854775806\n")["kept"] == [1]


def test_each_edition_gets_its_own_names(profile: Profile) -> None:
    """Where there is no /api/v2/write, it is another door, with its own parameters and precisions."""
    kept = [door for door in load_profile("v2-oss").doors if door != "v2-write"]
    v1 = profile("v1-only", doors=f"doors = {json.dumps(kept)}")
    lines = b"m v=1 1699999\nm v=1 999\n"
    asked = ("--precision", "us", "--retention", "1s", "--now", "1970-01-01T00:00:02Z")
    [together] = rows("-", *asked, "--profile", v1, "--profile", "v2-oss", given=lines)
    assert together["editions"] == ["v1-only", "v2-oss"]
    assert refused(together) == [(2, "outside_retention")]


def test_own_names_of_precisions(profile: Profile) -> None:
    params = load_profile("v2-oss").settings.params
    assert [comparing.own_precision(params["v1-write"], name) for name in comparing.PRECISIONS] == [
        "ns", "us", "ms", "s", "m", "h",
    ]  # fmt: skip
    older = profile("older", "[params.precisions]\ns = 1_000_000\nsecond = 1_000_000_000\n")  # s is another unit there
    assert comparing.own_precision(load_profile(older).settings.params["v2-write"], "s") == "second"
    # Where there is none the edition shows what it makes of it.
    row = one("--precision", "h", given=b"m v=1 1\n")
    assert (row["status"], row["clause"]) == (400, {"v2-oss": "precision_invalid"})


def test_a_switch_is_set_where_it_is_known(profile: Profile) -> None:
    own = profile(
        "own",
        '[switches.longest]\ndefault = 65536\nwhy = "mine"\nsets = "write.string_limit"\n'
        '[evidence]\n"switches.longest" = "inferred: mine"\n',
    )
    asked = ("-", "--profile", "v2-oss", "--profile", own)
    [plain] = rows(*asked, given=b'm s="four" 1\n')
    assert plain["status"] == 204
    [theirs, mine] = rows(*asked, "--set", "longest=3", "--switch", "max_body=100", given=b'm s="four" 1\n')
    assert (theirs["editions"], theirs["kept"]) == (["v2-oss"], [1])
    assert (mine["editions"], refused(mine)) == (["own"], [(1, "string_too_long")])


# -------------------------------------------------------------------- misuse


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--precision", "d"], "precision 'd': expected one of ns, us, ms, s, m, h"),
        (["--retention", "30"], "retention '30': expected a duration like 30d, 12h, 45m, 90s or 1w"),
        (["--retention", "-1d"], "retention '-1d': expected a duration like"),
        (["--retention", "0s"], "retention '0s': expected a duration like"),
        (["--retention", "1.5h"], "retention '1.5h': expected a duration like"),
        (["--retention", "9999999999w"], "retention '9999999999w': too long; leave it out to keep points for ever"),
        (["--now", "yesterday"], "now 'yesterday': expected a time as in RFC 3339, 2026-01-31T12:00:00Z"),
        (["--now", "2026-01-31T12:00:00"], "now '2026-01-31T12:00:00': expected a time as in RFC 3339"),
        (["--now", "2026-02-31T12:00:00Z"], "now '2026-02-31T12:00:00Z': expected a time as in RFC 3339"),
        (["--now", "3000-01-01T00:00:00Z"], "a clock cannot go there"),
        (["--profile", "v9"], "unknown profile; expected a path to a .toml file or one of "),
        (["--profile", "v2-base"], "a parent cannot be served"),
        (["--set", "partial"], "switch 'partial': expected NAME=VALUE"),
        (["--set", "partial=no"], "none of the editions has a switch 'partial'; their switches are: "),
        (["--profile", "v2-oss", "--set", "late_points=never"], "expected one of reject, drop, store"),
        (["--jsno"], "No such option '--jsno'"),
    ],
)
def test_misuse(arguments: list[str], sentence: str) -> None:
    done = run("-", *arguments, given=b"m v=1 1\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("mockflux: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run(str(tmp_path / "none.lp"))
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "No such file or directory" in done.stderr
    assert run().stderr == "mockflux: Missing argument 'FILE'.\n"


def test_help() -> None:
    assert "\n  compare " in CliRunner().invoke(main, ["--help"]).stdout
    assert "Editions that answer alike share a row" in " ".join(run("--help").stdout.split())


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("45m", timedelta(minutes=45)),
        ("90s", timedelta(seconds=90)),
        ("1w", timedelta(weeks=1)),
        ("1h30m", timedelta(minutes=90)),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    assert comparing.duration(text) == span


def test_moments() -> None:
    def now(text: str) -> datetime:
        return comparing.asked(b"", "ns", None, text).now

    assert now("2026-01-31t12:00:00.5z") == datetime(2026, 1, 31, 12, 0, 0, 500_000, UTC)
    assert now("2026-01-31T13:00:00+01:00") == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_an_exception_inside_mockflux_is_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("one of ours")

    monkeypatch.setattr("mockflux.writing.commit.write", broken)
    with pytest.raises(RuntimeError, match=r"an exception in mockflux, with v2-oss(.|\n)*one of ours"):
        comparing.compare(["v2-oss"], comparing.asked(b"m v=1 1\n", "ns", None, None))


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes standard input")
def test_standard_input_may_be_closed() -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m mockflux compare - <&-"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "mockflux: Invalid value for 'FILE': standard input is closed; name a file\n"


def test_what_is_refused_after_the_reply() -> None:
    """InfluxDB Cloud answers 204 and refuses single fields later: a line can be kept and refused."""
    body = b"m a=1,b=2 1\nm a=1i,b=3 2\nm a=2i 3\n"
    [[found]] = comparing.compare(["v2-cloud"], comparing.asked(body, "ns", None, NOW))
    assert (found.reply.status, found.kept) == (204, (1, 2))
    assert [(entry.line, entry.reason) for entry in found.refused] == [(2, "type_conflict"), (3, "type_conflict")]
    assert all(entry.after_reply for entry in found.refused)
    assert found.refused[0].text.startswith("type conflict in batch write: ")


def test_the_table_and_json_say_what_came_after_the_reply() -> None:
    """With one line refused in the reply, and one that the reply counts as accepted."""
    asked = ("-", "--profile", "v2-cloud", "--set", "malformed=keep_good")
    body = b"m a=1,b=2 1\nm a=1i,b=3 2\nbad\n"
    message = (
        "partial write error (4 accepted): 1 out of 5 points rejected (check rejected_points in your _monitoring "
        "bucket for further information)"
    )
    conflict = "type conflict in batch write: field a on measurement m, got Integer but expected Float"
    malformed = "unable to parse 'bad': missing fields"
    assert run(*asked, given=body).stdout == (
        "EDITION   STATUS           LINES KEPT  LINES REFUSED\n"
        "v2-cloud  400 Bad Request  1-2         2-3\n"
        f'          {{"code":"invalid","message":"{message}"}}\n'
        f"          line 2, after the reply: {conflict}\n"
        f"          line 3: {malformed}\n"
    )
    [row] = rows(*asked, given=body)
    assert row["refused"] == [
        {"line": 2, "reason": "type_conflict", "text": conflict, "after_reply": True},
        {"line": 3, "reason": "malformed", "text": malformed},
    ]


def test_late_points_that_a_queue_drops_are_refused_after_the_reply() -> None:
    asked = ("-", "--profile", "v2-cloud", "--retention", "1h", "--now", NOW)
    [row] = rows(*asked, given=b"m a=1,b=2 1\nm a=1\n")
    assert (row["status"], row["body"], row["kept"]) == (204, "", [2])
    assert refused(row) == [(1, "outside_retention"), (1, "outside_retention")]


def test_a_malformed_line_of_a_queued_edition_refuses_at_once() -> None:
    [row] = rows("-", "--profile", "v2-cloud", given=b"m a=1 1\nbad\n")
    assert (row["status"], row["kept"]) == (400, [])
    assert row["refused"] == [{"line": 2, "reason": "malformed", "text": "unable to parse 'bad': missing fields"}]
