"""Explicit schemas: what they say of columns, what makes one unusable, how a test writes them."""

from __future__ import annotations

from typing import Any

import pytest

from mockflux.lineprotocol import FieldType
from mockflux.storage.schemas import (
    CHANGE_FAULTS,
    NEW_FAULTS,
    Column,
    MeasurementSchema,
    SchemaFault,
    Schemas,
    change_fault,
    fault_of,
    from_user,
)

TIME = Column("time", "timestamp")
TAG = Column("host", "tag")
FLOAT = Column("v", "field", "float")
UNTYPED = Column("note", "field")


def make(name: str, columns: tuple[Column, ...]) -> MeasurementSchema:
    return MeasurementSchema(f"id of {name}", name, columns, 1, 1)


def test_what_a_schema_says_of_its_columns() -> None:
    schema = make("m", (TIME, TAG, FLOAT, UNTYPED))
    wanted: dict[str, FieldType | None] = {
        "v": "float",
        "note": "string",
        "host": None,
        "time": None,
        "V": None,
        "other": None,
    }
    assert {key: schema.field_type(key) for key in wanted} == wanted
    assert [key for key in (*wanted, "HOST") if schema.is_tag(key)] == ["host"]


def test_schemas_are_found_by_measurement_and_by_id() -> None:
    one, two = make("one", (TIME, FLOAT)), make("two", (TIME, FLOAT))
    empty = Schemas()
    both = empty.holding(one).holding(two)
    assert (both.measurement("one"), both.measurement("three")) == (one, None)
    assert (both.by_id("id of two"), both.by_id("two")) == (two, None)
    assert (len(empty), list(both)) == (0, [one, two])


def test_a_changed_schema_keeps_its_place_and_its_id() -> None:
    one, two = make("one", (TIME, FLOAT)), make("two", (TIME, FLOAT))
    wider = one.with_columns([TIME, FLOAT, TAG], 5)
    changed = Schemas().holding(one).holding(two).holding(wider)
    assert list(changed) == [wider, two]
    assert (wider.id, wider.created, wider.updated, wider.is_tag("host")) == (one.id, 1, 5, True)


@pytest.mark.parametrize(
    ("name", "columns", "fault"),
    [
        ("m", (TIME, TAG, FLOAT, UNTYPED), None),
        ("ü m,=", (TIME, FLOAT), None),
        ("x" * 128, (TIME, Column("ü" * 128, "field")), None),
        ("", (TIME, FLOAT), SchemaFault("name")),
        ("x" * 129, (TIME, FLOAT), SchemaFault("name")),
        ("_m", (), SchemaFault("name")),
        ("1m", (TIME, FLOAT), SchemaFault("name")),
        ("it's", (TIME, FLOAT), SchemaFault("name")),
        ('a"b', (TIME, FLOAT), SchemaFault("name")),
        ("a\nb", (TIME, FLOAT), SchemaFault("name")),
        ("m", (), SchemaFault("columns_missing")),
        ("m", (TIME, Column("", "field")), SchemaFault("column_empty")),
        ("m", (TIME, Column("c" * 129, "field")), SchemaFault("column_long", "c" * 129)),
        ("m", (TIME, Column("_c", "field")), SchemaFault("column_start", "_c")),
        ("m", (TIME, Column("1", "field")), SchemaFault("column_start", "1")),
        ("m", (TIME, Column("a'b", "tag"), FLOAT), SchemaFault("column_quotes", "a'b")),
        ("m", (TIME, Column("a\tb", "tag"), FLOAT), SchemaFault("column_unprintable", "a\tb")),
        ("m", (TAG, FLOAT), SchemaFault("time_missing")),
        ("m", (Column("time", "field"), FLOAT), SchemaFault("time_kind", "time")),
        ("m", (TIME, Column("time", "tag"), FLOAT), SchemaFault("time_kind", "time")),
        ("m", (Column("when", "timestamp"), FLOAT), SchemaFault("time_name", "when")),
        ("m", (Column("time", "timestamp", "integer"), FLOAT), SchemaFault("time_typed", "time")),
        ("m", (TIME, Column("host", "tag", "string"), FLOAT), SchemaFault("tag_typed", "host")),
        ("m", (TIME, TAG), SchemaFault("fields_missing")),
        ("m", (TIME, FLOAT, Column("V", "tag")), SchemaFault("columns_repeated", "V")),
        ("m", (TIME, TIME, FLOAT), SchemaFault("columns_repeated", "time")),
    ],
)
def test_what_makes_a_new_schema_unusable(name: str, columns: tuple[Column, ...], fault: SchemaFault | None) -> None:
    assert fault_of(name, columns) == fault
    assert fault is None or fault.kind in NEW_FAULTS


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ((TIME, TAG, FLOAT, UNTYPED), None),
        ((UNTYPED, FLOAT, TAG, TIME, Column("more", "tag")), None),
        ((TIME, TAG, FLOAT, Column("note", "field", "string")), None),
        ((TIME, FLOAT, UNTYPED), SchemaFault("columns_deleted", "host")),
        ((TIME, Column("Host", "tag"), FLOAT, UNTYPED), SchemaFault("columns_deleted", "host")),
        ((TIME, TAG, Column("v", "field", "integer"), UNTYPED), SchemaFault("type_changed", "v")),
        ((TIME, TAG, Column("v", "tag"), UNTYPED), SchemaFault("type_changed", "v")),
        ((TIME, Column("host", "field", "string"), FLOAT, UNTYPED), SchemaFault("type_changed", "host")),
        ((TIME, TAG, FLOAT, UNTYPED, UNTYPED), SchemaFault("columns_repeated", "note")),
        ((), SchemaFault("columns_missing")),
    ],
)
def test_a_change_may_only_bring_more_columns(columns: tuple[Column, ...], fault: SchemaFault | None) -> None:
    assert change_fault(make("m", (TIME, TAG, FLOAT, UNTYPED)), columns) == fault
    assert fault is None or fault.kind in (*NEW_FAULTS, *CHANGE_FAULTS)


API = {
    "name": "m",
    "columns": [
        {"name": "time", "type": "timestamp"},
        {"name": "host", "type": "tag"},
        {"name": "v", "type": "field", "dataType": "float"},
    ],
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, []),
        ([], []),
        ({"m": {"host": "tag", "v": "float"}}, [("m", (TIME, TAG, FLOAT))]),
        ({"m": {"v": "float", "time": "timestamp"}}, [("m", (FLOAT, TIME))]),
        (API, [("m", (TIME, TAG, FLOAT))]),
        ([API], [("m", (TIME, TAG, FLOAT))]),
        # A measurement and a column may be called as the keys of the API's form.
        ({"name": {"columns": "float"}}, [("name", (TIME, Column("columns", "field", "float")))]),
    ],
)
def test_the_forms_in_which_a_test_writes_schemas(schema: Any, expected: list[Any]) -> None:
    assert [(own.name, own.columns) for own in from_user(schema, make)] == expected


@pytest.mark.parametrize(
    ("schema", "error", "problem"),
    [
        (5, TypeError, "^schema= takes .*, not int$"),
        ("m", TypeError, "not str$"),
        ({"m": "float"}, TypeError, "^schema= takes "),
        ({5: {"v": "float"}}, TypeError, "^schema= takes "),
        ({"m": {5: "float"}}, TypeError, "^schema= takes "),
        ([5], TypeError, "^schema= takes "),
        ([{"name": "m"}], TypeError, "^schema= takes "),
        ([{"name": "m", "columns": [5]}], TypeError, "^a column of 'm' is an object with 'name'"),
        ({"m": {"v": "double"}}, ValueError, "^column 'v' of 'm' is 'tag', or one of integer, float, boolean"),
        ({"m": {"v": "field"}}, ValueError, "^column 'v' of 'm' is 'tag', or one of "),
        ({"m": {"v": ["float"]}}, ValueError, "^column 'v' of 'm' is 'tag', or one of "),
        ({"m": {"t": "tag"}}, ValueError, "^the schema of 'm' cannot be used: it needs at least one field$"),
        ({"_m": {"v": "float"}}, ValueError, "^the schema of '_m' cannot be used: names have 1 to 128 characters"),
        ({"m": {"_v": "float"}}, ValueError, "begins with _ or with a digit, column '_v'$"),
        ([API, API], ValueError, "^there are two schemas of 'm'$"),
        ([{"name": "m", "columns": [{"name": "v", "type": "x"}]}], ValueError, "^'type' of column 'v' is one of "),
        (
            [{"name": "m", "columns": [{"name": "v", "type": "field", "dataType": "x"}]}],
            ValueError,
            "^'dataType' of column 'v' is one of ",
        ),
    ],
)
def test_misuse_is_told_in_a_sentence(schema: Any, error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem):
        from_user(schema, make)
