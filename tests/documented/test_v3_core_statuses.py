"""Each status that InfluxDB 3 Core and Enterprise document for writes, provoked by the condition that they name.

At ``/api/v2/write`` and ``/write`` 204 and 400 have the form of "Troubleshoot issues writing data"; the rest, and
all of ``/api/v3/write_lp``, is that of their own API reference. What names one edition alone is about that one.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mockflux import Server

Post = Callable[..., Any]
#: Writes a body at a door: ``v3``, ``v2`` or ``v1``.
Write = Callable[..., Any]

EDITIONS = ("v3-core", "v3-enterprise")
TARGETS = {"v3": ("/api/v3/write_lp", "db"), "v2": ("/api/v2/write", "bucket"), "v1": ("/write", "db")}
DOORS = tuple(TARGETS)
TIME = 1_700_000_000_000_000_000
GOOD = f"home,room=Kitchen temp=21.5,co=4i {TIME}"
OTHER = f"home,room=Hall temp=19.25 {TIME}"
GZIP = {"Content-Encoding": "gzip"}


@pytest.fixture(params=EDITIONS)
def edition(request: pytest.FixtureRequest) -> str:
    """Each of the two."""
    return str(request.param)


@pytest.fixture
def switches() -> dict[str, Any]:
    """Options of the server; a test changes them by ``parametrize``."""
    return {}


@pytest.fixture
def server(edition: str, switches: dict[str, Any]) -> Iterator[Server]:
    """A fresh server of the edition, without a database."""
    with Server(edition, seed=1, **switches) as server:
        yield server


@pytest.fixture
def write(post: Post) -> Write:
    def write(door: str, body: bytes | str, more: str = "", *, database: str = "my-database", **how: Any) -> Any:
        path, target = TARGETS[door]
        how.setdefault("authorization", "Bearer my-token")
        return post(body, path=path, query=f"{target}={database}{more}", **how)

    return write


def databases(server: Server) -> list[str]:
    return [bucket.name for bucket in server.world.catalog.buckets("")]


def assert_error(answer: Any, line: str, body: bytes) -> None:
    """Status line, exactly the three headers of an error in their order, and the bytes of the body."""
    assert answer.line == f"HTTP/1.1 {line}"
    assert answer.names == ["cluster-uuid", "content-length", "date"], "errors have no content-type"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.header("cluster-uuid"))
    assert answer.header("content-length") == str(len(answer.body))
    assert parsedate_to_datetime(answer.header("date")).tzinfo is not None
    assert answer.body == body


# ---------------------------------------------------------------- 204


@pytest.mark.parametrize("door", DOORS)
def test_204_makes_the_database_and_stores_all(server: Server, write: Write, door: str) -> None:
    assert databases(server) == []
    answer = write(door, f"{GOOD}\n{OTHER}\n")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert answer.names == ["access-control-allow-origin", "cluster-uuid", "date"]
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.body == b""
    assert databases(server) == ["my-database"]
    stored = [(point.measurement, point.tags, point.fields, point.time) for point in server.points()]
    assert stored == [
        ("home", {"room": "Hall"}, {"temp": 19.25}, TIME),
        ("home", {"room": "Kitchen"}, {"co": 4, "temp": 21.5}, TIME),
    ]
    assert server.journal[-1].clause == "accepted"
    assert "documented" in server.journal[-1].source


@pytest.mark.parametrize("door", DOORS)
def test_204_a_gzip_body_is_stored_as_what_it_holds(server: Server, write: Write, door: str) -> None:
    assert write(door, gzip.compress(GOOD.encode()), headers=GZIP).line == "HTTP/1.1 204 No Content"
    assert server.points("home")[0].fields == {"co": 4, "temp": 21.5}


# ---------------------------------------------------------------- 400


@pytest.mark.parametrize("door", ["v2", "v1"])
def test_400_line_and_message_describe_the_rejections(server: Server, write: Write, door: str) -> None:
    """ "`line` contains the first rejected line, `message` describes rejections" """
    body = "m,t=a v=1 1\n,t=a v=2 2\nm,t=a v=3 3\nm,t=a v=4 123461000000000000000000000000"
    answer = write(door, body)
    message = (
        rb"failed to parse line protocol:\nerrors encountered on line(s):\n"
        rb"error parsing line 2 (1-based): Invalid measurement was provided\n"
        rb"error parsing line 4 (1-based): Unable to parse timestamp value '123461000000000000000000000000'"
    )
    assert_error(answer, "400 Bad Request", b'{"code":"invalid","line":2,"message":"' + message + b'"}')
    assert [point.time for point in server.points("m")] == [1, 3]
    assert [rejection.number for rejection in server.rejected()] == [2, 4]


@pytest.mark.parametrize("door", ["v2", "v1"])
def test_400_a_wrong_type_and_a_tag_that_is_a_field(server: Server, write: Write, door: str) -> None:
    assert write(door, "m,t=a v=1 1").line == "HTTP/1.1 204 No Content"
    answer = write(door, 'm,t=a v="one" 2\nm t=1 3\nm v=4 4')
    float, string, tag = ("iox::column_type::" + name for name in ("field::float", "field::string", "tag"))
    assert answer.json()["message"].split("\n")[2:] == [
        f"error writing line 1 (1-based): invalid column type for column 'v', expected {float}, got {string}",
        f"error writing line 2 (1-based): invalid column type for column 't', expected {tag}, got {float}",
    ]
    assert sorted(point.time for point in server.points("m")) == [1, 4]
    assert [(r.got, r.want) for r in server.rejected()] == [("string", "float"), ("float", "tag")]


def test_400_a_partial_write_names_each_line(server: Server, write: Write) -> None:
    answer = write("v3", f"{GOOD}\nhome,room=Attic\n{OTHER}\nhome temp= 1")
    body = (
        b'{"error":"partial write of line protocol occurred","data":['
        b'{"error_message":"Expected at least one space character, got end of input","line_number":2,'
        b'"original_line":"home,room=Attic"},'
        b'{"error_message":"No fields were provided","line_number":4,"original_line":"home temp= 1"}]}'
    )
    assert_error(answer, "400 Bad Request", body)
    assert len(server.points("home")) == 2
    assert server.journal[-1].clause == "points_rejected@v3-write"


def test_400_without_partial_writes_nothing_is_stored_nor_made(server: Server, write: Write) -> None:
    answer = write("v3", f"{GOOD}\nhome temp=\nworse", "&accept_partial=false")
    body = (
        b'{"error":"line protocol parsing error","data":'
        b'{"error_message":"No fields were provided","line_number":2,"original_line":"home temp="}}'
    )
    assert_error(answer, "400 Bad Request", body)
    assert databases(server) == []
    assert server.points() == []


@pytest.mark.parametrize("body", ["", "\n\n", "# only a comment\n"])
def test_400_for_a_body_without_points_that_makes_the_database(server: Server, write: Write, body: str) -> None:
    assert_error(write("v3", body), "400 Bad Request", b"incoming write was empty")
    assert databases(server) == ["my-database"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"Content-Encoding": "deflate"}, GOOD.encode(), id="encoding"),
        pytest.param(GZIP, GOOD.encode(), id="not gzip"),
        pytest.param({}, b"m,t=\xff v=1 1", id="not utf8"),
    ],
)
@pytest.mark.parametrize("door", DOORS)
def test_400_a_body_that_cannot_be_read_makes_no_database(
    server: Server, write: Write, door: str, headers: dict[str, str], body: bytes
) -> None:
    assert write(door, body, headers=headers).line == "HTTP/1.1 400 Bad Request"
    assert databases(server) == []


# ---------------------------------------------------------------- 401


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("authorization", [None, "Bearer nobodys", "Token nobodys", "Basic bWU6bm9ib2R5cw=="])
def test_401_no_token_or_nobodys(server: Server, write: Write, door: str, authorization: str | None) -> None:
    answer = write(door, GOOD, authorization=authorization)
    assert_error(answer, "401 Unauthorized", b'{"error": "the request was not authenticated"}')
    assert databases(server) == []


# ---------------------------------------------------------------- 403

DENIED = b'{"error": "unauthorized to perform requested action with the token"}'


@pytest.mark.parametrize("edition", ["v3-enterprise"])
@pytest.mark.parametrize("door", DOORS)
def test_403_a_token_that_may_only_read(server: Server, write: Write, door: str) -> None:
    server.create_database("other")
    elsewhere = server.create_token(write="other", read="other")
    for token in (server.read_token, elsewhere):
        assert_error(write(door, GOOD, authorization=f"Bearer {token}"), "403 Forbidden", DENIED)
    assert databases(server) == ["other"]
    answer = write(door, GOOD, database="other", authorization=f"Bearer {elsewhere}")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert len(server.points(database="other")) == 1


@pytest.mark.parametrize("edition", ["v3-core"])
@pytest.mark.parametrize("door", DOORS)
def test_403_only_by_a_plan_where_every_token_is_an_admins(server: Server, write: Write, door: str) -> None:
    server.fail(403)
    assert_error(write(door, GOOD), "403 Forbidden", DENIED)
    assert server.points() == []
    assert write(door, GOOD).line == "HTTP/1.1 204 No Content"


# ---------------------------------------------------------------- 404


def test_404_is_for_paths_and_never_for_databases(server: Server, post: Post, write: Write) -> None:
    for path in ("/api/v3/write", "/api/v3/write_lp/", "/api/v2/write/"):
        answer = post(GOOD, path=path, query="db=my-database", authorization="Bearer my-token")
        assert_error(answer, "404 Not Found", b"Not found")
    assert databases(server) == []
    assert write("v3", GOOD, database="never-seen").line == "HTTP/1.1 204 No Content"
    assert databases(server) == ["never-seen"]


# ---------------------------------------------------------------- 413


@pytest.mark.parametrize("switches", [{"max_http_request_size": 1000}])
@pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
@pytest.mark.parametrize("door", DOORS)
def test_413_above_the_limit(server: Server, write: Write, door: str, headers: dict[str, str]) -> None:
    lines = b"m v=1 1700000000000000000\n"
    for times, said in ((1000 // len(lines), "204 No Content"), (1000 // len(lines) + 1, "413 Payload Too Large")):
        server.reset()
        body = gzip.compress(lines * times) if headers else lines * times
        answer = write(door, body, headers=headers)
        assert answer.line == f"HTTP/1.1 {said}"
        assert databases(server) == (["my-database"] if said.startswith("204") else [])
    text = b"max request size (1000 bytes) exceeded"
    in_json = b'{"code":"request too large","message":"' + text + b'"}'
    assert_error(answer, "413 Payload Too Large", in_json if door == "v2" else text)


# ---------------------------------------------------------------- 422


@pytest.mark.parametrize("edition", ["v3-core"])
def test_422_the_sixth_database(server: Server, write: Write) -> None:
    for n in range(5):
        assert write("v3", GOOD, database=f"d{n}").line == "HTTP/1.1 204 No Content"
    text = b"Adding a new database would exceed limit of 5 databases"
    for door in ("v3", "v1"):
        assert_error(write(door, GOOD), "422 Unprocessable Entity", b'{"error":"' + text + b'"}')
    in_json = b'{"code":"invalid","message":"write buffer error: catalog update error: ' + text + b'"}'
    assert_error(write("v2", GOOD), "400 Bad Request", in_json)
    assert databases(server) == [f"d{n}" for n in range(5)]


@pytest.mark.parametrize("edition", ["v3-enterprise"])
@pytest.mark.parametrize("switches", [{"num_database_limit": 1}])
def test_422_a_database_more_than_the_option_allows(server: Server, write: Write) -> None:
    assert write("v3", GOOD).line == "HTTP/1.1 204 No Content"
    body = b'{"error":"Adding a new database would exceed limit of 1 databases"}'
    assert_error(write("v3", GOOD, database="more"), "422 Unprocessable Entity", body)


def test_422_a_column_too_many_and_the_other_lines_are_kept(server: Server, write: Write) -> None:
    wide = ",".join(f"f{n}=1" for n in range(500))
    answer = write("v3", f"{GOOD}\nwide {wide} {TIME}\n{OTHER}")
    body = (
        b'{"error":"partial write of line protocol occurred","data":[{"error_message":'
        b'"Update to schema would exceed number of columns per table limit of 500 columns",'
        b'"line_number":2,"original_line":"wide f0=1,f1=1,f2=1,"}]}'
    )
    assert_error(answer, "422 Unprocessable Entity", body)
    assert len(server.points("home")) == 2
    assert server.points("wide") == []


def test_204_for_points_of_any_age(server: Server, write: Write) -> None:
    """Retention is for queries: neither 400 nor 422 is said for it."""
    server.create_database("short", retention=3600)
    assert write("v3", "m v=1 1", database="short").line == "HTTP/1.1 204 No Content"
    assert server.points(database="short") == [], "no query shows it"
    assert server.rejected() == []


# ---------------------------------------------------------------- 500


@pytest.mark.parametrize("door", DOORS)
def test_500_by_a_plan(server: Server, write: Write, door: str) -> None:
    server.fail(500)
    text = b"write buffer error: error from wal: wal is shutdown and not accepting writes"
    in_json = b'{"code":"internal error","message":"' + text + b'"}'
    assert_error(write(door, GOOD), "500 Internal Server Error", in_json if door == "v2" else text)
    assert server.points() == []
    assert write(door, GOOD).line == "HTTP/1.1 204 No Content"


# ---------------------------------------------------------------- what is never said


@pytest.mark.parametrize("status", [429, 503])
def test_429_and_503_are_never_said(server: Server, edition: str, status: int) -> None:
    said = "it says 400, 401, 403, 404, 413, 422, 500; with by='proxy' it says 429, 502, 503"
    with pytest.raises(ValueError, match=re.escape(f"{edition} never says {status}; {said}")):
        server.fail(status)
    assert list(server.faults) == []


@pytest.mark.parametrize(("status", "line"), [(429, "Too Many Requests"), (503, "Service Temporarily Unavailable")])
def test_a_proxy_in_front_says_them(server: Server, write: Write, status: int, line: str) -> None:
    server.fail(status, by="proxy", retry_after=7)
    answer = write("v3", GOOD)
    assert answer.line == f"HTTP/1.1 {status} {line}"
    assert answer.header("Retry-After") == "7"
    assert answer.header("Server") == "nginx"
    assert databases(server) == []
    assert write("v3", GOOD).line == "HTTP/1.1 204 No Content"


def test_no_other_status_is_said_by_the_edition(server: Server) -> None:
    said = {
        clause.status
        for key, clause in server.profile.clauses.items()
        if not key.endswith("@proxy") and not key.startswith("malformed_request")
    }
    assert said == {200, 204, 400, 401, 403, 404, 413, 422, 500}
