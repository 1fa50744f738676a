"""What the columns of an answer are called (influxql ast.go, ColumnNames)."""

from __future__ import annotations

from mockflux.influxql.nodes import Field


def column_names(fields: tuple[Field, ...]) -> list[str]:
    """The names of the columns behind that of time. Aliases stay; another name that is taken gets a number."""
    names = [field.alias for field in fields]
    taken = {alias: 1 for alias in names if alias}
    for at, field in enumerate(fields):
        if not names[at]:
            names[at] = _free(field.name, taken)
    return names


def _free(name: str, taken: dict[str, int]) -> str:
    if name in taken:
        number = taken[name]
        while f"{name}_{number}" in taken:
            number += 1
        taken[name] = number + 1
        name = f"{name}_{number}"
    taken[name] = taken.get(name, 0) + 1
    return name
