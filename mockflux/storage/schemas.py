"""Explicit schemas of a bucket: which measurements it takes, with which columns (InfluxDB Cloud).

A bucket with an explicit schema takes only what one of its schemas names; one without (``implicit``) takes anything.
The rules for new schemas and for changes are those of the documented API (POST and PATCH of
/api/v2/buckets/{id}/schema/measurements) and, where it is silent, of influxdb's measurement_schema.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from mockflux.lineprotocol import FieldType

ColumnKind = Literal["timestamp", "tag", "field"]
COLUMN_KINDS: tuple[ColumnKind, ...] = get_args(ColumnKind)
DATA_TYPES: tuple[FieldType, ...] = ("integer", "float", "boolean", "string", "unsigned")

#: The longest name of a measurement or column, in characters.
LONGEST_NAME = 128


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a measurement; ``data_type`` is that of a field's values, None where it is not told."""

    name: str
    type: ColumnKind
    data_type: FieldType | None = None


@dataclass(frozen=True, slots=True)
class MeasurementSchema:
    """The columns of one measurement, in the order in which they were given. Times in ns since the epoch."""

    id: str
    name: str
    columns: tuple[Column, ...]
    created: int
    updated: int
    _fields: Mapping[str, FieldType] = field(init=False, repr=False, compare=False)
    _tags: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A field column without a data type holds strings, as the documents have it.
        fields = {c.name: c.data_type or "string" for c in self.columns if c.type == "field"}
        object.__setattr__(self, "_fields", MappingProxyType(fields))
        object.__setattr__(self, "_tags", frozenset(c.name for c in self.columns if c.type == "tag"))

    def field_type(self, key: str) -> FieldType | None:
        """The type that the values of this field must have; None if no column is a field of this name."""
        return self._fields.get(key)

    def is_tag(self, key: str) -> bool:
        """Whether a column is a tag of this name."""
        return key in self._tags

    def with_columns(self, columns: Sequence[Column], now: int) -> MeasurementSchema:
        """The same schema with other columns, changed at ``now`` (ns)."""
        return replace(self, columns=tuple(columns), updated=now)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of one bucket by the name of their measurement, in the order in which they were made.

    Not to be changed: a bucket gets another object, under the lock of its data, so that who has read it judges a whole
    batch by the same schemas.
    """

    by_name: Mapping[str, MeasurementSchema] = field(default_factory=lambda: MappingProxyType({}))

    def measurement(self, name: str) -> MeasurementSchema | None:
        """The schema of that measurement; None if the bucket does not take it."""
        return self.by_name.get(name)

    def by_id(self, id: str) -> MeasurementSchema | None:
        """The schema with that id."""
        return next((schema for schema in self if schema.id == id), None)

    def holding(self, schema: MeasurementSchema) -> Schemas:
        """These schemas and that one, which takes the place of one of the same name."""
        return Schemas(MappingProxyType({**self.by_name, schema.name: schema}))

    def __iter__(self) -> Iterator[MeasurementSchema]:
        return iter(self.by_name.values())

    def __len__(self) -> int:
        return len(self.by_name)


# ---------------------------------------------------------------- what is wrong with a schema


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """What is wrong with a schema; ``column`` is the name of the column that is at fault, empty if none is.

    Kinds: see :data:`NEW_FAULTS` and :data:`CHANGE_FAULTS`.
    """

    kind: str
    column: str = ""


#: Of a new schema, in the order in which they are looked for: ``name`` (of the measurement), ``columns_missing``,
#: the names of columns (``column_empty``, ``column_long``, ``column_start``, ``column_quotes``,
#: ``column_unprintable``), ``time_missing`` (no column is a timestamp), ``time_kind`` (the column ``time`` is none),
#: ``time_name`` (a timestamp of another name), ``time_typed`` and ``tag_typed`` (with a data type), ``fields_missing``,
#: ``columns_repeated``.
NEW_FAULTS = (
    "name", "columns_missing", "column_empty", "column_long", "column_start", "column_quotes", "column_unprintable",
    "time_missing", "time_kind", "time_name", "time_typed", "tag_typed", "fields_missing", "columns_repeated",
)  # fmt: skip
#: Of a change: a column is no longer there, or is of another type.
CHANGE_FAULTS = ("columns_deleted", "type_changed")


def fault_of(name: str, columns: Sequence[Column]) -> SchemaFault | None:
    """The first thing that is wrong with a new schema; None if nothing is."""
    if _name_fault(name) is not None:
        return SchemaFault("name")
    return columns_fault(columns)


def columns_fault(columns: Sequence[Column]) -> SchemaFault | None:
    """The first thing that is wrong with the columns of a schema; None if nothing is."""
    if not columns:
        return SchemaFault("columns_missing")
    for column in columns:
        if fault := _name_fault(column.name):
            return SchemaFault(f"column_{fault}", column.name)
    stamps = [column for column in columns if column.type == "timestamp"]
    named_time = [column for column in columns if column.name == "time"]
    if named_time and any(column.type != "timestamp" for column in named_time):
        return SchemaFault("time_kind", "time")
    if not stamps:
        return SchemaFault("time_missing")
    for column in stamps:
        if column.name != "time":
            return SchemaFault("time_name", column.name)
    for column in columns:
        if column.type != "field" and column.data_type is not None:
            return SchemaFault("time_typed" if column.type == "timestamp" else "tag_typed", column.name)
    if not any(column.type == "field" for column in columns):
        return SchemaFault("fields_missing")
    return _repeated(columns)


def change_fault(schema: MeasurementSchema, columns: Sequence[Column]) -> SchemaFault | None:
    """What forbids to give a schema these columns: it may only get more of them. None if nothing does."""
    if fault := columns_fault(columns):
        return fault
    new = {column.name: column for column in columns}
    for column in schema.columns:
        if column.name not in new:
            return SchemaFault("columns_deleted", column.name)
    for column in schema.columns:
        if _meaning(new[column.name]) != _meaning(column):
            return SchemaFault("type_changed", column.name)
    return None


def _meaning(column: Column) -> tuple[str, str | None]:
    """What two columns must have in common to be the same."""
    return column.type, (column.data_type or "string") if column.type == "field" else None


def _repeated(columns: Sequence[Column]) -> SchemaFault | None:
    """Names of columns are the same whatever their case."""
    seen: set[str] = set()
    for column in columns:
        if (key := column.name.lower()) in seen:
            return SchemaFault("columns_repeated", column.name)
        seen.add(key)
    return None


def _name_fault(name: str) -> str | None:
    """The rule that a name of a measurement or column breaks, None if it breaks none."""
    if not name:
        return "empty"
    if len(name) > LONGEST_NAME:
        return "long"
    if name[0] == "_" or name[0].isdigit():
        return "start"
    if "'" in name or '"' in name:
        return "quotes"
    return None if name.isprintable() else "unprintable"


# ---------------------------------------------------------------- as a test writes them


def from_user(schema: object, make: Callable[[str, tuple[Column, ...]], MeasurementSchema]) -> Schemas:
    """The schemas that a test gives to a new bucket; ``make`` gives each its id and times.

    ``schema`` is a mapping of measurements to mappings of columns to ``"tag"`` or a data type (the column ``time`` is
    there anyway), or, in the API's own form, one object with ``name`` and ``columns`` or a list of them. Empty, it
    stands for an explicit bucket that takes nothing yet. Raises TypeError for another form, ValueError for one that
    the API would refuse, each with one sentence.
    """
    found = Schemas()
    for name, columns in _drafts(schema):
        if fault := fault_of(name, columns):
            about = f", column {fault.column!r}" if fault.column else ""
            raise ValueError(f"the schema of {name!r} cannot be used: {_IN_WORDS[fault.kind]}{about}")
        if found.measurement(name) is not None:
            raise ValueError(f"there are two schemas of {name!r}")
        found = found.holding(make(name, columns))
    return found


#: What is wrong, for who wrote the schema in Python. (What the API says stands in the profiles.)
_IN_WORDS: Mapping[str, str] = {
    "name": f"names have 1 to {LONGEST_NAME} characters, no quotes, and begin neither with _ nor with a digit",
    "columns_missing": "it has no columns",
    "column_empty": "a column has no name",
    "column_long": f"the name of a column has more than {LONGEST_NAME} characters",
    "column_start": "the name of a column begins with _ or with a digit",
    "column_quotes": "the name of a column has quotes in it",
    "column_unprintable": "the name of a column has characters that cannot be printed",
    "time_missing": "no column is the timestamp",
    "time_kind": "the column 'time' can only be the timestamp",
    "time_name": "the timestamp has to be named 'time'",
    "time_typed": "the timestamp has no data type",
    "tag_typed": "a tag has no data type",
    "fields_missing": "it needs at least one field",
    "columns_repeated": "a column is there twice (upper and lower case are the same)",
}
_FORMS = (
    "schema= takes {'measurement': {'column': 'tag' or a data type}}, or the API's form: one object with 'name' and "
    "'columns', or a list of them"
)


def _drafts(schema: object) -> list[tuple[str, tuple[Column, ...]]]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("columns"), Sequence) and isinstance(schema.get("name"), str):
            return [_api_form(schema)]
        return [_short_form(name, columns) for name, columns in schema.items()]
    if isinstance(schema, Sequence) and not isinstance(schema, str | bytes):
        return [_api_form(one) for one in schema]
    raise TypeError(f"{_FORMS}, not {type(schema).__name__}")


def _short_form(name: object, columns: object) -> tuple[str, tuple[Column, ...]]:
    if not isinstance(name, str) or not isinstance(columns, Mapping):
        raise TypeError(_FORMS)
    found = [] if "time" in columns else [Column("time", "timestamp")]
    for key, kind in columns.items():
        if not isinstance(key, str):
            raise TypeError(_FORMS)
        if kind in COLUMN_KINDS and kind != "field":
            found.append(Column(key, cast(ColumnKind, kind)))
        elif kind in DATA_TYPES:
            found.append(Column(key, "field", cast(FieldType, kind)))
        else:
            raise ValueError(f"column {key!r} of {name!r} is 'tag', or one of {', '.join(DATA_TYPES)}; not {kind!r}")
    return name, tuple(found)


def _api_form(schema: object) -> tuple[str, tuple[Column, ...]]:
    if not isinstance(schema, Mapping) or not isinstance(name := schema.get("name"), str):
        raise TypeError(_FORMS)
    columns = schema.get("columns")
    if not isinstance(columns, Sequence) or isinstance(columns, str | bytes):
        raise TypeError(_FORMS)
    return name, tuple(_api_column(name, column) for column in columns)


def _api_column(measurement: str, column: Any) -> Column:
    if not isinstance(column, Mapping) or not isinstance(name := column.get("name"), str):
        raise TypeError(f"a column of {measurement!r} is an object with 'name', 'type' and, for fields, 'dataType'")
    kind, data_type = column.get("type"), column.get("dataType")
    if kind not in COLUMN_KINDS:
        raise ValueError(f"'type' of column {name!r} is one of {', '.join(COLUMN_KINDS)}; not {kind!r}")
    if data_type is not None and data_type not in DATA_TYPES:
        raise ValueError(f"'dataType' of column {name!r} is one of {', '.join(DATA_TYPES)}; not {data_type!r}")
    return Column(name, kind, data_type)
