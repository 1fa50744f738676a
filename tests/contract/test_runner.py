"""The runner sees what differs, and tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockflux.contract.answer import Answer
from mockflux.contract.compare import compare_answer, compare_piece, compare_stored
from mockflux.contract.message import read_response
from mockflux.contract.places import Places, UnknownPlace
from mockflux.contract.play import Played, play
from mockflux.contract.targets import Simulator
from mockflux.contract.vector import StoredPoint, load_vectors

VECTOR = """
[[vector]]
id = "a.one"
profiles = ["v2-oss"]
shows = "x"
source = "x"
stored = [{ measurement = "m", tags = { t = "a" }, fields = { v = 1.0 }, time = 1 }]

[[vector.exchange]]
clause = "accepted"
request = '''
POST /api/v2/write?org={{org}}&bucket={{bucket}}
Authorization: {{auth}}

m,t=a v=1 1'''
response = '''
204 No Content
X-Influxdb-Build: OSS
X-Influxdb-Version: {{version}}
Date: {{date}}'''
"""


def run(folder: Path, text: str, way: str = "direct") -> Played:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    (vector,) = load_vectors("v2-oss", folder)
    return play(vector, Simulator(way))


@pytest.mark.parametrize("way", ["socket", "wsgi", "direct"])
def test_as_expected(tmp_path: Path, way: str) -> None:
    played = run(tmp_path, VECTOR, way)
    assert str(played) == f"a.toml: a.one [{way}]: as expected"
    assert (played.difference, played.said, played.unchecked) == (None, [("accepted", "request")], [])


POINT = "my-bucket: m,t=a v=1.0 (float) 1"


@pytest.mark.parametrize("way", ["socket", "wsgi", "direct"])
@pytest.mark.parametrize(
    ("old", "new", "where", "expected", "got"),
    [
        ("204 No", "200 No", "exchange 1: status line", "200 No Content", "204 No Content"),
        ("No Content", "NO CONTENT", "exchange 1: status line", "204 NO CONTENT", "204 No Content"),
        ("Build: OSS", "Build: Cloud", "exchange 1: header 1", "X-Influxdb-Build: Cloud", "X-Influxdb-Build: OSS"),
        ("X-Influxdb-Build", "x-influxdb-build", "exchange 1: header 1", "x-influxdb-build: OSS", "X-Influxdb-Build"),
        ("X-Influxdb-Build: OSS\n", "", "exchange 1: header 1", "X-Influxdb-Version: v2.", "X-Influxdb-Build: OSS"),
        ("{{date}}'''", "{{date}}\nX: y'''", "exchange 1: header 4", "X: y", "no more headers"),
        ("\nDate: {{date}}'''", "'''", "exchange 1: header 3", "no more headers", "Date: "),
        ("{{date}}'''", "{{date}}\n\nx'''", "exchange 1: body, at character 0", "'x'", "''"),
        ("{{version}}", "{{nonsense}}", "places", "only places", "nothing is known of {{nonsense}}; shapes: id, "),
        (
            "={{bucket}}",
            "={{bucket.x}}",
            "places",
            "only places",
            "nothing is known of {{bucket.x}} here; known: auth, ",
        ),
        ('"accepted"', '"pong"', "exchange 1: clause", "pong by request", "accepted by request"),
        ('"accepted"', '"accepted"\nby = "fault"', "exchange 1: clause", "accepted by fault", "accepted by request"),
        (
            "Authorization: {{auth}}",
            "",
            "exchange 1: clause",
            "accepted by request",
            "token_missing by request; status line\n  expected: 204 No Content\n  got:      401 Unauthorized",
        ),
        ("v = 1.0", "v = 2.0", "stored", "my-bucket: m,t=a v=2.0 (float) 1", POINT),
        ("v = 1.0", "v = 1", "stored", "my-bucket: m,t=a v=1 (integer) 1", POINT),
        ('t = "a"', 't = "b"', "stored", "my-bucket: m,t=b v=1.0 (float) 1", POINT),
        ("time = 1 ", "time = 2 ", "stored", "my-bucket: m,t=a v=1.0 (float) 2", POINT),
        ("time = 1 ", "time = '{{now}}' ", "stored", "my-bucket: m,t=a v=1.0 (float) now", POINT),
        ("time = 1 ", "time = 1, hidden = true ", "stored", "my-bucket: m,t=a v=1.0 (float) 1 (hidden)", POINT),
        ("time = 1 ", 'time = 1, bucket = "b" ', "stored", "b: m,t=a v=1.0 (float) 1", POINT),
        (
            "shows =",
            "setup = { faults = [{ status = 503 }] }\nshows =",
            "exchange 1: clause",
            "accepted by request",
            "unavailable by fault; status line",
        ),
        (
            "shows =",
            'setup = { faults = [{ status = 503, door = "ping" }] }\nshows =',
            "faults",
            "every planned fault comes to pass",
            "<Fault 503 [unavailable]: 0 of 1 times>",
        ),
    ],
)
def test_differences(tmp_path: Path, way: str, old: str, new: str, where: str, expected: str, got: str) -> None:
    assert old in VECTOR
    differs = run(tmp_path, VECTOR.replace(old, new, 1), way).difference
    assert differs is not None
    assert differs.where == where
    assert differs.expected.startswith(expected)
    assert differs.got.startswith(got)


def test_nothing_stored_is_told(tmp_path: Path) -> None:
    start = VECTOR.index("stored =")
    text = VECTOR[:start] + 'stored = "nothing"\n' + VECTOR[VECTOR.index("\n", start) :]
    assert "stored\n  expected: nothing (more)\n  got:      my-bucket: m,t=a v=1.0 (float) 1" in str(
        run(tmp_path, text)
    )


def test_what_is_stored_between_exchanges(tmp_path: Path) -> None:
    text = VECTOR.replace('clause = "accepted"', 'clause = "accepted"\nstored = "nothing"')
    assert "a.one [direct]: exchange 1: stored\n  expected: nothing (more)" in str(run(tmp_path, text))


# ------------------------------------------------------------------------------------------ an edition that queues

CLOUD = """
[[vector]]
id = "a.one"
profiles = ["v2-cloud"]
shows = "x"
source = "x"
setup = { clock = 2024-05-01T12:00:00Z, buckets = [{ name = "b", schema = { m = { v = "float" } } }] }
stored = [{ bucket = "b", measurement = "m", fields = { v = 1.0 }, time = 1 }]

[[vector.logged]]
measurement = "rejected_points"
fields = { count = 1 }
time = 1714564800000000000
[vector.logged.tags]
bucket = "{{bucket_id.b}}"
reason = "measurement not allowed by schema"
measurement = "n"
field = "v"

[[vector.exchange]]
clause = "points_rejected:partial"
stored = "nothing"
request = '''
POST /api/v2/write?bucket=b
Authorization: {{auth}}

m v=1 1
n v=1 1'''
response = '''
400 Bad Request
Date: {{date}}
Content-Type: application/json; charset=utf-8
Content-Length: {{length}}
Connection: keep-alive
trace-id: {{id}}
trace-sampled: false
Strict-Transport-Security: max-age=15724800; includeSubDomains
X-Influxdb-Request-ID: {{trace}}
X-Influxdb-Build: Cloud

{"code":"invalid","message":"partial write error (1 accepted): 1 out of 2 points rejected {{look}}"}'''
[vector.let]
look = "(check rejected_points in your _monitoring bucket for further information)"
"""
PONG = """
[[vector.exchange]]
clause = "pong"
request = "GET /ping"
response = '''
204 No Content
Date: {{date}}
Connection: keep-alive
trace-id: {{id}}
trace-sampled: false
Strict-Transport-Security: max-age=15724800; includeSubDomains
X-Influxdb-Request-ID: {{trace}}
X-Influxdb-Build: Cloud
Vary: Accept-Encoding'''
"""
LOG = "_monitoring: rejected_points,bucket="


def run_cloud(folder: Path, text: str, way: str = "direct") -> Played:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    (vector,) = load_vectors("v2-cloud", folder)
    return play(vector, Simulator(way))


@pytest.mark.parametrize("way", ["socket", "wsgi", "direct"])
def test_what_is_queued_is_done_before_the_end(tmp_path: Path, way: str) -> None:
    assert run_cloud(tmp_path, CLOUD, way).difference is None


def test_the_log_is_compared_where_a_vector_names_it(tmp_path: Path) -> None:
    start, end = CLOUD.index("[[vector.logged]]"), CLOUD.index("[[vector.exchange]]")
    assert run_cloud(tmp_path, CLOUD[:start] + CLOUD[end:]).difference is None
    nothing = run_cloud(tmp_path, CLOUD[:start] + 'logged = "nothing"\n' + CLOUD[end:])
    assert f"logged\n  expected: nothing (more)\n  got:      {LOG}" in str(nothing)
    other = run_cloud(tmp_path, CLOUD.replace('measurement = "n"', 'measurement = "o"'))
    assert f"logged\n  expected: {LOG}" in str(other)


def test_the_log_between_exchanges(tmp_path: Path) -> None:
    text = CLOUD.replace('stored = "nothing"\n', 'stored = "nothing"\nlogged = "nothing"\n')
    assert f"exchange 1: logged\n  expected: nothing (more)\n  got:      {LOG}" in str(run_cloud(tmp_path, text))


@pytest.mark.parametrize(
    ("before", "there"), [("", False), ("settle = true\n", True), ("advance = 0.5\n", False), ("advance = 1\n", True)]
)
def test_what_is_queued_between_exchanges(tmp_path: Path, before: str, there: bool) -> None:
    pong = PONG.replace('clause = "pong"\n', f'clause = "pong"\n{before}stored = "nothing"\n')
    difference = str(run_cloud(tmp_path, CLOUD + pong))
    assert ("exchange 2: stored\n  expected: nothing (more)\n  got:      b: m v=1.0" in difference) is there
    assert difference.endswith("as expected") is not there


def test_unsigned_is_no_integer(tmp_path: Path) -> None:
    text = VECTOR.replace("v=1 1", "v=1u 1")
    assert run(tmp_path, text.replace("v = 1.0", "v = { unsigned = 1 }")).difference is None
    assert "expected: my-bucket: m,t=a v=1 (integer) 1" in str(run(tmp_path, text.replace("v = 1.0", "v = 1")))


def test_a_broken_off_answer_is_told(tmp_path: Path) -> None:
    text = VECTOR.replace("shows =", 'ways = ["socket"]\nsetup = { faults = [{ transport = "truncate" }] }\nshows =')
    assert "exchange 1: end\n  expected: a whole answer\n  got:      truncated" in str(run(tmp_path, text, "socket"))
    whole = VECTOR.replace("shows =", 'ways = ["socket"]\nshows =').replace(
        "request =", 'broken = "truncated"\nrequest ='
    )
    assert "exchange 1: end\n  expected: truncated\n  got:      a whole answer" in str(run(tmp_path, whole, "socket"))


def test_a_set_up_that_cannot_be_is_told(tmp_path: Path) -> None:
    text = VECTOR.replace("shows =", "setup = { faults = [{ status = 418 }] }\nshows =")
    assert "set-up\n  expected: a server in this state\n  got:      ValueError: v2-oss never says 418" in str(
        run(tmp_path, text)
    )


def test_a_connection_that_should_stay_open_is_told(tmp_path: Path) -> None:
    text = VECTOR.replace("shows =", 'ways = ["socket"]\nshows =').replace("request =", "closes = true\nrequest =")
    assert "connection after the reply\n  expected: it ends\n  got:      it stays open" in str(
        run(tmp_path, text, "socket")
    )


def test_a_connection_that_should_end_is_told(tmp_path: Path) -> None:
    text = VECTOR.replace("shows =", 'ways = ["socket"]\nshows =').replace("{{date}}", "{{date}}\nConnection: close")
    assert "header 4\n  expected: Connection: close\n  got:      no more headers" in str(run(tmp_path, text, "socket"))


# ------------------------------------------------------------------------------------------ the pieces


def test_the_same_place_is_the_same_value() -> None:
    places = Places({"org": "acme"})
    assert places.match("{{org}}/{{id:1}}/{{id:1}}", "acme/0123456789abcdef/0123456789abcdef")
    assert not places.match("{{id:1}}", "ffffffffffffffff")
    assert places.match("{{id:2}} {{id}} {{id}}", "ffffffffffffffff 0000000000000001 0000000000000002")
    assert places.fill("{{id:1}}-{{id:2}}") == "0123456789abcdef-ffffffffffffffff"


def test_a_new_place_twice_in_one_text_must_agree() -> None:
    assert not Places({}).match("{{id:1}} {{id:1}}", "0123456789abcdef 0123456789abcdee")


@pytest.mark.parametrize(
    ("place", "good", "bad"),
    [
        ("{{date}}", "Wed, 01 May 2024 12:00:00 GMT", "Wed, 1 May 2024 12:00:00 GMT"),
        ("{{now}}", "2024-05-01T12:00:00.123Z", "1999-05-01T12:00:00Z"),
        ("{{id}}", "0123456789abcdef", "0123456789ABCDEF"),
        ("{{trace}}", "0123456789abcdef" * 2, "0123456789abcdef"),
        ("{{number}}", "-1.5e10", "1."),
    ],
)
def test_shapes(place: str, good: str, bad: str) -> None:
    assert Places({}).match(place, good)
    assert not Places({}).match(place, bad)


def test_an_unknown_place() -> None:
    with pytest.raises(UnknownPlace, match=r"nothing is known of \{\{bucket\}\}; shapes: id, "):
        Places({}).match("{{bucket}}", "x")


def test_the_difference_of_two_long_bodies_is_shown_where_they_part() -> None:
    expected = read_response("200 OK\n\n" + "a" * 500 + "X" + "b" * 500)
    differs = compare_answer(expected, Answer(200, "OK", [], b"a" * 500 + b"Y" + b"b" * 500), Places({}), socket=True)
    assert differs is not None
    assert differs.where == "body, at character 500"
    assert differs.expected == "…" + repr("a" * 30 + "X" + "b" * 89) + "…"
    assert differs.got == "…" + repr("a" * 30 + "Y" + "b" * 89) + "…"


def test_a_content_length_must_be_that_of_the_body() -> None:
    expected = read_response("200 OK\nContent-Length: {{length}}\n\nab")
    assert (
        compare_answer(expected, Answer(200, "OK", [("Content-Length", "2")], b"ab"), Places({}), socket=True) is None
    )
    assert compare_answer(expected, Answer(200, "OK", [("Content-Length", "3")], b"ab"), Places({}), socket=True)


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        (Answer(), True),
        (Answer(200, "OK", [("A", "1")]), True),
        (Answer(200, "OK", [("A", "1"), ("B", "2")], b"ab"), True),
        (Answer(200, "OK", [("A", "1"), ("B", "2")], b"abcd"), False),
        (Answer(200, "OK", [("A", "1"), ("B", "2")], b"b"), False),
        (Answer(200, "OK", [("B", "2")]), False),
        (Answer(500, "OK"), False),
        (Answer(200, "OK", [("A", "1"), ("B", "2"), ("C", "3")]), False),
    ],
)
def test_a_piece_of_an_answer(answer: Answer, fits: bool) -> None:
    assert (compare_piece(read_response("200 OK\nA: 1\nB: 2\n\nabcd"), answer, Places({})) is None) is fits


def test_stored_points_in_any_order() -> None:
    one = StoredPoint("{{bucket}}", "m", {}, {"v": ("float", 1.0)}, 1)
    two = StoredPoint("{{bucket}}", "m", {}, {"v": ("float", 1.0)}, None)
    found = [StoredPoint("b", "m", {}, {"v": ("float", 1.0)}, time) for time in (5, 1)]
    places = Places({"bucket": "b"})
    assert compare_stored([one, two], found, places, (4, 6)) is None
    differs = compare_stored([one, two], found, places, (6, 7))
    assert differs is not None
    assert (differs.expected, differs.got) == ("b: m v=1.0 (float) now", "b: m v=1.0 (float) 5")
