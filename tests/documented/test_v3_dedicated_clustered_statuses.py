"""Each status that the document lists for Cloud Dedicated and Clustered, provoked by the condition that it names.

The document: "Troubleshoot issues writing data" of InfluxDB 3, section "Review HTTP status codes". Sentences in
quotation marks are its own.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mockflux import Server

DEADLINE = 20.0
GOOD = "home,room=Kitchen temp=21.5,co=4i 1700000000000000000"
OTHER = "home,room=Hall temp=19.25 1700000000000000000"
STORED = [
    ("home", {"room": "Hall"}, {"temp": 19.25}, 1_700_000_000_000_000_000),
    ("home", {"room": "Kitchen"}, {"co": 4, "temp": 21.5}, 1_700_000_000_000_000_000),
]
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
NOW = 1_704_067_200
LATE = (
    "data in table home is outside of the retention period: minimum acceptable timestamp is 2023-12-31T23:00:00+00:00, "
    "but observed timestamp 2023-12-31T22:59:59+00:00 is older."
)
DOORS = pytest.mark.parametrize(
    ("path", "target"), [("/api/v2/write", "bucket"), ("/write", "db")], ids=["api-v2-write", "write"]
)
EXAMPLE = (
    b'{"code":"invalid","line":2,"message":"failed to parse line protocol:\\nerrors encountered on line(s):\\n'
    b"error parsing line 2 (1-based): Invalid measurement was provided\\n"
    b"error parsing line 4 (1-based): Unable to parse timestamp value '123461000000000000000000000000'\"}"
)
EXAMPLE_LINES = f"{GOOD}\n,room=Attic temp=20\n{OTHER}\nhome temp=20 123461000000000000000000000000"


@dataclass(frozen=True)
class Answer:
    """A reply as it came over the socket."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes


Serve = Callable[..., Server]


@pytest.fixture(params=["v3-dedicated", "v3-clustered"])
def edition(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def serve(edition: str) -> Iterator[Serve]:
    """Starts a server of the edition, with switches."""
    with ExitStack() as stack:
        yield lambda **switches: stack.enter_context(Server(edition, seed=1, **switches))


@pytest.fixture
def server(serve: Serve) -> Server:
    """The edition as it is unless told otherwise."""
    return serve()


def post(
    server: Server,
    body: str,
    *,
    path: str = "/api/v2/write",
    query: str = "bucket=my-database&precision=ns",
    authorization: str | None = "Token my-token",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One write over a socket of its own; ``authorization`` None is left out."""
    sent = {**(headers or {}), **({} if authorization is None else {"Authorization": authorization})}
    connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    try:
        connection.request("POST", f"{path}?{query}", body.encode(), sent)
        response = connection.getresponse()
        line = f"HTTP/{response.version // 10}.{response.version % 10} {response.status} {response.reason}"
        return Answer(line, response.getheaders(), response.read())
    finally:
        connection.close()


def points(server: Server, **where: Any) -> list[tuple[Any, ...]]:
    return [(point.measurement, point.tags, point.fields, point.time) for point in server.points(**where)]


def assert_answer(answer: Answer, line: str, body: bytes, **own: str) -> None:
    """Status line, exactly these headers in their order, and the body. ``own`` are headers between type and length."""
    assert answer.line == f"HTTP/1.1 {line}"
    kind = {"content-type": "application/json"} if body else {}
    expected = {
        **kind,
        **{name.replace("_", "-"): value for name, value in own.items()},
        "content-length": str(len(body)),
    }
    *rest, (last, date) = answer.headers
    assert rest == list(expected.items())
    assert last == "date"
    assert parsedate_to_datetime(date).tzinfo is not None
    assert answer.body == body


# ---------------------------------------------------------------- 204


@DOORS
def test_204_influxdb_ingested_all_of_the_data_in_the_batch(server: Server, path: str, target: str) -> None:
    answer = post(server, f"{GOOD}\n{OTHER}\n", path=path, query=f"{target}=my-database")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert [name for name, _ in answer.headers] == ["date"]
    assert answer.body == b""
    assert points(server) == STORED, 'the response: "all ingested data is queryable"'
    assert server.rejected() == []
    assert server.journal[-1].clause == "accepted"
    assert "documented" in server.journal[-1].source


# ---------------------------------------------------------------- 400


@DOORS
def test_400_some_of_the_data_has_been_rejected(server: Server, path: str, target: str) -> None:
    """ "when partial writes are configured for the cluster"; the body is the one of the document's example"""
    answer = post(server, EXAMPLE_LINES, path=path, query=f"{target}=my-database")
    assert_answer(answer, "400 Bad Request", EXAMPLE)
    assert points(server) == STORED, '"Data that has not been rejected is ingested and queryable"'
    assert [rejection.number for rejection in server.rejected()] == [2, 4]


@DOORS
def test_400_all_of_the_data_has_been_rejected(serve: Serve, path: str, target: str) -> None:
    server = serve(partial_writes=False)
    answer = post(server, EXAMPLE_LINES, path=path, query=f"{target}=my-database")
    assert_answer(answer, "400 Bad Request", EXAMPLE)
    assert points(server) == []


def test_400_the_body_indicates_whether_a_partial_write_has_occurred(serve: Serve) -> None:
    """Only the words of the API reference do."""
    entry = b"error parsing line 1 (1-based): No fields were provided"
    partly, wholly = serve(message_style="spec"), serve(message_style="spec", partial_writes=False)
    for server, said, kept in (
        (partly, b"partial write has occurred", STORED[1:]),
        (wholly, b"no data written", []),
    ):
        answer = post(server, f"home temp=\n{GOOD}")
        body = b'{"code":"invalid","line":1,"message":"%s, errors encountered on line(s):\\n%s"}' % (said, entry)
        assert_answer(answer, "400 Bad Request", body)
        assert points(server) == kept


def test_400_up_to_100_points(server: Server) -> None:
    answer = post(server, "home temp=\n" * 150 + GOOD)
    entries = "\\n".join(f"error parsing line {n} (1-based): No fields were provided" for n in range(1, 101))
    message = f"failed to parse line protocol:\\nerrors encountered on line(s):\\n{entries}"
    assert_answer(answer, "400 Bad Request", f'{{"code":"invalid","line":1,"message":"{message}"}}'.encode())
    assert points(server) == STORED[1:]
    assert len(server.rejected()) == 150


def test_400_falls_outside_of_the_retention_period(serve: Serve) -> None:
    server = serve(clock=NEW_YEAR)
    server.create_database("short", retention=3600)
    answer = post(server, f"home temp=1 {NOW}\nhome temp=2 {NOW - 3601}", query="bucket=short&precision=s")
    message = (
        f"failed to parse line protocol:\\nerrors encountered on line(s):\\nerror writing line 2 (1-based): {LATE}"
    )
    assert_answer(answer, "400 Bad Request", f'{{"code":"invalid","line":2,"message":"{message}"}}'.encode())
    assert points(server, database="short") == [("home", {}, {"temp": 1.0}, NOW * 10**9)]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        pytest.param(
            "home temp=1 1",
            'home temp="warm" 2',
            "Could not insert column: Existing table schema specifies column temp is type"
            " iox::column_type::field::float, but type iox::column_type::field::string was given",
            id="a wrong data type",
        ),
        pytest.param(
            "home,room=Hall temp=1 1",
            "home room=1 2",
            "Could not insert column: Existing table schema specifies column room is type"
            " iox::column_type::tag, but type iox::column_type::field::float was given",
            id="a tag and a field that use the same key",
        ),
    ],
)
def test_400_a_schema_conflict(server: Server, first: str, second: str, text: str) -> None:
    assert post(server, first).line == "HTTP/1.1 204 No Content"
    before = points(server)
    message = (
        f"failed to parse line protocol:\\nerrors encountered on line(s):\\nerror writing line 1 (1-based): {text}"
    )
    body = f'{{"code":"invalid","line":1,"message":"{message}"}}'.encode()
    assert_answer(post(server, second), "400 Bad Request", body)
    assert points(server) == before


def test_a_wrong_data_type_is_one_within_the_same_partition(server: Server) -> None:
    """ "default partitioning is measurement and day" """
    day = 86_400 * 10**9
    assert post(server, f'home temp=1 1\nhome temp="warm" {day}\nattic temp="warm" 1').line == "HTTP/1.1 204 No Content"
    found = {(name, fields["temp"], time) for name, _, fields, time in points(server)}
    assert found == {("home", 1.0, 1), ("home", "warm", day), ("attic", "warm", 1)}


# ---------------------------------------------------------------- 401


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="header is missing"),
        pytest.param("my-token", id="malformed, no scheme"),
        pytest.param("token my-token", id="malformed, scheme in lower case"),
        pytest.param("Digest my-token", id="malformed, another scheme"),
        pytest.param("Bearer ", id="malformed, no token"),
        pytest.param("Bearer nobodys", id="token is nobody's"),
        pytest.param("Bearer my-read-token", id="token doesn't have permission to write to the database"),
    ],
)
@DOORS
def test_401_the_header_is_missing_or_malformed_or_the_token_may_not_write(
    server: Server, path: str, target: str, authorization: str | None
) -> None:
    answer = post(server, GOOD, path=path, query=f"{target}=my-database", authorization=authorization)
    assert_answer(answer, "401 Unauthorized", b"")
    assert points(server) == []


def test_401_for_one_database_and_not_for_another(server: Server) -> None:
    server.create_database("other")
    token = server.create_token(write="other")
    assert_answer(post(server, GOOD, authorization=f"Token {token}"), "401 Unauthorized", b"")
    assert post(server, GOOD, query="bucket=other", authorization=f"Token {token}").line == "HTTP/1.1 204 No Content"
    assert points(server) == []
    assert len(points(server, database="other")) == 1


# ---------------------------------------------------------------- 404


@DOORS
@pytest.mark.parametrize("name", ["air_sensor", "a/b"])
def test_404_resource_type_and_resource_name(server: Server, path: str, target: str, name: str) -> None:
    """ "A requested resource type (for example, "database"), and resource name" """
    answer = post(server, GOOD, path=path, query=f"{target}={name}")
    body = f'{{"code":"not found","message":"database \\"{name}\\" not found"}}'.encode()
    assert_answer(answer, "404 Not Found", body)
    assert points(server) == []


# ---------------------------------------------------------------- 422


@pytest.mark.parametrize("switches", [{"partial_writes": False}, {"retention_status": 422}], ids=str)
@DOORS
def test_422_the_data_is_not_allowed(serve: Serve, path: str, target: str, switches: dict[str, Any]) -> None:
    """ "for example, falls outside of the database's retention period": nothing of the batch is stored"""
    server = serve(clock=NEW_YEAR, **switches)
    server.create_database("short", retention=3600)
    query = f"{target}=short&precision=s"
    answer = post(server, f"home temp=1 {NOW}\nhome temp=2 {NOW - 3601}", path=path, query=query)
    body = f'{{"code":"unprocessable entity","message":"dml handler error: {LATE}"}}'.encode()
    assert_answer(answer, "422 Unprocessable Entity", body)
    assert points(server, database="short") == []
    mixed = post(server, f"home temp=\nhome temp=2 {NOW - 3601}", path=path, query=query)
    assert mixed.line == "HTTP/1.1 400 Bad Request", "something else is wrong, too"
    assert points(server, database="short") == []


# ---------------------------------------------------------------- 500


@DOORS
def test_500_default_status_for_an_error(server: Server, path: str, target: str) -> None:
    server.fail(500)
    assert_answer(post(server, GOOD, path=path, query=f"{target}=my-database"), "500 Internal Server Error", b"")
    assert points(server) == []
    assert post(server, GOOD, path=path, query=f"{target}=my-database").line == "HTTP/1.1 204 No Content"


# ---------------------------------------------------------------- 503


@DOORS
def test_503_retry_after_contains_the_number_of_seconds(server: Server, path: str, target: str) -> None:
    """ "The server is temporarily unavailable to accept writes." """
    server.fail(503, retry_after=7, times=2)
    for _ in range(2):
        answer = post(server, GOOD, path=path, query=f"{target}=my-database")
        assert_answer(answer, "503 Service Unavailable", b"", retry_after="7")
    assert points(server) == []
    assert post(server, GOOD, path=path, query=f"{target}=my-database").line == "HTTP/1.1 204 No Content"
    assert len(points(server)) == 1


def test_503_always_says_when_unless_it_is_told_not_to(serve: Serve) -> None:
    server = serve()
    server.fail(503)
    assert dict(post(server, GOOD).headers)["retry-after"].isdigit()
    silent = serve(retry_after_503=False)
    silent.fail(503)
    assert_answer(post(silent, GOOD), "503 Service Unavailable", b"")


# ---------------------------------------------------------------- every one of them


def test_no_other_status_is_said_by_the_write_doors_but_for_limits_and_encodings(server: Server) -> None:
    """What the profile can say at the write doors is what the document lists, and what the API reference and the source
    have for bodies that are too large (413) or in an unknown encoding (415), for other paths and methods (404 405 501)
    and for clusters under load (429)."""
    said = {
        clause.status
        for key, clause in server.profile.clauses.items()
        if key.partition("@")[2] in ("", "v2-write", "v1-write") and not key.startswith("malformed_request")
    }
    assert said == {204, 400, 401, 404, 422, 500, 503} | {405, 413, 415, 429, 501}
