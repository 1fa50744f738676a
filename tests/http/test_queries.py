"""The query door of InfluxDB 1, at the front: what a client sees."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

WEEKS_LATER = 1_000_000_000_000_000_000


class Client:
    """Asks a v1-oss-1.6 that does not listen; ``db`` is a database of its own."""

    def __init__(self, *, auth: bool = False) -> None:
        self.server = Server("v1-oss-1.6", auth=auth)
        self.user = ("my-user", "my-password") if auth else None
        self.query("CREATE DATABASE db")

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        sent = list((headers or {}).items())
        if self.user:
            sent.append(("Authorization", "Basic " + b64encode(":".join(self.user).encode()).decode()))
        return front.answer(self.server.world, Request(method, path, sent, body))

    def write(self, lines: str, **params: str) -> Reply:
        return self.ask("POST", "/write?" + urlencode({"db": "db"} | params), lines.encode())

    def query(self, text: str, method: str = "POST", *, headers: dict[str, str] | None = None, **params: str) -> Reply:
        asked = {"db": "db", "epoch": "ns", "q": text} | params
        return self.ask(method, "/query?" + urlencode(asked), headers=headers)

    def results(self, text: str, **params: str) -> list[dict[str, Any]]:
        reply = self.query(text, headers=None, method="POST", **params)
        assert reply.status == 200, reply.body
        return list(json.loads(reply.body).get("results", []))

    def rows(self, text: str, **params: str) -> list[Any]:
        """The rows of the only statement, all series together."""
        (result,) = self.results(text, **params)
        assert "error" not in result, result
        return [row for series in result.get("series", ()) for row in series.get("values", ())]

    def error(self, text: str, **params: str) -> str:
        """Why the last statement failed."""
        return str(self.results(text, **params)[-1]["error"])


@pytest.fixture
def client() -> Client:
    return Client()


# ---------------------------------------------------------------- set-up and SHOW


def test_databases_and_policies(client: Client) -> None:
    client.query("CREATE DATABASE other WITH DURATION 3d NAME short")
    assert ["other"] in client.rows("SHOW DATABASES")
    assert client.rows("SHOW RETENTION POLICIES ON other") == [["short", "72h0m0s", "24h0m0s", 1, True]]
    assert client.error("CREATE DATABASE other WITH DURATION 2d") == (
        "retention policy conflicts with an existing policy"
    )
    assert client.error("SHOW SERIES", db="zz") == "database not found: zz"
    assert client.error("SHOW SERIES", db="") == "database name required"


def test_what_there_is_in_a_database(client: Client) -> None:
    client.write(f"m,h=a f=1 1\nm,h=b f=2 2\nm,h=a f=1i {WEEKS_LATER}\nn x=true 1")
    client.query("CREATE RETENTION POLICY long ON db DURATION INF REPLICATION 1")
    client.write('m,z=q s="x" 1', rp="long")
    assert client.rows("SHOW MEASUREMENTS") == [["m"], ["n"]]
    assert client.rows("SHOW SERIES") == [["m,h=a"], ["m,h=b"], ["m,z=q"], ["n"]]
    assert client.rows("SHOW TAG VALUES WITH KEY = h") == [["h", "a"], ["h", "b"]]
    assert client.rows("SHOW FIELD KEYS") == [["f", "float"], ["f", "integer"], ["x", "boolean"]]
    assert client.rows("SHOW FIELD KEYS FROM long./.*/") == [["s", "string"]]
    assert client.error("SHOW FIELD KEYS FROM zz.m") == "retention policy not found: zz"


def test_show_with_a_time(client: Client) -> None:
    client.write(f"m,h=a f=1 1\nm,h=b f=2 {WEEKS_LATER}")
    assert client.rows("SHOW SERIES WHERE time > 0") == [["m,h=a"], ["m,h=b"]]
    assert client.rows("SHOW SERIES WHERE time > 0 AND h = 'b'") == [["m,h=b"]]
    assert client.rows("SHOW SERIES WHERE time > 1800000000000000000") == []
    assert client.rows("SHOW TAG VALUES WITH KEY = h WHERE time > 0") == [["h", "a"], ["h", "b"]]
    assert client.error("SHOW MEASUREMENTS WHERE time > 0") == "SHOW MEASUREMENTS doesn't support time in WHERE clause"
    assert client.error("SHOW SERIES WHERE f > 1") == "invalid tag comparison operator"


# ---------------------------------------------------------------- SELECT


def test_a_field_with_several_types(client: Client) -> None:
    client.write(f'm v=1 1\nm v="s" {WEEKS_LATER}\nn v=1 1\nn v=2i {WEEKS_LATER}')
    assert client.rows("SELECT * FROM m") == [[1, 1]]
    assert client.rows("SELECT v::string FROM m") == [[WEEKS_LATER, "s"]]
    assert client.rows("SELECT count(v) FROM m") == [[0, 1]]
    assert client.rows("SELECT v::float, v::integer FROM n GROUP BY *") == [[1, 1, 1], [WEEKS_LATER, 2, 2]]


def test_names_and_places(client: Client) -> None:
    client.write(f"m,h=a v=1 5\nm,h=a v=1 {WEEKS_LATER}")
    assert client.rows("SELECT _name, v FROM m WHERE time < 9") == [[0, "m", None], [5, None, 1]]
    assert client.error('SELECT a FROM ""') == "invalid measurement"
    assert client.error("SELECT mean() FROM zz..m") == "database not found: zz"
    assert client.rows("SELECT v FROM m WHERE time > 9223372036854775807") == [[5, 1], [WEEKS_LATER, 1]]


def test_times(client: Client) -> None:
    client.write("m v=1 1500000001")
    assert client.rows("SELECT v FROM m", epoch="") == [["1970-01-01T00:00:01.500000001Z", 1]]
    assert client.rows("SELECT v FROM m", epoch="ms") == [[1500, 1]]
    assert client.rows("SELECT v FROM m tz('Europe/Berlin')", epoch="") == [["1970-01-01T01:00:01.500000001+01:00", 1]]
    reply = client.query("SELECT v FROM m tz('Nowhere/X')")
    assert (reply.status, reply.body) == (400, b'{"error":"error parsing query: unable to find time zone Nowhere/X"}\n')


# ---------------------------------------------------------------- removing


def test_delete_keeps_types_and_drop_measurement_does_not(client: Client) -> None:
    client.write("m,h=a f=1i 1\nm,h=b f=2i 2\nn g=1 1")
    assert client.results("DELETE FROM m WHERE h = 'a' AND time <= 1") == [{"statement_id": 0}]
    assert client.rows("SELECT f, h FROM m") == [[2, 2, "b"]]
    client.query("DROP SERIES FROM m")
    assert client.rows("SHOW MEASUREMENTS") == [["n"]]
    assert client.rows("SHOW FIELD KEYS") == [["g", "float"]]
    conflict = client.write("m f=1 5")
    assert (conflict.status, b"already exists as type integer" in conflict.body) == (400, True)
    assert client.write(f"m f=1 {WEEKS_LATER}").status == 204, "another shard"
    assert client.rows("SHOW FIELD KEYS FROM m") == [["f", "float"], ["f", "integer"]]
    client.query("DROP MEASUREMENT m")
    assert client.write("m f=1 5").status == 204
    assert client.rows("SHOW FIELD KEYS FROM m") == [["f", "float"]]


def test_a_removal_is_about_all_policies(client: Client) -> None:
    client.query("CREATE RETENTION POLICY long ON db DURATION INF REPLICATION 1")
    for policy in ("autogen", "long"):
        client.write("m f=1 1\nn f=1 1", rp=policy)
    client.query("DELETE FROM /m/")
    assert client.rows("SELECT f FROM db.autogen./.*/, db.long./.*/") == [[1, 1], [1, 1]]
    client.query("DROP MEASUREMENT n")
    assert client.rows("SHOW SERIES") == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("DELETE FROM m WHERE f > 1", "shard 1: fields not supported in WHERE clause during deletion"),
        ("DROP SERIES FROM m WHERE f > 1", "shard 1: fields not supported in WHERE clause during deletion"),
        ("DROP SERIES FROM m WHERE time > 0", "DROP SERIES doesn't support time in WHERE clause"),
        ("DELETE FROM m WHERE h", "invalid condition expression: h"),
        ("KILL QUERY 7", "no such query id: 7"),
    ],
)
def test_what_cannot_be_removed(text: str, error: str, client: Client) -> None:
    client.write("m,h=a f=1 1")
    assert client.error(text) == error
    assert client.rows("SELECT f FROM m") == [[1, 1]]


@pytest.mark.parametrize(
    "text", ["DELETE FROM zz WHERE f > 1", "DROP MEASUREMENT zz", 'DELETE FROM ""', "DROP SERIES FROM zz"]
)
def test_nothing_to_remove_is_no_error(text: str, client: Client) -> None:
    client.write("m,h=a f=1 1")
    assert client.results(text) == [{"statement_id": 0}]
    assert client.rows("SELECT f FROM m") == [[1, 1]]
    assert client.error(text, db="zz") == "database not found: zz"


# ---------------------------------------------------------------- the reply


def test_a_statement_that_fails_is_said_not_to_have_been_executed_if_others_follow(client: Client) -> None:
    assert client.error("SHOW DATABASES; SELECT v FROM zz..m") == "database not found: zz"
    first, second = client.results("SHOW DATABASES; SELECT v FROM zz..m; SHOW USERS")
    assert "series" in first
    assert second == {"statement_id": 1, "error": "not executed"}


def test_chunks(client: Client) -> None:
    client.write("m v=1 1\nm v=2 2\nm v=3 3")
    reply = client.query("SELECT v FROM m; SELECT v FROM zz..m; SHOW USERS; SHOW USERS", chunked="true", chunk_size="2")
    one, two, *failed = [json.loads(line)["results"][0] for line in reply.body.splitlines()]
    assert (one["partial"], one["series"][0]["partial"], one["series"][0]["values"]) == (True, True, [[1, 1], [2, 2]])
    assert two == {"statement_id": 0, "series": [{"name": "m", "columns": ["time", "v"], "values": [[3, 3]]}]}
    assert failed == [
        {"statement_id": 1, "error": "database not found: zz"},
        {"statement_id": 1, "error": "not executed"},
        {"statement_id": 1, "error": "not executed"},
    ]


def test_more_rows_than_a_chunk_has(client: Client) -> None:
    client.write("\n".join(f"m v={number}i {number}" for number in range(10_001)))
    (result,) = client.results("SELECT v FROM m")
    assert (len(result["series"][0]["values"]), result["series"][0]["partial"]) == (10_001, True)
    assert "partial" not in result
    lines = client.query("SELECT v FROM m", chunked="true").body.splitlines()
    assert [len(json.loads(line)["results"][0]["series"][0]["values"]) for line in lines] == [10_000, 1]


def test_no_statement(client: Client) -> None:
    assert client.query(";").body == b"{}\n"
    assert client.query(";", chunked="true").body == b""
    assert client.query(" ").body == b'{"error":"missing required parameter \\"q\\""}\n'


def test_pretty_and_gzip(client: Client) -> None:
    pretty = client.query("DROP SERIES FROM zz", pretty="true")
    assert pretty.body == b'{\n    "results": [\n        {\n            "statement_id": 0\n        }\n    ]\n}\n'
    packed = client.query("DROP SERIES FROM zz", headers={"Accept-Encoding": "gzip"})
    assert dict(packed.headers)["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == b'{"results":[{"statement_id":0}]}\n'


def test_a_get_that_changes_something_is_warned(client: Client) -> None:
    (told,) = json.loads(client.query("DROP MEASUREMENT m", "GET").body)["results"]
    assert told["messages"] == [
        {
            "level": "warning",
            "text": "deprecated use of 'DROP MEASUREMENT m' in a read only context, please use a POST request instead",
        }
    ]
    assert json.loads(client.query("DELETE FROM m", "GET").body)["results"] == [{"statement_id": 0}]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ("{", "error parsing query parameters: unexpected EOF"),
        ("x", "error parsing query parameters: invalid character 'x' looking for beginning of value"),
        (
            "[]",
            "error parsing query parameters: "
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        ('{"a":1e400}', 'error parsing json value: strconv.ParseInt: parsing "1e400": invalid syntax'),
        ('{"a":1.5e400}', 'error parsing json value: strconv.ParseFloat: parsing "1.5e400": value out of range'),
        (
            '{"a":9223372036854775808}',
            'error parsing json value: strconv.ParseInt: parsing "9223372036854775808": value out of range',
        ),
        (
            '{"a":{"integer":1e3}}',
            'error parsing query: missing parameter: strconv.ParseInt: parsing "1e3": invalid syntax',
        ),
        ("{}", "error parsing query: missing parameter: a"),
    ],
)
def test_bound_parameters_that_cannot_be_read(params: str, error: str, client: Client) -> None:
    reply = client.query("SELECT v FROM m WHERE v > $a", params=params)
    assert (reply.status, json.loads(reply.body)) == (400, {"error": error})


def test_bound_parameters(client: Client) -> None:
    client.write("m,h=a v=1 1\nm,h=b v=2 2")
    assert client.rows("SELECT v FROM m WHERE h = $h", params='{"h":"b"} what follows') == [[2, 2]]
    assert client.rows("SELECT v FROM m WHERE v > $v LIMIT $n", params='{"v":-0.5,"n":1}') == [[1, 1]]
    assert client.rows("SELECT v FROM m LIMIT 1", params="null") == [[1, 1]]


def test_what_is_not_utf8_is_a_replacement_character(client: Client) -> None:
    reply = client.ask("GET", "/query?q=SELECT%20%FF")
    assert json.loads(reply.body)["error"].startswith("error parsing query: found \ufffd, expected identifier")
    assert "\ufffd".encode() in reply.body, "the character itself, not an escape"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT v INTO n FROM m",
        "SELECT v FROM (SELECT v FROM m)",
        "SELECT mean(v) FROM m WHERE time > 0 GROUP BY time(1h)",
        "SHOW STATS",
        "SELECT v FROM m WHERE " + "(" * 4000 + "v > 1" + ")" * 4000,
    ],
)
def test_what_is_not_simulated_is_flagged(text: str, client: Client) -> None:
    client.write("m v=1 1")
    assert client.query(text).status == 404
    assert not client.server.journal[-1].simulated
    assert not client.server.journal.errors()


def test_other_formats_are_not_simulated(client: Client) -> None:
    client.query("SHOW DATABASES", headers={"Accept": "application/csv"})
    assert not client.server.journal[-1].simulated


# ---------------------------------------------------------------- users


def test_rights() -> None:
    client = Client(auth=True)
    client.query("CREATE USER reader WITH PASSWORD 'x'; GRANT READ ON db TO reader")
    client.write("m v=1 1")
    client.user = ("reader", "x")
    assert client.rows("SELECT v FROM m") == [[1, 1]]
    refused = client.query("DELETE FROM m")
    assert (refused.status, json.loads(refused.body)["error"]) == (
        403,
        "error authorizing query: reader not authorized to execute statement 'DELETE FROM m', requires WRITE on db",
    )
    dropped = client.query("DROP MEASUREMENT m")
    assert json.loads(dropped.body)["error"].endswith("'DROP MEASUREMENT m', requires admin privilege")
    client.user = ("reader", "wrong")
    assert client.query("SHOW DATABASES").status == 401
    client.user = ("my-user", "my-password")
    client.query("GRANT WRITE ON db TO reader")
    client.user = ("reader", "x")
    assert client.query("DELETE FROM m").status == 200
    assert client.query("SELECT v FROM m").status == 403, "a privilege takes the place of the one before"


def test_what_is_not_simulated_is_told_by_its_statement() -> None:
    server = Server("v1-oss-1.6")
    request = Request("GET", "/query?db=mydb&q=SELECT+mean(v)+FROM+m+GROUP+BY+time(1m)", [])
    assert front.answer(server.world, request).status == 404
    [exchange] = server.journal
    assert not exchange.simulated
    assert exchange.lacking == "GROUP BY time()"
    assert exchange.line().endswith("NOT SIMULATED: GROUP BY time()")
    assert server.journal.not_simulated() == {"GET /query: GROUP BY time()": 1}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select v from m limit 9223372036854775807", [[2, 1]]),
        ("select v from m limit 18446744073709551616", [[2, 1]]),
        ("select v from m offset 9223372036854775808", None),
        ("select v from m limit 9223372036854775807 offset 1", None),
        ("show series limit " + "9" * 5000, [["m"]]),
    ],
)  # fmt: skip
def test_numbers_beyond_all(query: str, said: list[list[Any]] | None) -> None:
    server = Server("v1-oss-1.6")
    server.write("m v=1 2")
    body = urlencode({"q": query, "epoch": "ns", "db": "mydb"}).encode()
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    result = front.answer(server.world, Request("POST", "/query", headers, body)).json()["results"][0]
    assert (result["series"][0]["values"] if said else result.get("series")) == said


@pytest.mark.parametrize(
    "query",
    [
        "select v from m where v=" + "9" * 5000,
        "kill query " + "9" * 5000,
        "select v from m where time > " + "9" * 10_000 + "s",
    ],
)
def test_numbers_that_are_refused(query: str) -> None:
    server = Server("v1-oss-1.6")
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    reply = front.answer(server.world, Request("POST", "/query", headers, urlencode({"q": query}).encode()))
    assert reply.status == 400
    assert "int_max_str_digits" not in reply.json()["error"]


def test_an_expression_that_would_take_for_ever_is_not_simulated() -> None:
    server = Server("v1-oss-1.6")
    server.write(f"m,host={'a' * 60}b v=1 1\nm,host=aab v=1 1")
    target = "/query?db=mydb&" + urlencode({"q": "select v from m where host =~ /(a+)+$/"})
    assert front.answer(server.world, Request("GET", target, [])).status == 404
    assert "repetitions within repetitions" in server.journal[-1].lacking
