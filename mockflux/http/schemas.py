"""The explicit schemas of a bucket: ``/api/v2/buckets/{id}/schema/measurements`` and what is below it.

As the API reference of InfluxDB Cloud has it: schemas are made, and get more columns; nobody can delete one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mockflux.http.passage import Passage
from mockflux.http.resources import Refused, bucket_at, path_id, read_body, refusing
from mockflux.http.structs import ListOf, OneOf, Struct, Text
from mockflux.outcomes import Outcome, SchemaNotFound, SchemaRefused, SchemaShown
from mockflux.profile.template import rfc3339nano
from mockflux.storage.catalog import Bucket
from mockflux.storage.permissions import Action
from mockflux.storage.schemas import (
    COLUMN_KINDS,
    DATA_TYPES,
    Column,
    MeasurementSchema,
    SchemaFault,
    Schemas,
    change_fault,
    fault_of,
)

_COLUMN = Struct(
    "influxdb",
    "MeasurementSchemaColumn",
    {"name": Text(), "type": OneOf(COLUMN_KINDS), "dataType": OneOf(DATA_TYPES)},
)
_NEW = Struct("influxdb", "MeasurementSchemaCreateRequest", {"name": Text(), "columns": ListOf(_COLUMN)})
_CHANGE = Struct("influxdb", "MeasurementSchemaUpdateRequest", {"columns": ListOf(_COLUMN)})


@refusing
def list_schemas(passage: Passage) -> Outcome:
    """The schemas of a bucket, or the one of the measurement ``name``."""
    bucket, schemas = _of_bucket(passage, "read")
    name = passage.params.get("name")
    found = [_shown(schema, bucket) for schema in schemas if name in (None, "", schema.name)]
    value = {"measurementSchemas": found}
    return SchemaShown("found", value, _etag(value))


@refusing
def show_schema(passage: Passage) -> Outcome:
    """One schema."""
    bucket, schemas = _of_bucket(passage, "read")
    value = _shown(_one(schemas, path_id(passage, 1)), bucket)
    return SchemaShown("found", value, _etag(value))


@refusing
def create_schema(passage: Passage) -> Outcome:
    """A new schema."""
    bucket, _ = _of_bucket(passage, "write")
    wanted = read_body(passage, _NEW, "schema")
    name, columns = wanted.get("name", ""), _columns(wanted)
    _refuse(fault_of(name, columns), name)
    with bucket.data.lock:
        schemas = bucket.data.schemas or Schemas()
        if schemas.measurement(name) is not None:
            raise Refused(SchemaRefused("taken", name))
        schema = passage.world.catalog.new_schema(name, columns)
        bucket.data.schemas = schemas.holding(schema)
    value = _shown(schema, bucket)
    return SchemaShown("created", value, _etag(value))


@refusing
def change_schema(passage: Passage) -> Outcome:
    """More columns for a schema."""
    bucket, schemas = _of_bucket(passage, "write")
    id = path_id(passage, 1)
    _one(schemas, id)
    columns = _columns(read_body(passage, _CHANGE, "schema"))
    with bucket.data.lock:
        schemas = bucket.data.schemas or Schemas()
        schema = _one(schemas, id)
        _refuse(change_fault(schema, columns), schema.name)
        schema = schema.with_columns(columns, passage.world.clock.now())
        bucket.data.schemas = schemas.holding(schema)
    value = _shown(schema, bucket)
    return SchemaShown("found", value, _etag(value))


def _of_bucket(passage: Passage, action: Action) -> tuple[Bucket, Schemas]:
    """The bucket of the path and its schemas. Raises Refused for a bucket without."""
    bucket = bucket_at(passage, action)
    if bucket.data.schemas is None:
        raise Refused(SchemaRefused("implicit"))
    return bucket, bucket.data.schemas


def _one(schemas: Schemas, id: str) -> MeasurementSchema:
    schema = schemas.by_id(id)
    if schema is None:
        raise Refused(SchemaNotFound())
    return schema


def _columns(wanted: dict[str, Any]) -> tuple[Column, ...]:
    """The columns of a body. One that does not say what it is, is a field: the reader of the API has a type for each,
    and no document says what becomes of one without."""
    given = wanted.get("columns", ())
    return tuple(Column(own.get("name", ""), own.get("type", "field"), own.get("dataType")) for own in given)


def _refuse(fault: SchemaFault | None, name: str) -> None:
    if fault is not None:
        raise Refused(SchemaRefused(fault.kind, name, fault.column))


def _shown(schema: MeasurementSchema, bucket: Bucket) -> dict[str, Any]:
    return {
        "id": schema.id,
        "orgID": bucket.org_id,
        "bucketID": bucket.id,
        "name": schema.name,
        "columns": [_shown_column(column) for column in schema.columns],
        "createdAt": rfc3339nano(schema.created),
        "updatedAt": rfc3339nano(schema.updated),
    }


def _shown_column(column: Column) -> dict[str, str]:
    shown = {"name": column.name, "type": str(column.type)}
    data_type = column.data_type or ("string" if column.type == "field" else None)
    return {**shown, "dataType": data_type} if data_type else shown


def _etag(value: Any) -> str:
    """A tag for this state of a JSON value; that there is one is documented, not what it is made of."""
    return f'"{hashlib.sha256(json.dumps(value).encode()).hexdigest()[:32]}"'
