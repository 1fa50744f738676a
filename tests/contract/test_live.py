"""A live server as a target: names of the run, what is made and removed, what can be played there, and reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mockflux.contract.answer import Answer
from mockflux.contract.compare import compare_answer
from mockflux.contract.live import Live
from mockflux.contract.live_fit import why_not
from mockflux.contract.live_making import NotPlayable
from mockflux.contract.live_names import names_of, renamed
from mockflux.contract.live_reader import InfluxQL
from mockflux.contract.live_shared import Ledger
from mockflux.contract.live_wire import Access, LiveError, Wire
from mockflux.contract.message import read_response
from mockflux.contract.places import Places
from mockflux.contract.vector import StoredPoint, Vector, load_vectors
from mockflux.contract.verify import verify_one
from mockflux.profile import ProfileError, load_profile
from mockflux.public import Server
from mockflux.reply import Header

HEAD = """
[[vector]]
id = "{id}"
shows = "a test"
source = "here"
stored = "nothing"
"""


def vectors(tmp_path: Path, text: str, profile: str = "v2-oss") -> list[Vector]:
    """The vectors of a file with this text."""
    path = tmp_path / "vectors.toml"
    path.write_text(f'profiles = ["{profile}"]\n{text}', encoding="utf-8")
    return load_vectors(profile, path)


def vector(tmp_path: Path, more: str = "", request: str = "GET /ping", response: str = "204 No Content") -> Vector:
    """One vector of one exchange; ``more`` are keys of its own."""
    text = f'{HEAD.format(id="mine")}{more}\n[[vector.exchange]]\nclause = "pong"\n'
    return vectors(tmp_path, f"{text}request = '''\n{request}'''\nresponse = '''\n{response}'''")[0]


def live(server: Server, **more: str) -> Live:
    """The server as a target, checked."""
    found = Live(Wire(server.url), server.profile, Access(token=server.token, org=server.org, **more))
    found.check()
    return found


# ------------------------------------------------------------------------------------------ names


def test_names_of_the_set_up_and_of_requests_become_names_of_the_run(tmp_path: Path) -> None:
    one = vector(
        tmp_path,
        'setup = { buckets = [{ name = "other" }] }',
        "POST /api/v2/write?org={{org}}&bucket=other&x={{bucket_id.other}}\n\nother v=1",
        '404 Not Found\nX-Note: another other\n\nbucket "other" not found',
    )
    rules = load_profile("v2-oss").settings.live
    assert rules is not None
    assert names_of(one, rules).made == ("other",)
    changed = renamed(one, {"other": "mockflux-1-other"})
    (exchange,) = changed.exchanges
    assert exchange.ask.target == ("/api/v2/write?org={{org}}&bucket=mockflux-1-other&x={{bucket_id.mockflux-1-other}}")
    assert exchange.response is not None
    assert exchange.response.headers == (("X-Note", "another mockflux-1-other"),)
    assert exchange.response.body == 'bucket "mockflux-1-other" not found'
    assert changed.setup == {"buckets": [{"name": "mockflux-1-other"}]}


@pytest.mark.parametrize(
    ("target", "plain", "odd"),
    [
        ("/write?db=nothing", ("nothing",), ()),
        ("/write?db=_internal", (), ("_internal",)),
        ("/write?db={{bucket}}&precision=s", (), ()),
        ("/write?d%62=no%74hing", (), ("no%74hing",)),
        ("/write?db=nothing&bucket=noth%69ng", (), ("nothing", "noth%69ng")),  # one name, written in two ways
        ("/ping?verbose=nothing", (), ()),
    ],
)
def test_names_in_requests(tmp_path: Path, target: str, plain: tuple[str, ...], odd: tuple[str, ...]) -> None:
    rules = load_profile("v2-oss").settings.live
    assert rules is not None
    found = names_of(vector(tmp_path, request=f"POST {target}"), rules)
    assert (found.plain, found.odd) == (plain, odd)


def test_every_name_is_used_once() -> None:
    target = Live(Wire("http://localhost:1"), load_profile("v2-oss"), Access())
    other = Live(Wire("http://localhost:1"), load_profile("v2-oss"), Access())
    names = {target.fresh(), target.fresh(), target.fresh("x"), other.fresh()}
    assert len(names) == 4
    assert all(name.startswith("mockflux-") for name in names)


# ------------------------------------------------------------------------------------------ what can be played


@pytest.mark.parametrize(
    ("more", "request_text", "response", "why"),
    [
        ("", "GET /ping", "204 No Content", None),
        ("", "GET /api/v2/buckets", "200 OK", "it shows all that the server has"),
        ("", "GET /api/v2/buckets", "401 Unauthorized", None),
        ("", "GET /api/v2/buckets?name={{bucket}}", "200 OK", None),
        ("setup = { clock = 2024-05-01T12:00:00Z }", "GET /ping", "204 No Content", "it needs a clock that stands"),
        ("setup = { orgs = ['x'] }", "GET /ping", "204 No Content", "it needs another organization"),
        ("setup = { onboarded = false }", "GET /ping", "204 No Content", "it needs a server that was not set up yet"),
        ("setup = { faults = [{ status = 503 }] }", "GET /ping", "204 No Content", "only a planned fault reaches it"),
        ("ways = ['direct']", "GET /ping", "204 No Content", "it is for calls within a process"),
        ("switches = { max_body = 32 }", "GET /ping", "204 No Content", "it is for max_body = 32"),
        ("", "GET /ping\nX: {{user}}", "204 No Content", "it needs {{user}}, which nobody told"),
        ("setup = { buckets = [{ name = 'a/b' }] }", "GET /ping", "204 No Content", "it needs a bucket named 'a/b'"),
    ],
)
def test_why_a_vector_is_not_playable(
    tmp_path: Path, more: str, request_text: str, response: str, why: str | None
) -> None:
    with Server() as server:
        found = why_not(vector(tmp_path, more, request_text, response), live(server), {})
    assert found is None if why is None else found is not None and found.startswith(why)


def test_a_bucket_of_an_odd_name_that_is_there_is_left_alone(tmp_path: Path) -> None:
    one = vector(tmp_path, request="POST /api/v2/write?org={{org}}&bucket=My%20Own\nAuthorization: {{auth}}\n\nm v=1")
    with Server() as server:
        server.create_bucket("My Own")
        result = verify_one(live(server), one, {})
        assert server.points(bucket="My Own") == []
    assert result.why_not is not None
    assert "'My Own'" in result.why_not


def test_what_a_vector_itself_makes_is_removed(tmp_path: Path) -> None:
    """Also where nobody can tell the name from the request, and where the vector fails."""
    body = '{"orgID": "{{org_id}}", "na\\u006de": "Its Own"}'
    one = vector(
        tmp_path, request=f"POST /api/v2/buckets\nAuthorization: {{{{auth}}}}\n\n{body}", response="418 I am a teapot"
    )
    with Server() as server:
        before = [bucket.name for bucket in server.world.catalog.buckets()]
        result = verify_one(live(server), one, {})
        assert [bucket.name for bucket in server.world.catalog.buckets()] == before
        made = [e for e in server.journal if e.clause.startswith("created")]
    assert len(made) == 3  # the one to try with, the vector's target, and this
    assert result.difference is not None
    assert (result.difference.where, result.clause) == ("exchange 1: status line", "pong")


def test_what_was_made_goes_also_when_an_exception_comes_in_between(tmp_path: Path) -> None:
    with Server() as server:
        target = live(server)
        before = [bucket.name for bucket in server.world.catalog.buckets()]
        there: set[str] = set()

        def interrupted() -> None:
            with target.open("v2-oss", {}, {"buckets": [{"name": "mockflux-x"}]}):
                there.update(bucket.name for bucket in server.world.catalog.buckets())
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert len(there) == len(before) + 2
        assert [bucket.name for bucket in server.world.catalog.buckets()] == before
    assert target.left == []


def test_what_the_server_does_not_make_is_said() -> None:
    with (
        Server() as server,
        pytest.raises(NotPlayable, match="does not take a token: 404"),
        live(server).open("v2-oss", {}, {"tokens": [{"name": "reader"}]}),
    ):
        pass


def test_an_edition_that_says_nothing_of_live_servers(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[edition]\nid = "mine"\ntitle = "M"\nextends = "v2-oss"\n[live.requests]\nmake = { request = "GET /$who" }\n',
        encoding="utf-8",
    )
    with pytest.raises(ProfileError, match=r"live\.requests\.make\.request: unknown placeholder \$who"):
        load_profile(path)
    path.write_text(
        '[edition]\nid = "mine"\ntitle = "M"\nextends = "v2-oss"\n[live]\nnames = ["("]\n', encoding="utf-8"
    )
    with pytest.raises(ProfileError, match="a regular expression"):
        load_profile(path)


@pytest.mark.parametrize("url", ["", "x", "ftp://host", "http://", "http://host:port", "http://a/b", "http://u@h"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(LiveError, match=r"^URL "):
        Wire(url)


# ------------------------------------------------------------------------------------------ one target for all


def test_a_ledger_knows_what_can_follow(tmp_path: Path) -> None:
    def writing(lines: str) -> Vector:
        return vector(tmp_path, request=f"POST /write?db={{{{bucket}}}}\n\n{lines}")

    ledger = Ledger()
    assert ledger.hinders(writing('m,t=a v=1,s="x, y=2" 1')) is None
    ledger.add(writing('m,t=a v=1,s="x, y=2" 1'))
    assert ledger.hinders(writing("m,t=b v=2.5 2")) is None
    assert ledger.hinders(writing("n,v=b t=2i 2")) is None
    assert ledger.hinders(writing("m v=2i")) == "v of m is float there by now, and integer in this vector"
    assert ledger.hinders(writing("m,v=x y=2i")) == "v of m is float there by now, and tag in this vector"
    assert ledger.hinders(writing("m time=1")) is not None
    assert ledger.hinders(writing("m " + ",".join(f"f{n}=1" for n in range(50)))) is not None


# ------------------------------------------------------------------------------------------ comparing


def test_an_unordered_list_may_come_in_any_order() -> None:
    expected = read_response("405 Method Not Allowed\nAllow: GET, HEAD\nB: 1, 2")
    got = Answer(405, "Method Not Allowed", [("Allow", "HEAD, GET"), ("B", "1, 2")])
    assert compare_answer(expected, got, Places({}), socket=True) is not None
    assert compare_answer(expected, got, Places({}), socket=True, unordered=frozenset(("allow",))) is None
    more = Answer(405, "Method Not Allowed", [("Allow", "HEAD, GET, PUT"), ("B", "1, 2")])
    assert compare_answer(expected, more, Places({}), socket=True, unordered=frozenset(("allow",))) is not None
    other = Answer(405, "Method Not Allowed", [("Allow", "HEAD, GET"), ("B", "2, 1")])
    assert compare_answer(expected, other, Places({}), socket=True, unordered=frozenset(("allow",))) is not None


# ------------------------------------------------------------------------------------------ reading


class Canned(Wire):
    """Answers queries from a table; a query that is not there fails."""

    def __init__(self, results: dict[str, object]) -> None:
        super().__init__("http://localhost:1")
        self._results = results
        self.asked: list[str] = []

    def send(self, method: str, target: str, headers: Sequence[Header], body: bytes, *, closes: bool = False) -> Answer:
        (query,) = parse_qs(urlsplit(target).query)["q"]
        self.asked.append(query)
        result = self._results[query]
        assert isinstance(result, dict)
        return Answer(200, "OK", [], json.dumps({"results": [{"statement_id": 0, **result}]}).encode())


def test_points_are_read_by_influxql_with_the_type_that_they_have_in_their_shard() -> None:
    source = '"db"."autogen"."m"'
    rows = [[1, 1, 1, "x"], [2, 9007199254740992, 9007199254740993, None], [3, None, None, None]]
    wire = Canned(
        {
            'SHOW RETENTION POLICIES ON "db"': {
                "series": [{"columns": ["name", "duration"], "values": [["autogen", "0s"], ["week", "168h"]]}]
            },
            'SHOW FIELD KEYS ON "db" FROM "autogen"./.*/': {
                "series": [
                    {
                        "name": "m",
                        "columns": ["fieldKey", "fieldType"],
                        "values": [["v", "float"], ["v", "integer"], ["s", "string"]],
                    }
                ]
            },
            'SHOW FIELD KEYS ON "db" FROM "week"./.*/': {},
            f'SELECT "v"::float, "v"::integer, "s"::string FROM {source} GROUP BY *': {
                "series": [
                    {"name": "m", "tags": {"t": "a", "u": ""}, "columns": ["time", "v", "v_1", "s"], "values": rows}
                ]
            },
            f'SELECT "v" & 1 FROM {source} WHERE time >= 1 AND time <= 1': {"error": "type error: v::float & 1"},
            f'SELECT "v" & 1 FROM {source} WHERE time >= 2 AND time <= 2': {"series": []},
        }
    )
    rules = load_profile("v1-oss-1.6").settings.live
    assert rules is not None
    assert InfluxQL(wire, rules, None).points("db") == [
        StoredPoint("db", "m", {"t": "a"}, {"v": ("float", 1.0), "s": ("string", "x")}, 1),
        StoredPoint("db", "m", {"t": "a"}, {"v": ("integer", 9007199254740993)}, 2),
    ]


def test_a_database_that_is_not_there_has_no_points() -> None:
    wire = Canned({'SHOW RETENTION POLICIES ON "d\\"b"': {"error": 'database not found: d"b'}})
    rules = load_profile("v1-oss-1.6").settings.live
    assert rules is not None
    assert InfluxQL(wire, rules, None).points('d"b') == []
