"""Each status that the InfluxDB 3 document lists for Cloud Serverless, provoked by the condition that it names.

The document: "Troubleshoot issues writing data", section "Review HTTP status codes", Cloud Serverless parts. Sentences
in quotation marks are its own.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mockflux import Server

Write = Callable[..., Any]

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
GOOD = "home,room=Kitchen temp=21.5,co=4i 1700000000000000000"
OTHER = "home,room=Hall temp=19.25 1700000000000000000"
GZIP = {"Content-Encoding": "gzip"}
JSON_HEADERS = ["Date", "Content-Type", "Content-Length", "X-Influxdb-Build"]
PREFIX = "failed to parse line protocol:\nerrors encountered on line(s):\n"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A fresh v3-serverless, with the switches that the test is parametrized with; its clock stands at noon."""
    switches: Mapping[str, Any] = getattr(request, "param", {})
    with Server("v3-serverless", seed=1, clock=NOON, **switches) as server:
        yield server


@pytest.fixture
def write(post: Write) -> Write:
    """Writes over the socket to the set-up's bucket, or to another one; the rest as ``post`` has it."""

    def write(body: bytes | str, *, bucket: str = "my-bucket", precision: str = "ns", **kwargs: Any) -> Any:
        return post(body, **{"query": f"bucket={bucket}&precision={precision}", **kwargs})

    return write


def switched(**switches: Any) -> pytest.MarkDecorator:
    """The server of the test has these switches."""
    return pytest.mark.parametrize("server", [switches], indirect=True, ids=[" ".join(map(str, switches.values()))])


def assert_json(answer: Any, line: str, body: Mapping[str, Any]) -> None:
    """Status line, exactly the headers of the edition in their order, and the keys of the body in their order."""
    assert answer.line == f"HTTP/1.1 {line}"
    assert answer.names == JSON_HEADERS
    assert parsedate_to_datetime(answer.header("Date")).tzinfo is not None
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("X-Influxdb-Build") == "Cloud"
    assert answer.body == json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def assert_empty(answer: Any, line: str, headers: Mapping[str, str]) -> None:
    """ "Empty": no body, and no type of one; beside it these headers."""
    assert answer.line == f"HTTP/1.1 {line}"
    assert answer.body == b""
    assert answer.names == ["Date", "Content-Length", *headers, "X-Influxdb-Build"]
    assert answer.header("Content-Length") == "0"
    assert {name: answer.header(name) for name in headers} == headers


def stored(server: Server, **where: str) -> list[tuple[str, dict[str, Any], int]]:
    """Measurement, fields and time of what is stored."""
    return [(point.measurement, dict(point.fields), point.time) for point in server.points(**where)]


# ---------------------------------------------------------------- 204


def test_204_all_of_the_data_is_ingested_and_queryable(server: Server, write: Write) -> None:
    answer = write(f"{GOOD}\n{OTHER}\n")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert answer.names == ["Date"]
    assert answer.body == b""
    assert stored(server) == [
        ("home", {"temp": 19.25}, 1_700_000_000_000_000_000),
        ("home", {"co": 4, "temp": 21.5}, 1_700_000_000_000_000_000),
    ]
    assert server.journal[-1].clause == "accepted"
    assert "documented" in server.journal[-1].source


@pytest.mark.parametrize(
    "scheme", ["Token my-token", "Bearer my-token", f"Basic {base64.b64encode(b'any:my-token').decode()}"]
)
def test_204_at_the_v1_door(server: Server, write: Write, scheme: str) -> None:
    answer = write(GOOD, path="/write", query="db=my-bucket", authorization=scheme)
    assert answer.line == "HTTP/1.1 204 No Content"
    assert len(server.points("home")) == 1


@pytest.mark.parametrize("body", ["", "\n\n", "# only a comment\n"])
def test_204_for_a_body_without_points(server: Server, write: Write, body: str) -> None:
    assert write(body).line == "HTTP/1.1 204 No Content"
    assert server.points() == []


def test_204_a_gzip_body_is_stored_as_what_it_holds(server: Server, write: Write) -> None:
    assert write(gzip.compress(GOOD.encode()), headers=GZIP).line == "HTTP/1.1 204 No Content"
    assert stored(server) == [("home", {"co": 4, "temp": 21.5}, 1_700_000_000_000_000_000)]


# ---------------------------------------------------------------- 400


def test_400_the_example_of_the_document(server: Server, write: Write) -> None:
    """ "a response body for a write request that contains two rejected points" """
    answer = write("m v=1 1\n,t=a v=2 2\nm v=3 3\nm v=4 123461000000000000000000000000\nm v=5 5")
    message = (
        f"{PREFIX}error parsing line 2 (1-based): Invalid measurement was provided\n"
        "error parsing line 4 (1-based): Unable to parse timestamp value '123461000000000000000000000000'"
    )
    assert_json(answer, "400 Bad Request", {"code": "invalid", "line": 2, "message": message})
    assert stored(server) == [("m", {"v": float(n)}, n) for n in (1, 3, 5)]
    assert [rejection.number for rejection in server.rejected()] == [2, 4]


def test_400_up_to_100_rejected_points(server: Server, write: Write) -> None:
    """ "one message for each rejected point in the batch, up to 100 rejected points" """
    answer = write("\n".join(f"m v={n} {n}\nm v={n} t{n}" for n in range(150)))
    assert answer.line == "HTTP/1.1 400 Bad Request"
    assert answer.json()["line"] == 2
    head, *messages = answer.json()["message"].removeprefix("failed to parse line protocol:\n").split("\n")
    assert head == "errors encountered on line(s):"
    assert len(messages) == 100
    assert messages[-1].startswith("error parsing line 200 (1-based): ")
    assert [time for *_, time in stored(server)] == list(range(150)), "good lines behind the 100th are stored, too"
    assert len(server.rejected()) == 150


def test_400_all_data_has_been_rejected(server: Server, write: Write) -> None:
    answer = write("m v=4 x")
    assert answer.line == "HTTP/1.1 400 Bad Request"
    assert answer.json()["line"] == 1
    assert server.points() == []


@switched(message_style="spec")
def test_400_the_body_indicates_whether_a_partial_write_has_occurred(server: Server, write: Write) -> None:
    """ "the response body indicates whether a partial write has occurred or if all data has been rejected" """
    assert write("m v=1 1\nm v=2 x").json()["message"].startswith("partial write has occurred, errors encountered")
    assert write("m v=2 x").json()["message"].startswith("no data written, errors encountered")
    assert stored(server) == [("m", {"v": 1.0}, 1)]


def test_400_a_wrong_data_type_within_the_same_partition(server: Server, write: Write) -> None:
    """ "the point falls within the same partition (default partitioning is measurement and day) as existing bucket data
    and contains a different data type for an existing field" """
    assert write("m v=1i 0").line == "HTTP/1.1 204 No Content"
    day = 86_400 * 10**9
    answer = write(f'm v=1.5 1\nm v="x" {day}\nn v=2.5 1')
    message = (
        f"{PREFIX}error writing line 1 (1-based): Could not insert column: Existing table schema specifies column v is "
        "type iox::column_type::field::integer, but type iox::column_type::field::float was given"
    )
    assert_json(answer, "400 Bad Request", {"code": "invalid", "line": 1, "message": message})
    assert stored(server) == [("m", {"v": 1}, 0), ("m", {"v": "x"}, day), ("n", {"v": 2.5}, 1)]


def test_400_a_tag_and_a_field_that_use_the_same_key(server: Server, write: Write) -> None:
    answer = write("m,k=a v=1 1\nm k=2 2\nm,k=b v=3 3")
    message = (
        f"{PREFIX}error writing line 2 (1-based): Unable to insert iox::column_type::field::float type into column k "
        "with type iox::column_type::tag"
    )
    assert_json(answer, "400 Bad Request", {"code": "invalid", "line": 2, "message": message})
    assert stored(server) == [("m", {"v": 1.0}, 1), ("m", {"v": 3.0}, 3)]


def test_400_a_point_outside_the_retention_period(server: Server, write: Write) -> None:
    """ "falls outside of the bucket's retention period": by itself, the others are stored."""
    server.create_bucket("short", retention=timedelta(hours=1))
    bound = int((NOON - timedelta(hours=1)).timestamp()) * 10**9
    answer = write(f"m v=1 {bound}\nm v=2 {bound - 1}", bucket="short")
    message = (
        f"{PREFIX}error writing line 2 (1-based): data in table m is outside of the retention period: minimum "
        "acceptable timestamp is 2024-05-01T11:00:00+00:00, but observed timestamp "
        "2024-05-01T10:59:59.999999999+00:00 is older."
    )
    assert_json(answer, "400 Bad Request", {"code": "invalid", "line": 2, "message": message})
    assert stored(server, bucket="short") == [("m", {"v": 1.0}, bound)]


def wide(count: int) -> str:
    """A line with that many fields."""
    return "m " + ",".join(f"f{n}=1" for n in range(count)) + " 1"


def test_400_a_table_has_200_columns_time_included(server: Server, write: Write) -> None:
    assert write(wide(199)).line == "HTTP/1.1 204 No Content"
    answer = write("m f0=2 2\nm f199=1 2")
    message = (
        "dml handler error: service limit reached: couldn't create columns in table `m`; table contains 200 existing "
        "columns, applying this write would result in 201 columns, limit is 200"
    )
    assert_json(answer, "400 Bad Request", {"code": "invalid", "message": message})
    assert [time for *_, time in stored(server)] == [1]


def test_400_a_bucket_has_500_tables(server: Server, write: Write) -> None:
    assert write("\n".join(f"m{n:03} v=1 1" for n in range(500))).line == "HTTP/1.1 204 No Content"
    answer = write("m000 v=2 2\nm500 v=1 1")
    message = (
        "dml handler error: service limit reached: couldn't create new table; namespace contains 500 existing tables, "
        "applying this write would result in 501 tables, limit is 500"
    )
    assert_json(answer, "400 Bad Request", {"code": "invalid", "message": message})
    assert len(server.points()) == 500


# ---------------------------------------------------------------- 401


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="header is missing"),
        pytest.param("my-token", id="no scheme"),
        pytest.param("Digest my-token", id="another scheme"),
        pytest.param("token my-token", id="case"),
        pytest.param("Token", id="value is missing"),
        pytest.param("Token  my-token", id="two blanks"),
        pytest.param("Basic Og==", id="empty password"),
        pytest.param("Basic ???", id="no base64"),
        pytest.param("Token nobodys", id="token is nobody's"),
    ],
)
def test_401_the_header_is_missing_or_malformed(server: Server, write: Write, authorization: str | None) -> None:
    answer = write(GOOD, authorization=authorization)
    assert_empty(answer, "401 Unauthorized", {"X-Platform-Error-Code": "unauthorized"})
    assert server.points() == []


@pytest.mark.parametrize("door", ["v2", "v1"])
def test_401_the_token_may_not_write_to_the_bucket(server: Server, write: Write, door: str) -> None:
    """ "the token doesn't have permission to write to the bucket" """
    server.create_bucket("other")
    elsewhere = server.create_token(write="other", read="my-bucket")
    where = {"path": "/write", "query": "db=my-bucket"} if door == "v1" else {}
    for token in (server.read_token, elsewhere):
        answer = write(GOOD, authorization=f"Token {token}", **where)
        assert_empty(answer, "401 Unauthorized", {"X-Platform-Error-Code": "unauthorized"})
    assert server.points() == []
    assert write(GOOD, bucket="other", authorization=f"Token {elsewhere}").line == "HTTP/1.1 204 No Content"
    assert len(server.points(bucket="other")) == 1


@switched(auth_style="source")
@pytest.mark.parametrize(
    ("authorization", "line", "body"),
    [
        (None, "401 Unauthorized", {"code": "unauthorized", "message": "no token"}),
        ("Token nobodys", "403 Forbidden", {"code": "forbidden", "message": "invalid token"}),
        ("Token my-read-token", "403 Forbidden", {"code": "forbidden", "message": "forbidden"}),
    ],
)
def test_403_of_the_source_instead_of_401(
    server: Server, write: Write, authorization: str | None, line: str, body: dict[str, str]
) -> None:
    assert_json(write(GOOD, authorization=authorization), line, body)
    assert server.points() == []


# ---------------------------------------------------------------- 404


@pytest.mark.parametrize("bucket", ["plant", "0000000000000bad"])
def test_404_a_requested_resource_was_not_found(server: Server, write: Write, bucket: str) -> None:
    """ "A requested resource type (for example, "organization" or "bucket"), and resource name" """
    answer = write(GOOD, bucket=bucket)
    assert_json(answer, "404 Not Found", {"code": "not found", "message": f'bucket "{bucket}" not found'})
    assert server.points() == []


@switched(strict_org=True)
def test_404_an_organization(server: Server, write: Write) -> None:
    answer = write(GOOD, query="org=acme&bucket=my-bucket")
    assert_json(answer, "404 Not Found", {"code": "not found", "message": 'organization name "acme" not found'})
    assert server.points() == []
    assert write(GOOD, query="org=my-org&bucket=my-bucket").line == "HTTP/1.1 204 No Content"


def test_the_v1_door_makes_the_bucket_instead(server: Server, write: Write) -> None:
    assert write(GOOD, path="/write", query="db=plant&rp=week").line.startswith("HTTP/1.1 400"), "three days are kept"
    answer = write("m v=1", path="/write", query="db=plant&rp=week")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert len(server.points(bucket="plant/week")) == 1


@switched(auto_create=False)
def test_404_at_the_v1_door(server: Server, write: Write) -> None:
    answer = write(GOOD, path="/write", query="db=plant")
    assert_json(answer, "404 Not Found", {"code": "not found", "message": 'bucket "plant/autogen" not found'})
    assert server.world.catalog.bucket_named(str(server.org_id), "plant/autogen") is None


# ---------------------------------------------------------------- 413


TOO_LARGE = {"code": "request too large", "message": "cannot read data: points in batch is too large"}
MB = 1 << 20


def test_413_above_50_megabytes_as_sent(server: Server, write: Write) -> None:
    """ "The request exceeds the maximum global limit" """
    assert_json(write(b"m v=1 1\n#".ljust(50 * MB + 1, b"#")), "413 Payload Too Large", TOO_LARGE)
    assert server.points() == []


def test_413_above_250_megabytes_once_inflated(server: Server, write: Write) -> None:
    body = gzip.compress(b"m v=1 1\n#".ljust(250 * MB + 1, b"#"), compresslevel=1)
    assert_json(write(body, headers=GZIP), "413 Payload Too Large", TOO_LARGE)
    assert server.points() == []


@pytest.mark.parametrize(
    ("server", "form"),
    [
        (
            {"body_413": "spec"},
            b'{"code":"request too large","message":"unable to read data: points batch is too large"}',
        ),
        ({"body_413": "proxy"}, b"<center><h1>413 Request Entity Too Large</h1></center>"),
    ],
    indirect=["server"],
    ids=["spec", "proxy"],
)
@pytest.mark.parametrize("path", ["/api/v2/write", "/write"])
def test_413_in_other_forms(write: Write, form: bytes, path: str, server: Server) -> None:
    answer = write(b"#" * (50 * MB + 1), path=path, query="bucket=my-bucket&db=my-bucket")
    assert answer.line.split()[1] == "413"
    assert form in answer.body
    assert server.points() == []


# ---------------------------------------------------------------- 422


@switched(retention_status=422)
def test_422_the_data_is_not_allowed(server: Server, write: Write) -> None:
    """ "The data isn't allowed (for example, falls outside of the database's retention period)"; "message contains
    details about the error" """
    server.create_bucket("short", retention=timedelta(hours=1))
    answer = write("m v=1\nm v=2 1700000000000000000", bucket="short")
    message = (
        "dml handler error: data in table m is outside of the retention period: minimum acceptable timestamp is "
        "2024-05-01T11:00:00+00:00, but observed timestamp 2023-11-14T22:13:20+00:00 is older."
    )
    assert_json(answer, "422 Unprocessable Entity", {"code": "unprocessable entity", "message": message})
    assert server.points(bucket="short") == []
    assert [rejection.number for rejection in server.rejected()] == [2]


# ---------------------------------------------------------------- 429


@switched(max_requests=2)
def test_429_the_number_of_requests_exceeds_the_quota(server: Server, write: Write) -> None:
    """ "The Retry-After header contains the number of seconds to wait before trying the write again" """
    server.clock.advance(100)
    assert write("m v=1 1").line == write("m v=2 2").line == "HTTP/1.1 204 No Content"
    for _ in range(2):
        answer = write("m v=3 3")
        headers = {"Retry-After": "200", "X-Platform-Error-Code": "too many requests"}
        assert_empty(answer, "429 Too Many Requests", headers)
    assert [time for *_, time in stored(server)] == [1, 2]
    server.clock.advance(int(answer.header("Retry-After")))
    assert write("m v=3 3").line == "HTTP/1.1 204 No Content"
    assert [time for *_, time in stored(server)] == [1, 2, 3]


@switched(plan="free")
def test_429_the_bytes_of_a_plan(server: Server, write: Write) -> None:
    assert write(b"#" * 5_000_000).line == "HTTP/1.1 204 No Content"
    server.clock.advance(299.5)
    answer = write("m v=1 1")
    assert answer.line == "HTTP/1.1 429 Too Many Requests"
    assert answer.header("Retry-After") == "1", "whole seconds, never 0"
    assert server.points() == []
    server.clock.advance(0.5)
    assert write("m v=1 1").line == "HTTP/1.1 204 No Content"


# ---------------------------------------------------------------- 500


def test_500_default_status_for_an_error(server: Server, write: Write) -> None:
    server.fail(500)
    assert_empty(write(GOOD), "500 Internal Server Error", {})
    assert server.points() == []
    assert write(GOOD).line == "HTTP/1.1 204 No Content"


# ---------------------------------------------------------------- 503


@pytest.mark.parametrize("path", ["/api/v2/write", "/write"])
def test_503_retry_after_contains_the_number_of_seconds(server: Server, write: Write, path: str) -> None:
    """ "The server is temporarily unavailable to accept writes" """
    server.fail(503, retry_after=7, times=2)
    for _ in range(2):
        answer = write(GOOD, path=path, query="bucket=my-bucket&db=my-bucket")
        assert_empty(answer, "503 Service Unavailable", {"Retry-After": "7"})
    assert server.points() == []
    assert write(GOOD).line == "HTTP/1.1 204 No Content"
    assert len(server.points()) == 1


def test_503_always_says_when(server: Server, write: Write) -> None:
    server.fail(503)
    assert str(write(GOOD).header("Retry-After")).isdigit()


# ---------------------------------------------------------------- every one of them


def test_no_other_status_is_said_by_the_write_doors_but_for_encodings_and_routes() -> None:
    """What the profile can say of a write is what the document lists, and what it leaves open: an encoding that nobody
    reads (415), paths and methods that there are not (404 405), deletes (501)."""
    profile = Server("v3-serverless").profile
    said = {
        clause.status
        for key, clause in profile.clauses.items()
        if key.partition("@")[2] in ("", "v2-write", "v1-write") and not key.startswith("malformed_request")
    }
    assert said == {204, 400, 401, 404, 413, 422, 429, 500, 503} | {405, 415, 501}
