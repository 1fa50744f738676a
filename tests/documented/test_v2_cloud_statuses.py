"""Each status that the InfluxDB v2 document lists for Cloud, provoked by the condition that it names; and each limit
reached exactly, exceeded by one, and passed by the clock.

The document: "Troubleshoot issues writing data", section "Review HTTP status codes", Cloud parts. Sentences in
quotation marks are its own. Figures of plans are those of "InfluxDB Cloud limits and adjustable quotas".
"""

from __future__ import annotations

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
NOON_NS = int(NOON.timestamp()) * 10**9
SECOND = 10**9
GOOD = "home,room=Kitchen temp=21.5,co=4i 1700000000000000000"
GZIP = {"Content-Encoding": "gzip"}
GATEWAY = ["trace-id", "trace-sampled", "Strict-Transport-Security", "X-Influxdb-Request-ID", "X-Influxdb-Build"]
LOOK = "(check rejected_points in your _monitoring bucket for further information)"
FREE, USAGE = 5_000_000, 300_000_000


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A fresh v2-cloud, with the switches that the test is parametrized with; its clock stands at noon."""
    switches: Mapping[str, Any] = getattr(request, "param", {})
    with Server("v2-cloud", seed=1, clock=NOON, **switches) as server:
        yield server


@pytest.fixture
def write(post: Any) -> Write:
    """Writes over the socket to the set-up's bucket, or to another one; the rest as ``post`` has it."""

    def write(body: bytes | str, *, bucket: str = "my-bucket", precision: str = "ns", **kwargs: Any) -> Any:
        return post(body, **{"query": f"bucket={bucket}&precision={precision}", **kwargs})

    return write


def switched(**switches: Any) -> pytest.MarkDecorator:
    """The server of the test has these switches."""
    return pytest.mark.parametrize("server", [switches], indirect=True, ids=[" ".join(map(str, switches.values()))])


def assert_json(answer: Any, line: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Status line, exactly the headers of the edition in their order with these among them, and the keys of the body
    in their order."""
    own = dict(headers or {})
    assert answer.line == f"HTTP/1.1 {line}"
    assert answer.names == ["Date", "Content-Type", "Content-Length", "Connection", *own, *GATEWAY]
    assert parsedate_to_datetime(answer.header("Date")).tzinfo is not None
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("X-Influxdb-Build") == "Cloud"
    assert {name: answer.header(name) for name in own} == own
    assert answer.body == json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def assert_accepted(answer: Any) -> None:
    assert answer.line == "HTTP/1.1 204 No Content"
    assert answer.names == ["Date", "Connection", *GATEWAY]
    assert answer.body == b""


def invalid(message: str) -> dict[str, str]:
    return {"code": "invalid", "message": message}


def stored(server: Server, **where: str) -> list[tuple[str, dict[str, Any], int]]:
    """Measurement, fields and time of what can be read."""
    return [(p.measurement, dict(p.fields), p.time) for p in server.points(**where)]


def rejected_points(server: Server) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """Tags and field of the entries, in the order in which they were logged."""
    rows = server.points("rejected_points", bucket="_monitoring")
    return [(dict(row.tags), dict(row.fields)) for row in sorted(rows, key=lambda row: row.time)]


def events(server: Server) -> list[tuple[dict[str, Any], int]]:
    """Field and time of the events of limits, each for the token's organization."""
    rows = sorted(server.points("events", bucket="_monitoring"), key=lambda row: row.time)
    assert all(dict(row.tags) == {"org_id": server.org_id} for row in rows)
    return [(dict(row.fields), row.time) for row in rows]


# ---------------------------------------------------------------- 204


def test_204_validated_and_queued(server: Server, write: Write) -> None:
    """ "If InfluxDB validated the request data format and queued the data for writing to the bucket" """
    assert_accepted(write(GOOD))
    assert server.points() == []
    server.clock.advance(0.999)
    assert server.points() == []
    server.clock.advance(0.001)
    assert stored(server) == [("home", {"temp": 21.5, "co": 4}, 1700000000000000000)]


def test_204_may_still_mean_rejected(server: Server, write: Write) -> None:
    """ "InfluxDB may have rejected points even if the HTTP request returned "Success"." """
    assert_accepted(write("m v=1 1\nm v=2i,w=2i 2"))
    assert_accepted(write('m v="3" 3'))
    assert (server.points(), rejected_points(server)) == ([], [])
    server.settle()
    assert stored(server) == [("m", {"v": 1.0}, 1), ("m", {"w": 2}, 2)]
    where = {"bucket": server.bucket_id, "measurement": "m", "field": "v"}
    assert rejected_points(server) == [
        ({**where, "reason": "type conflict in batch write", "gotType": "Integer", "wantType": "Float"}, {"count": 1}),
        (
            {**where, "reason": "type conflict with existing data", "gotType": "String", "wantType": "Float"},
            {"count": 1},
        ),
    ]


def test_204_for_a_point_outside_retention_which_is_dropped(server: Server, write: Write) -> None:
    server.create_bucket("short", retention=timedelta(hours=1))
    bound = NOON_NS - 3600 * SECOND
    assert_accepted(write(f"m v=1 {NOON_NS}\nm v=2 {bound - 1}", bucket="short"))
    server.settle()
    assert stored(server, bucket="short") == [("m", {"v": 1.0}, NOON_NS)]
    assert rejected_points(server) == []
    assert [rejection.reason.name for rejection in server.rejected()] == ["outside_retention"]


@pytest.mark.parametrize("path", ["/api/v2/write", "/write"])
def test_204_at_both_doors_for_nothing(server: Server, write: Write, path: str) -> None:
    answer = write("", path=path, query="bucket=my-bucket&db=my-bucket")
    assert (answer.line, answer.body) == ("HTTP/1.1 204 No Content", b"")
    assert len(server.world.due) == 0


# ---------------------------------------------------------------- 400


def test_400_message_contains_the_first_malformed_line(server: Server, write: Write) -> None:
    """ "If data is malformed"; entries for parsing errors have "an error field (and don't contain a count field)" """
    answer = write(f"{GOOD}\nhome,room=Kitchen temp=\nhome,room temp=1")
    assert_json(answer, "400 Bad Request", invalid("unable to parse 'home,room=Kitchen temp=': missing field value"))
    server.settle()
    assert server.points() == []
    tags = {"bucket": server.bucket_id, "reason": "line protocol parse error"}
    assert rejected_points(server) == [
        (tags, {"error": "unable to parse 'home,room=Kitchen temp=': missing field value"}),
        (tags, {"error": "unable to parse 'home,room temp=1': missing tag value"}),
    ]


@switched(malformed="keep_good")
def test_400_that_keeps_the_good_lines(server: Server, write: Write) -> None:
    answer = write(f"{GOOD}\nhome,room=Kitchen temp=\nhome,room temp=1")
    message = f"partial write error (2 accepted): 2 out of 4 points rejected {LOOK}"
    assert_json(answer, "400 Bad Request", invalid(message))
    assert server.points() == []
    server.settle()
    assert len(server.points()) == 1
    assert [set(fields) for _, fields in rejected_points(server)] == [{"error"}, {"error"}]


def test_400_a_measurement_mismatch(server: Server, write: Write) -> None:
    """ "Detect a measurement mismatch": "InfluxDB logs three rejected_points entries, one for each field." """
    bucket = server.create_bucket("explicit", schema={})
    line = "airSensors,sensorId=TLM0201 temperature=73.97,humidity=35.23,co=0.48 1637014074"
    answer = write(line, bucket="explicit", precision="s")
    assert_json(answer, "400 Bad Request", invalid(f"3 out of 3 points rejected {LOOK}"))
    tags = {"bucket": bucket.id, "measurement": "airSensors", "reason": "measurement not allowed by schema"}
    assert rejected_points(server) == [
        ({**tags, "field": field}, {"count": 1}) for field in ("temperature", "humidity", "co")
    ]
    server.settle()
    assert server.points(bucket="explicit") == []


def test_400_a_field_type_mismatch(server: Server, write: Write) -> None:
    """ "Detect a field type mismatch" """
    columns = {"sensorId": "tag", "temperature": "float", "humidity": "float", "co": "float"}
    bucket = server.create_bucket("explicit", schema={"airSensors": columns})
    lines = (
        "airSensors,sensorId=L1 temperature=90.5,humidity=70.0,co=0.2 1637014074\n"
        'airSensors,sensorId=L1 temperature="90.5",humidity=70.0,co=0.2 1637014074\n'
    )
    answer = write(lines, bucket="explicit", precision="s")
    message = f"partial write error (5 accepted): 1 out of 6 points rejected {LOOK}"
    assert_json(answer, "400 Bad Request", invalid(message))
    tags = {
        "bucket": bucket.id,
        "measurement": "airSensors",
        "field": "temperature",
        "reason": "field type mismatch with schema",
        "gotType": "String",
        "wantType": "Float",
    }
    assert rejected_points(server) == [(tags, {"count": 1})]
    server.settle()
    assert stored(server, bucket="explicit") == [
        ("airSensors", {"temperature": 90.5, "humidity": 70.0, "co": 0.2}, 1637014074 * SECOND)
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"m v=1 1", "gzipped HTTP body contains an invalid header"),
        (gzip.compress(b"m v=1 1", mtime=0)[:-12], "unable to read data: unexpected EOF"),
        (gzip.compress(b"m v=1 1", mtime=0)[:-8] + bytes(8), "unable to read data: gzip: invalid checksum"),
        (gzip.compress(b"m v=1 1", mtime=0) + b"ten bytes!", "unable to read data: gzip: invalid header"),
    ],
    ids=["no gzip", "truncated", "checksum", "trailing"],
)
def test_400_a_body_that_cannot_be_read(server: Server, write: Write, body: bytes, message: str) -> None:
    assert_json(write(body, headers=GZIP), "400 Bad Request", invalid(message))
    server.settle()
    assert server.points() == []


# ---------------------------------------------------------------- 401


UNAUTHORIZED = {"code": "unauthorized", "message": "unauthorized access"}


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="header is missing"),
        pytest.param("my-token", id="no scheme"),
        pytest.param("token my-token", id="case"),
        pytest.param("Bearer my-token", id="another scheme"),
        pytest.param("Token", id="value is missing"),
        pytest.param("Token nobodys", id="token is nobody's"),
    ],
)
def test_401_the_header_is_missing_or_malformed(server: Server, write: Write, authorization: str | None) -> None:
    assert_json(write(GOOD, authorization=authorization), "401 Unauthorized", UNAUTHORIZED)
    server.settle()
    assert server.points() == []


def test_401_the_token_may_not_write_to_the_bucket(server: Server, write: Write) -> None:
    """ "if the API token doesn't have permission to write to the bucket" """
    server.create_bucket("other")
    elsewhere = server.create_token(write="other", read="my-bucket")
    for token in (server.read_token, elsewhere):
        assert_json(write(GOOD, authorization=f"Token {token}"), "401 Unauthorized", UNAUTHORIZED)
    assert_accepted(write(GOOD, bucket="other", authorization=f"Token {elsewhere}"))
    server.settle()
    assert (len(server.points()), len(server.points(bucket="other"))) == (0, 1)


# ---------------------------------------------------------------- 404


@pytest.mark.parametrize("bucket", ["plant", "0000000000000bad"])
def test_404_a_requested_bucket_was_not_found(server: Server, write: Write, bucket: str) -> None:
    """ "requested resource type, e.g. "organization", and resource name" """
    answer = write(GOOD, bucket=bucket)
    assert_json(answer, "404 Not Found", {"code": "not found", "message": f'bucket "{bucket}" not found'})
    assert server.points() == []


def test_404_an_organization_is_never_asked_for(server: Server, write: Write) -> None:
    """It is the token's; the document's other example can be planned."""
    assert_accepted(write(GOOD, query="org=acme&bucket=my-bucket"))
    server.fail(clause="org_not_found:name")
    answer = write(GOOD, query="org=acme&bucket=my-bucket")
    assert_json(answer, "404 Not Found", {"code": "not found", "message": 'organization name "acme" not found'})


def test_404_at_the_v1_door(server: Server, write: Write) -> None:
    answer = write(GOOD, path="/write", query="db=plant")
    assert (answer.line, answer.json()) == (
        "HTTP/1.1 404 Not Found",
        {"code": "not found", "message": "no dbrp mapping found"},
    )


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
def test_404_for_probes_that_cloud_does_not_have(write: Write, path: str) -> None:
    assert write("", path=path).line == "HTTP/1.1 404 Not Found"


# ---------------------------------------------------------------- 413


TOO_LARGE = {"code": "request too large", "message": "cannot read data: points in batch is too large"}
MB = 1 << 20


def test_413_above_50_megabytes_as_sent(server: Server, write: Write) -> None:
    """ "If a write request exceeds the maximum global limit" """
    assert_accepted(write(b"m v=1 1\n#".ljust(50 * MB, b"#")))
    assert_json(write(b"m v=2 1\n#".ljust(50 * MB + 1, b"#")), "413 Request Entity Too Large", TOO_LARGE)
    server.settle()
    assert stored(server) == [("m", {"v": 1.0}, 1)]


def test_413_above_250_megabytes_once_inflated(server: Server, write: Write) -> None:
    body = gzip.compress(b"m v=1 1\n#".ljust(250 * MB + 1, b"#"), compresslevel=1)
    assert_json(write(body, headers=GZIP), "413 Request Entity Too Large", TOO_LARGE)
    server.settle()
    assert server.points() == []


@pytest.mark.parametrize("server", [{"max_body": 100}], indirect=True)
@pytest.mark.parametrize("packed", [False, True])
def test_413_one_byte_above_the_limit(server: Server, write: Write, packed: bool) -> None:
    for size, line in ((100, "204 No Content"), (101, "413 Request Entity Too Large")):
        body = b"m v=1 1\n#".ljust(size, b"#")
        answer = write(gzip.compress(body), headers=GZIP) if packed else write(body)
        assert answer.line == f"HTTP/1.1 {line}"
    assert len(server.world.due) == 1


@pytest.mark.parametrize("server", [{"max_body_sent": 100}], indirect=True)
def test_413_compressed_bytes_count_as_sent(server: Server, write: Write) -> None:
    body = b"m v=1 1\n#".ljust(5000, b"#")
    assert len(gzip.compress(body)) < 100
    assert_accepted(write(gzip.compress(body), headers=GZIP))
    assert_json(write(body), "413 Request Entity Too Large", TOO_LARGE)


@switched(body_413="spec", max_body=100)
def test_413_in_the_words_of_the_reference(write: Write) -> None:
    answer = write(b"#" * 101)
    assert answer.line == "HTTP/1.1 413 Request Entity Too Large"
    assert answer.header("Content-Type") == "text/html"
    assert b"<center><h1>413 Request Entity Too Large</h1></center>" in answer.body
    message = "unable to read data: points batch is too large"
    answer = write(gzip.compress(b"#" * 101), headers=GZIP)
    assert_json(answer, "413 Request Entity Too Large", {"code": "request too large", "message": message})


# ---------------------------------------------------------------- 429


def too_many(server: Server, limit: str = "limited_write") -> dict[str, str]:
    return {"code": "too many requests", "message": f"org {server.org_id} has exceeded {limit} plan limit"}


@switched(max_requests=3)
def test_429_requests(server: Server, write: Write) -> None:
    """ "If a read or write request exceeds your plan's adjustable service quotas"; "Retry-After header: xxx (seconds to
    wait before retrying the request)": three are let through, the fourth is not, and the clock makes room again."""
    server.clock.advance(100)
    for n in range(3):
        assert_accepted(write(f"m v={n} {n}"))
    for _ in range(2):
        answer = write("m v=3 3")
        assert_json(answer, "429 Too Many Requests", too_many(server), {"Retry-After": "200"})
    server.clock.advance(int(answer.header("Retry-After")) - 1)
    assert write("m v=3 3").header("Retry-After") == "1"
    server.clock.advance(1)
    assert_accepted(write("m v=3 3"))
    server.settle()
    assert [time for *_, time in stored(server)] == [0, 1, 2, 3]
    first = NOON_NS + 100 * SECOND
    limited = {"event_type_limited_write": 1}
    assert events(server) == [(limited, first), (limited, first + 1), (limited, first + 199 * SECOND)]


@switched(max_bytes=20)
def test_429_bytes(server: Server, write: Write) -> None:
    """Twenty bytes, inflated, are let through, one more is not; a smaller write that fits still is."""
    assert_accepted(write(gzip.compress(b"m v=1 1\n#########"), headers=GZIP))  # 17
    answer = write("#" * 4)
    assert_json(answer, "429 Too Many Requests", too_many(server), {"Retry-After": "300"})
    assert_accepted(write("#" * 3))
    assert write("#").line == "HTTP/1.1 429 Too Many Requests"
    server.clock.advance(299)
    assert write("#").header("Retry-After") == "1"
    server.clock.advance(1)
    assert_accepted(write("m v=2 2"))
    server.settle()
    assert [time for *_, time in stored(server)] == [1, 2]
    assert len(events(server)) == 3


@pytest.mark.parametrize(
    ("server", "figure"), [({"plan": "free"}, FREE), ({"plan": "usage-based"}, USAGE)], indirect=["server"]
)
def test_429_the_bytes_of_a_plan(server: Server, write: Write, figure: int) -> None:
    """Data in: 5 MB and 300 MB per 5 minutes."""
    piece = 50_000_000
    for size in [piece] * (figure // piece) or [figure]:
        assert_accepted(write(gzip.compress(b"#" * size, compresslevel=1), headers=GZIP))
    server.clock.advance(299.5)
    answer = write("m v=1 1")
    assert_json(answer, "429 Too Many Requests", too_many(server), {"Retry-After": "1"})
    server.clock.advance(0.5)
    assert_accepted(write("m v=1 1"))
    server.settle()
    assert len(server.points()) == 1


def test_no_plan_has_no_limits(server: Server, write: Write) -> None:
    limits = server.profile.settings.limits
    figures = (limits.window_bytes, limits.read_bytes, limits.cardinality, limits.buckets, limits.retention)
    assert (server.profile.switches["plan"], limits.window_requests, *figures) == ("none", *[0] * 6)
    for n in range(30):
        assert_accepted(write(b"#" * FREE if n == 0 else f"m v=1 {n}"))
    assert events(server) == []


@pytest.mark.parametrize(
    ("plan", "figures"),
    [
        ("free", {"window_bytes": FREE, "read_bytes": 300_000_000, "cardinality": 10_000, "buckets": 2,
                  "retention": 30 * 86_400}),
        ("usage-based", {"window_bytes": USAGE, "read_bytes": 3_000_000_000, "cardinality": 1_000_000, "buckets": 0,
                         "retention": 0}),
    ],
)  # fmt: skip
def test_the_figures_of_the_plans(plan: str, figures: dict[str, int]) -> None:
    limits = Server("v2-cloud", plan=plan).profile.settings.limits
    assert {name: getattr(limits, name) for name in figures} == figures
    assert (limits.window, limits.deletes, limits.sent, limits.body) == (300, 300, 52_428_800, 262_144_000)


@pytest.mark.parametrize("server", [{"max_deletes": 2}, {}], indirect=True, ids=["2", "300"])
def test_429_deletes(server: Server, write: Write) -> None:
    """ "if a delete request exceeds the maximum global limit" """

    def delete() -> Any:
        body = json.dumps({"start": "2024-01-01T00:00:00Z", "stop": "2024-01-02T00:00:00Z"})
        return write(body, path="/api/v2/delete")

    for _ in range(server.profile.settings.limits.deletes):
        assert_accepted(delete())
    answer = delete()
    assert_json(answer, "429 Too Many Requests", too_many(server, "limited_delete_rate"), {"Retry-After": "300"})
    assert events(server) == [({"event_type_limited_delete_rate": 1}, NOON_NS)]
    assert_accepted(write(GOOD))
    server.clock.advance(299)
    assert delete().header("Retry-After") == "1"
    server.clock.advance(1)
    assert_accepted(delete())


# ---------------------------------------------------------------- limits of buckets


def create(write: Write, server: Server, name: str, seconds: int) -> Any:
    """Asks for a bucket that keeps its points for so long."""
    rules = [{"type": "expire", "everySeconds": seconds}]
    body = json.dumps({"orgID": server.org_id, "name": name, "retentionRules": rules})
    return write(body, path="/api/v2/buckets")


@pytest.mark.parametrize(
    ("server", "figure"), [({"plan": "free"}, 2), ({"max_buckets": 4}, 4), ({"plan": "free", "max_buckets": 3}, 3)],
    indirect=["server"], ids=["free", "4", "free with 3"],
)  # fmt: skip
def test_403_one_bucket_too_many(server: Server, write: Write, figure: int) -> None:
    """Beside those of the system; one that is deleted makes room again."""
    made = [create(write, server, f"b{n}", 3600) for n in range(figure - 1)]  # my-bucket is one of them
    assert {answer.line for answer in made} == {"HTTP/1.1 201 Created"}
    answer = create(write, server, "more", 3600)
    assert answer.line == "HTTP/1.1 403 Forbidden"
    assert answer.json() == {"code": "forbidden", "message": "creating bucket would exceed quota"}
    server.world.catalog.remove_bucket(server.world.target("b0"))
    assert create(write, server, "more", 3600).line == "HTTP/1.1 201 Created"


@pytest.mark.parametrize(
    ("server", "figure"), [({"plan": "free"}, 30 * 86_400), ({"max_retention": 7200}, 7200)], indirect=["server"]
)
def test_403_a_bucket_that_keeps_its_points_too_long(server: Server, write: Write, figure: int) -> None:
    for seconds in (figure + 1, 0):  # 0: for ever
        answer = create(write, server, "other", seconds)
        assert answer.line == "HTTP/1.1 403 Forbidden"
        message = "provided retention exceeds orgs maximum retention duration"
        assert answer.json() == {"code": "forbidden", "message": message}
    assert create(write, server, "other", figure).line == "HTTP/1.1 201 Created"


# ---------------------------------------------------------------- 500


def test_500_default_status_for_an_error(server: Server, write: Write) -> None:
    server.fail(500)
    message = "An internal error has occurred - check server logs"
    assert_json(write(GOOD), "500 Internal Server Error", {"code": "internal error", "message": message})
    server.settle()
    assert server.points() == []
    assert_accepted(write(GOOD))


# ---------------------------------------------------------------- 503


FULL = {"code": "unavailable", "message": "Series cardinality exceeds your plan's service quota"}


@switched(max_series=3)
def test_503_series_cardinality_exceeds_the_quota(server: Server, write: Write) -> None:
    """ "If series cardinality exceeds your plan's adjustable service quotas": a series is a measurement, its tags and a
    field; what is queued counts; who brings no new one is let through; what is deleted makes room."""
    assert_accepted(write(f"m,t=a v=1,w=1 {NOON_NS}"))
    assert_json(write(f"m,t=a v=9 9\nm,t=b v=9,w=9 {NOON_NS}"), "503 Service Unavailable", FULL)
    assert_accepted(write(f"m,t=a v=2 {NOON_NS}\nm,t=b v=1 {NOON_NS}"))
    assert_json(write(f"m,t=c v=9 {NOON_NS}"), "503 Service Unavailable", FULL)
    server.settle()
    assert_json(write(f"m,t=c v=9 {NOON_NS}"), "503 Service Unavailable", FULL)
    assert [fields for _, fields, _ in stored(server)] == [{"v": 2.0, "w": 1.0}, {"v": 1.0}]
    limited = {"event_type_limited_cardinality": 1}
    assert events(server) == [(limited, NOON_NS), (limited, NOON_NS + 1), (limited, NOON_NS + 2)]
    everything = {"start": "2024-05-01T00:00:00Z", "stop": "2024-05-02T00:00:00Z", "predicate": 't="a"'}
    assert_accepted(write(json.dumps(everything), path="/api/v2/delete"))
    server.settle()
    assert_accepted(write(f"m,t=c v=9,w=9 {NOON_NS}"))


@switched(max_series=1, cardinality_status="spec")
def test_429_without_retry_after_in_the_words_of_the_reference(server: Server, write: Write) -> None:
    assert_accepted(write("m v=1 1"))
    assert_json(write("m w=1 1"), "429 Too Many Requests", too_many(server, "limited_cardinality"))


@switched(plan="free")
def test_503_the_series_of_the_free_plan(server: Server, write: Write) -> None:
    assert_accepted(write("\n".join(f"m,t={n} v=1 1" for n in range(10_000))))
    assert_json(write("m,t=more v=1 1"), "503 Service Unavailable", FULL)
    assert_accepted(write("m,t=0 v=2 1"))
    server.settle()
    assert len(server.points()) == 10_000


@pytest.mark.parametrize("path", ["/api/v2/write", "/write"])
def test_503_temporarily_unavailable(server: Server, write: Write, path: str) -> None:
    server.fail(503, retry_after=7)
    answer = write(GOOD, path=path, query="bucket=my-bucket&db=my-bucket")
    assert answer.line == "HTTP/1.1 503 Service Unavailable"
    assert answer.json() == {"code": "unavailable", "message": "service temporarily unavailable"}
    assert answer.header("Retry-After") == "7"
    server.settle()
    assert server.points() == []


# ---------------------------------------------------------------- every one of them


def test_no_other_status_is_said_by_the_write_doors_but_for_routes() -> None:
    """What the profile can say of a write is what the document lists, and of paths and methods that there are not."""
    profile = Server("v2-cloud").profile
    said = {
        clause.status
        for key, clause in profile.clauses.items()
        if key.partition("@")[2] in ("", "v2-write", "v1-write")
        and not key.startswith(("malformed_request", "options_listed", "preflight", "path_", "found", "usage_found"))
    }
    assert said == {204, 400, 401, 404, 413, 429, 500, 503} | {405}
