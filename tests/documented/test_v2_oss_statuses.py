"""Each status that the v2 document lists for InfluxDB OSS, provoked by the condition that it names.

The document: "Troubleshoot issues writing data", section "Review HTTP status codes", OSS parts. Sentences in quotation
marks are its own.
"""

from __future__ import annotations

import gzip
import http.client
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from mockflux import Server

Post = Callable[..., Any]

GOOD = "home,room=Kitchen temp=21.5,co=4i 1700000000000000000"
OTHER = "home,room=Hall temp=19.25 1700000000000000000"
GZIP = {"Content-Encoding": "gzip"}
ERROR_HEADERS = [
    "Content-Type", "X-Influxdb-Build", "X-Influxdb-Version", "X-Platform-Error-Code", "Date", "Content-Length",
]  # fmt: skip


def assert_error(answer: Any, line: str, code: str, message: str) -> None:
    """Status line, exactly the six headers of a running server in their order, and the two keys of the body."""
    assert answer.line == f"HTTP/1.1 {line}"
    assert [name for name in answer.names if name != "Retry-After"] == ERROR_HEADERS
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("X-Influxdb-Build") == "OSS"
    assert re.fullmatch(r"v2\.\d+\.\d+", answer.header("X-Influxdb-Version"))
    assert answer.header("X-Platform-Error-Code") == code
    assert parsedate_to_datetime(answer.header("Date")).tzinfo is not None
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.json() == {"code": code, "message": message}
    assert not answer.body.endswith(b"\n")


# ---------------------------------------------------------------- 204


def test_204_all_request_data_was_written_to_the_bucket(server: Server, post: Post) -> None:
    answer = post(f"{GOOD}\n{OTHER}\n")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert answer.names == ["X-Influxdb-Build", "X-Influxdb-Version", "Date"]
    assert answer.body == b""
    stored = [(point.measurement, point.tags, point.fields, point.time) for point in server.points()]
    assert stored == [
        ("home", {"room": "Hall"}, {"temp": 19.25}, 1_700_000_000_000_000_000),
        ("home", {"room": "Kitchen"}, {"co": 4, "temp": 21.5}, 1_700_000_000_000_000_000),
    ]
    assert server.journal[-1].clause == "accepted"
    assert "documented" in server.journal[-1].source


def test_204_of_the_v1_door_says_that_it_may_compress(server: Server, post: Post) -> None:
    answer = post(GOOD, path="/write", query="db=my-bucket")
    assert answer.line == "HTTP/1.1 204 No Content"
    assert answer.names == ["Vary", "X-Influxdb-Build", "X-Influxdb-Version", "Date"]
    assert len(server.points("home")) == 1


@pytest.mark.parametrize("body", ["", "\n\n", "# only a comment\n"])
def test_204_for_a_body_without_points(server: Server, post: Post, body: str) -> None:
    assert post(body).line == "HTTP/1.1 204 No Content"
    assert server.points() == []


def test_204_a_gzip_body_is_stored_as_what_it_holds(server: Server, post: Post) -> None:
    assert post(gzip.compress(GOOD.encode()), headers=GZIP).line == "HTTP/1.1 204 No Content"
    assert server.points("home")[0].fields == {"co": 4, "temp": 21.5}


# ---------------------------------------------------------------- 400


def test_400_the_body_contains_the_first_malformed_line(server: Server, post: Post) -> None:
    """ "The response body contains the first malformed line in the data. All request data was rejected" """
    answer = post(f"{GOOD}\nhome,room=Attic\nworse\n{OTHER}")
    assert_error(answer, "400 Bad Request", "invalid", "unable to parse 'home,room=Attic': missing fields")
    assert server.points() == []
    assert [(r.number, r.line) for r in server.rejected()] == [(2, "home,room=Attic"), (3, "worse")]


def test_400_another_point_of_the_batch_with_the_same_series_has_another_type(server: Server, post: Post) -> None:
    """ "The batch contains another point with the same series, but one of the fields has a different value type" """
    answer = post('m,t=a v=1 1\nm,t=a v="one" 2\nm,t=a v=3 3')
    message = 'field type conflict: input field "v" on measurement "m" is type string, already exists as type float'
    assert_error(answer, "400 Bad Request", "invalid", message)
    assert server.points() == []
    (rejection,) = server.rejected()
    assert (rejection.number, rejection.got, rejection.want) == (2, "string", "float")
    assert getattr(rejection.reason, "where", None) == "batch"


def test_400_the_bucket_has_another_point_of_the_series_with_another_type(server: Server, post: Post) -> None:
    """ "did you attempt to write string data to an int field?" """
    assert post("m,t=a v=1i 1").line == "HTTP/1.1 204 No Content"
    answer = post('m,t=b v=2i 2\nm,t=a v="two" 2')
    message = 'field type conflict: input field "v" on measurement "m" is type string, already exists as type integer'
    assert_error(answer, "400 Bad Request", "invalid", message)
    assert [point.fields for point in server.points()] == [{"v": 1}], "the first rejected point rejects the batch"
    assert "partial write" not in answer.json()["message"], "Go's client takes that for a success"


def test_another_series_may_have_another_type(server: Server, post: Post) -> None:
    assert post('m,t=a v=1 1\nm,t=b v="one" 1').line == "HTTP/1.1 204 No Content"
    assert sorted((point.tags["t"], point.fields["v"]) for point in server.points()) == [("a", 1.0), ("b", "one")]


def test_400_a_malformed_line_comes_before_an_earlier_conflict(server: Server, post: Post) -> None:
    answer = post("m v=1 1\nm v=2i 2\nm v= 3")
    assert_error(answer, "400 Bad Request", "invalid", "unable to parse 'm v= 3': missing field value")
    assert server.points() == []


# ---------------------------------------------------------------- 401


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="header is missing"),
        pytest.param("my-token", id="no scheme"),
        pytest.param("Basic bXktdXNlcjpteS1wYXNzd29yZA==", id="another scheme"),
        pytest.param("Tokenmy-token", id="no blank"),
        pytest.param("Token", id="value is missing"),
        pytest.param("Token ", id="value is missing behind the blank"),
        pytest.param("Token  my-token", id="two blanks"),
        pytest.param("Token nobodys", id="token is nobody's"),
    ],
)
def test_401_header_or_value_missing_or_malformed(server: Server, post: Post, authorization: str | None) -> None:
    answer = post(GOOD, authorization=authorization)
    assert_error(answer, "401 Unauthorized", "unauthorized", "unauthorized access")
    assert server.points() == []


def test_401_the_token_may_not_write_to_this_bucket(server: Server, post: Post) -> None:
    """ "API token does not have sufficient permissions to write to the organization and the bucket" """
    server.create_bucket("other")
    elsewhere = server.create_token(write="other", read="my-bucket")
    for token in (server.read_token, elsewhere):
        answer = post(GOOD, authorization=f"Token {token}")
        assert_error(answer, "401 Unauthorized", "unauthorized", "insufficient permissions for write")
    assert server.points() == []
    query = "org=my-org&bucket=other"
    assert post(GOOD, authorization=f"Token {elsewhere}", query=query).line == "HTTP/1.1 204 No Content"
    assert len(server.points(bucket="other")) == 1


# ---------------------------------------------------------------- 404


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("org=acme&bucket=my-bucket", 'organization name "acme" not found'),
        ("org=my-org&bucket=plant", 'bucket "plant" not found'),
        ("org=my-org&bucket=%22quoted%22", 'bucket "\\"quoted\\"" not found'),
        ("orgID=0000000000000bad&bucket=my-bucket", "organization not found"),
        ("org=my-org&bucket=0000000000000bad", 'bucket "0000000000000bad" not found'),
    ],
)
def test_404_resource_type_and_name(server: Server, post: Post, query: str, message: str) -> None:
    """ "The response body contains the requested resource type, e.g. "organization", and resource name" """
    answer = post(GOOD, query=query)
    assert_error(answer, "404 Not Found", "not found", message)
    assert server.points() == []


# ---------------------------------------------------------------- 413


def broken(body: bytes) -> bytes:
    """Compressed, with the checksum of something else."""
    packed = bytearray(gzip.compress(body))
    packed[-6] ^= 0xFF
    return bytes(packed)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(gzip.compress(GOOD.encode())[:-12], "unexpected EOF", id="truncated"),
        pytest.param(gzip.compress(GOOD.encode())[:12], "unexpected EOF", id="truncated behind the header"),
        pytest.param(broken(GOOD.encode()), "gzip: invalid checksum", id="wrong checksum"),
        pytest.param(gzip.compress(GOOD.encode()) + b"something else", "gzip: invalid header", id="trailing"),
    ],
)
def test_413_the_body_cannot_be_read_whole(server: Server, post: Post, body: bytes, fault: str) -> None:
    """ "only returns this error if the Go (golang) ioutil.ReadAll() function raises an error" """
    answer = post(body, headers=GZIP)
    assert_error(answer, "413 Request Entity Too Large", "request too large", f"unable to read data: {fault}")
    assert server.points() == []


@pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
def test_413_above_a_limit_that_the_user_sets(headers: dict[str, str]) -> None:
    lines = b"".join(b"m v=%d %d\n" % (n, n) for n in range(2000))
    with Server("v2-oss", max_body=10_000) as server:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        try:
            for body, status, stored in ((lines[:9_000].rpartition(b"\n")[0], 204, True), (lines, 413, False)):
                server.reset()
                sent = {"Authorization": "Token my-token", **headers}
                raw = gzip.compress(body) if headers else body
                connection.request("POST", "/api/v2/write?org=my-org&bucket=my-bucket", raw, sent)
                response = connection.getresponse()
                text = response.read()
                assert response.status == status
                assert bool(server.points()) is stored
            assert text == b'{"code":"request too large","message":"unable to read data: points batch is too large"}'
        finally:
            connection.close()


# ---------------------------------------------------------------- 500


INTERNAL = "An internal error has occurred - check server logs"


def test_500_default_status_for_an_error(server: Server, post: Post) -> None:
    server.fail(500)
    assert_error(post(GOOD), "500 Internal Server Error", "internal error", INTERNAL)
    assert server.points() == []
    assert post(GOOD).line == "HTTP/1.1 204 No Content"


def test_500_a_body_that_is_declared_as_gzip_and_is_none(server: Server, post: Post) -> None:
    assert_error(post(GOOD, headers=GZIP), "500 Internal Server Error", "internal error", INTERNAL)
    assert server.points() == []


# ---------------------------------------------------------------- 503


def test_503_retry_after_describes_when_to_try_again(server: Server, post: Post) -> None:
    """ "Server is temporarily unavailable to accept writes. The Retry-After header describes when" """
    server.fail(503, retry_after=7, times=2)
    for _ in range(2):
        answer = post(GOOD)
        message = "server is temporarily unavailable to accept writes"
        assert_error(answer, "503 Service Unavailable", "unavailable", message)
        assert answer.names[:2] == ["Content-Type", "Retry-After"]
        assert answer.header("Retry-After") == "7"
    assert server.points() == []
    assert post(GOOD).line == "HTTP/1.1 204 No Content"
    assert len(server.points()) == 1


def test_503_always_says_when(server: Server, post: Post) -> None:
    server.fail(503)
    assert str(post(GOOD).header("Retry-After")).isdigit()


# ---------------------------------------------------------------- every one of them


def test_no_other_status_is_said_by_the_write_doors_but_for_routes_and_order() -> None:
    """What the profile can say at the write doors is what the document lists, and what routing needs (404 405 308)."""
    profile = Server("v2-oss").profile
    said = {
        clause.status
        for key, clause in profile.clauses.items()
        if key.partition("@")[2] in ("", "v2-write", "v1-write") and not key.startswith("malformed_request")
    }
    assert said == {200, 204, 308, 400, 401, 404, 405, 413, 500, 503}
