"""``*`` and regular expressions replaced by what they stand for, columns given their types (influxql ast.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mockflux.influxql.columntypes import ORDER, check_types, typed
from mockflux.influxql.data import in_bytes
from mockflux.influxql.errors import StatementError
from mockflux.influxql.goregex import compiled
from mockflux.influxql.nodes import Call, DataType, Expr, Field, Regex, Select, VarRef, Wildcard, walk
from mockflux.influxql.sources import Origin, all_fields, all_tag_keys, type_of

_NUMBERS = frozenset(("float", "integer", "unsigned"))
#: The functions whose ``*`` also stands for fields of these types.
_MORE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("min", "max"), frozenset(("boolean",))),
    **dict.fromkeys(
        ("count", "first", "last", "distinct", "elapsed", "mode", "sample"), frozenset(("boolean", "string"))
    ),
}


@dataclass(frozen=True, slots=True)
class Expanded:
    """The fields and the condition with types, and the tags that points are grouped by, some of them
    perhaps twice."""

    fields: tuple[Field, ...]
    condition: Expr | None
    dimensions: tuple[str, ...]


def expand(select: Select, condition: Expr | None, sources: list[Origin]) -> Expanded:
    """A checked SELECT over these sources. Raises StatementError where types do not go together."""

    def of(key: str) -> DataType | None:
        return type_of(key, sources)

    fields = [Field(typed(field.expr, of), field.alias) for field in select.fields]
    tag_keys = all_tag_keys(sources)
    by_pattern = any(isinstance(dimension, (Wildcard, Regex)) for dimension in select.dimensions)
    if any(isinstance(part, (Wildcard, Regex)) for field in fields for part in walk(field.expr)):
        grouped = {dimension.name for dimension in select.dimensions if isinstance(dimension, VarRef)}
        columns = _columns(all_fields(sources), set() if by_pattern else tag_keys - grouped)
        fields = [found for field in fields for found in _expanded(field, columns)]
    for field in fields:
        check_types(field.expr)
    dimensions = tuple(_dimensions(select.dimensions, sorted(tag_keys, key=in_bytes)))
    return Expanded(tuple(fields), None if condition is None else typed(condition, of), dimensions)


def _columns(fields: dict[str, DataType], tag_keys: set[str]) -> list[VarRef]:
    if not fields:
        return []
    columns = [VarRef(key, type) for key, type in fields.items()] + [VarRef(key, "tag") for key in tag_keys]
    return sorted(columns, key=lambda column: (in_bytes(column.name), ORDER[column.type]))


def _expanded(field: Field, columns: list[VarRef]) -> Iterator[Field]:
    match field.expr:
        case Wildcard(wanted):
            for column in columns:
                if wanted is None or (wanted == "tag") is (column.type == "tag"):
                    yield Field(column)
        case Regex(pattern):
            for column in columns:
                if compiled(pattern).search(column.name):
                    yield Field(column)
        case Call():
            yield from _expanded_call(field, field.expr, columns)
        case _:
            yield field


def _expanded_call(field: Field, call: Call, columns: list[VarRef]) -> Iterator[Field]:
    innermost, rebuild = _innermost(call)
    argument = innermost.args[0] if innermost.args else None
    if not isinstance(argument, (Wildcard, Regex)):
        yield field
        return
    if argument == Wildcard("tag"):
        raise StatementError(f"unable to use tag wildcard in {innermost.name}()")
    allowed = _NUMBERS | _MORE.get(innermost.name, frozenset())
    if innermost.name.startswith("holt_winters"):
        allowed -= {"unsigned"}
    for column in columns:
        if column.type not in allowed:
            continue
        if isinstance(argument, Regex) and not compiled(argument.pattern).search(column.name):
            continue
        yield Field(rebuild(column), f"{field.name}_{column.name}")


def _innermost(call: Call) -> tuple[Call, Callable[[VarRef], Call]]:
    """The call within calls that is the first argument of each, and what makes the whole with another column."""
    if call.args and isinstance(call.args[0], Call):
        innermost, inner = _innermost(call.args[0])
        return innermost, lambda column: Call(call.name, (inner(column), *call.args[1:]))
    return call, lambda column: Call(call.name, (column, *call.args[1:]))


def _dimensions(dimensions: tuple[Expr, ...], tag_keys: list[str]) -> Iterator[str]:
    for dimension in dimensions:
        match dimension:
            case Wildcard():
                yield from tag_keys
            case Regex(pattern):
                yield from [key for key in tag_keys if compiled(pattern).search(key)]
            case VarRef(name):
                yield name
