"""Schemas of explicit buckets by the resource API, limits and usage: beyond what the vectors show."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reply import Reply
from mockflux.request import Request

START = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Server:
    return Server("v2-cloud", seed=1, clock=START)


def ask(server: Server, method: str, target: str, body: Any = None, token: str = "my-token") -> Reply:
    sent = b"" if body is None else json.dumps(body).encode()
    return front.answer(server.world, Request(method, target, [("Authorization", f"Token {token}")], sent))


def columns(**fields: str) -> list[dict[str, str]]:
    own = [{"name": name, "type": "field", "dataType": kind} for name, kind in fields.items()]
    return [{"name": "time", "type": "timestamp"}, *own]


def measurements(server: Server, bucket: str) -> str:
    found = server.world.catalog.bucket_named(server.org_id or "", bucket)
    assert found is not None
    return f"/api/v2/buckets/{found.id}/schema/measurements"


def test_a_schema_given_in_python_is_the_one_that_the_api_shows(server: Server) -> None:
    server.create_bucket("strict", schema={"m": {"host": "tag", "v": "float"}})
    (shown,) = ask(server, "GET", measurements(server, "strict")).json()["measurementSchemas"]
    assert shown["name"] == "m"
    assert shown["columns"] == [
        {"name": "time", "type": "timestamp"},
        {"name": "host", "type": "tag"},
        {"name": "v", "type": "field", "dataType": "float"},
    ]
    again = server.create_bucket("copy", schema=shown)
    assert again.data.schemas is not None
    copied = again.data.schemas.measurement("m")
    assert copied is not None
    assert copied.field_type("v") == "float"


def test_an_explicit_bucket_without_schemas(server: Server) -> None:
    bucket = server.create_bucket("strict", schema={})
    assert bucket.data.schemas is not None
    assert len(bucket.data.schemas) == 0
    assert ask(server, "GET", measurements(server, "strict")).json() == {"measurementSchemas": []}
    assert server.create_bucket("loose").data.schemas is None


def test_what_create_bucket_refuses(server: Server) -> None:
    with pytest.raises(ValueError, match="it needs at least one field"):
        server.create_bucket("strict", schema={"m": {"host": "tag"}})
    with pytest.raises(TypeError, match=r"^schema= takes "):
        server.create_bucket("strict", schema=5)
    assert server.world.catalog.bucket_named(server.org_id or "", "strict") is None
    with pytest.raises(ValueError, match=r"^v2-oss has no explicit schemas; leave schema= out$"):
        Server("v2-oss").create_bucket("strict", schema={"m": {"v": "float"}})


def test_a_new_column_is_there_for_the_next_write_and_changes_the_tag(server: Server) -> None:
    server.create_bucket("strict", schema={"m": {"v": "float"}})
    path = measurements(server, "strict")
    listed = ask(server, "GET", path)
    id = listed.json()["measurementSchemas"][0]["id"]
    before = ask(server, "GET", f"{path}/{id}")
    server.clock.advance(60)
    changed = ask(server, "PATCH", f"{path}/{id}", {"columns": columns(v="float", w="integer")})
    assert (changed.status, changed.json()["createdAt"]) == (200, "2024-05-01T12:00:00Z")
    assert changed.json()["updatedAt"] == "2024-05-01T12:01:00Z"
    after = ask(server, "GET", f"{path}/{id}")
    assert after.header("ETag") == changed.header("ETag") != before.header("ETag")
    assert ask(server, "GET", path).header("ETag") != listed.header("ETag")
    schemas = server.world.catalog.buckets(server.org_id)[-1].data.schemas
    assert schemas is not None
    schema = schemas.measurement("m")
    assert schema is not None
    assert (schema.id, schema.field_type("w")) == (id, "integer")


def test_of_many_at_once_each_schema_is_kept(server: Server) -> None:
    bucket = server.create_bucket("strict", schema={})
    path = measurements(server, "strict")

    def make(number: int) -> int:
        return ask(server, "POST", path, {"name": f"m{number % 8}", "columns": columns(v="float")}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(make, range(16)))
    assert statuses == [201] * 8 + [422] * 8
    assert bucket.data.schemas is not None
    assert sorted(schema.name for schema in bucket.data.schemas) == [f"m{n}" for n in range(8)]


def test_v2_oss_has_no_schemas() -> None:
    server = Server("v2-oss")
    reply = ask(server, "GET", f"/api/v2/buckets/{server.bucket_id}/schema/measurements")
    assert (reply.status, reply.clause) == (404, "path_not_found@v2-resources")
    body = {"orgID": server.org_id, "name": "b", "schemaType": "explicit"}
    assert "schemaType" not in ask(server, "POST", "/api/v2/buckets", body).json()


def test_the_python_client_manages_schemas() -> None:
    from influxdb_client.domain.column_semantic_type import ColumnSemanticType
    from influxdb_client.domain.measurement_schema_column import MeasurementSchemaColumn
    from influxdb_client.domain.measurement_schema_create_request import MeasurementSchemaCreateRequest
    from influxdb_client.domain.post_bucket_request import PostBucketRequest
    from influxdb_client.service.bucket_schemas_service import BucketSchemasService

    with Server("v2-cloud") as server, server.client("influxdb_client") as client:
        wanted = PostBucketRequest(org_id=server.org_id, name="strict", schema_type="explicit", retention_rules=[])
        bucket = client.buckets_api().create_bucket(bucket=wanted)
        assert (bucket.name, bucket.schema_type) == ("strict", "explicit")
        schemas = BucketSchemasService(client.api_client)
        request = MeasurementSchemaCreateRequest(
            "m",
            [
                MeasurementSchemaColumn("time", ColumnSemanticType.TIMESTAMP),
                MeasurementSchemaColumn("v", ColumnSemanticType.FIELD, "float"),
            ],
        )
        made = schemas.create_measurement_schema(bucket.id, request)
        listed = schemas.get_measurement_schemas(bucket.id).measurement_schemas
        assert [(own.id, own.name) for own in listed] == [(made.id, "m")]
        assert client.buckets_api().find_bucket_by_name("strict").id == bucket.id
        client.buckets_api().delete_bucket(bucket)
        assert client.buckets_api().find_bucket_by_name("strict") is None


# ------------------------------------------------------------------------------------------ limits and usage


def test_the_limits_are_those_of_the_plan() -> None:
    def shown(server: Server) -> Any:
        return ask(server, "GET", f"/api/v2/orgs/{server.org_id}/limits").json()["limits"]

    free = shown(Server("v2-cloud", plan="free"))
    assert (free["rate"]["writeKBs"], free["rate"]["readKBs"], free["rate"]["cardinality"]) == (17, 1000, 10_000)
    assert free["bucket"] == {"maxBuckets": 2, "maxRetentionDuration": 2_592_000_000_000_000}
    none = shown(Server("v2-cloud"))
    assert (none["rate"]["writeKBs"], none["bucket"]) == (0, {"maxBuckets": 0, "maxRetentionDuration": 0})
    assert shown(Server("v2-cloud", plan="free", max_buckets=7))["bucket"]["maxBuckets"] == 7


def usage(server: Server, start: int, stop: int | None = None, *, raw: bool = False) -> list[dict[str, str]]:
    """The rows of the annotated CSV, by the names of its columns."""
    query = f"start={start}" + (f"&stop={stop}" if stop else "") + ("&raw=true" if raw else "")
    reply = ask(server, "GET", f"/api/v2/orgs/{server.org_id}/usage?{query}")
    assert (reply.status, reply.header("Content-Type")) == (200, "text/csv; charset=utf-8")
    rows, names = [], [""]
    for line in reply.body.decode().split("\r\n"):
        cells = line.split(",")
        if cells[1:2] == ["result"]:
            names = cells
        elif line and not line.startswith("#"):
            rows.append(dict(zip(names, cells, strict=True)))
    return rows


def test_usage_sums_the_bytes_of_an_hour(server: Server) -> None:
    begin = int(START.timestamp())
    for _ in range(3):
        ask(server, "GET", "/api/v2/orgs")
        server.clock.advance(60)
    server.clock.advance(3600)
    ask(server, "GET", "/api/v2/orgs")
    front.answer(
        server.world, Request("POST", "/api/v2/write?bucket=none", [("Authorization", "Token my-token")], b"m v=1")
    )
    size = len(ask(server, "GET", "/api/v2/orgs").body)
    rows = [row for row in usage(server, begin) if row["_measurement"] == "http_request"]
    assert [
        (row["_time"], row["_value"])
        for row in rows
        if (row["endpoint"], row["_field"]) == ("/api/v2/orgs", "resp_bytes")
    ] == [("2024-05-01T13:00:00Z", str(3 * size)), ("2024-05-01T13:03:00Z", str(2 * size))]
    assert [
        (row["_value"], row["status"])
        for row in rows
        if (row["endpoint"], row["_field"]) == ("/api/v2/write", "req_bytes")
    ] == [("5", "404")]
    each = [row for row in usage(server, begin, raw=True) if row.get("endpoint") == "/api/v2/orgs"]
    assert len(each) == 2 * 5
    assert usage(server, 0, begin - 1) == []


def test_usage_tells_what_buckets_hold_and_which_limits_were_exceeded() -> None:
    server = Server("v2-cloud", clock=START, max_requests=1)
    for _ in range(2):
        front.answer(
            server.world,
            Request("POST", "/api/v2/write?bucket=my-bucket", [("Authorization", "Token my-token")], b"m v=1"),
        )
    server.settle()
    rows = usage(server, int(START.timestamp()))
    held = {row["bucket_id"]: int(row["_value"]) for row in rows if row["_measurement"] == "storage_usage_bucket_bytes"}
    assert held[server.bucket_id or ""] == 24
    events = [(row["_field"], row["_value"]) for row in rows if row["_measurement"] == "events"]
    assert events == [("event_type_limited_write", "1")]
