"""JSON bodies read into what Go's encoding/json would make of them for a struct: who sends the wrong type is told which
field, of which struct, and what it should be (golang.org/pkg/encoding/json, UnmarshalTypeError)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockflux.gojson import GoJsonError, decode
from mockflux.http.params import id_fault, id_of


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    go = "string"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of 64 bits, with a sign."""

    go = "int64"


@dataclass(frozen=True, slots=True)
class Id:
    """An id, read as lower case."""

    go = "platform.ID"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]
    go = "string"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of structs."""

    item: Struct

    @property
    def go(self) -> str:
        """The type, as Go spells it."""
        return f"[]{self.item.go}"


@dataclass(frozen=True, slots=True)
class Struct:
    """An object: the ``name`` of the struct in its ``package``, and its fields by their JSON keys."""

    package: str
    name: str
    fields: Mapping[str, Shape]

    @property
    def go(self) -> str:
        """The type, as Go spells it."""
        return f"{self.package}.{self.name}"


Shape = Text | Whole | Id | OneOf | ListOf | Struct


def read_struct(struct: Struct, body: bytes) -> dict[str, Any]:
    """The fields of the first JSON value in a body, by their keys; those that are absent or null are left out, and so
    is what the struct does not know. Raises GoJsonError with Go's words."""
    return read_value(struct, decode(body))


def read_value(struct: Struct, value: Any) -> dict[str, Any]:
    """The same for a value that has been decoded."""
    reader = _Reader()
    read = reader.read(struct, value, struct.name, ())
    if reader.first_fault:
        raise GoJsonError(reader.first_fault)
    return read or {}


class _Reader:
    """A value of the wrong type is told at the end, the first of several; one that its own type refuses at once."""

    def __init__(self) -> None:
        self.first_fault = ""

    def read(self, shape: Shape, value: Any, owner: str, path: tuple[str, ...]) -> Any:
        """What a value is for a shape; None for null, and for what does not fit. ``owner`` is the struct that has the
        field at the end of ``path``."""
        if value is None:
            return None
        match shape:
            case Struct() if isinstance(value, dict):
                return self._fields(shape, value, path)
            case ListOf() if isinstance(value, list):
                return [self.read(shape.item, item, owner, path) or {} for item in value]
            case Id() if isinstance(value, str):
                return _id(value)
            case OneOf():
                if value not in shape.words:
                    raise GoJsonError("unexpected value")
                return value
            case Text() if isinstance(value, str):
                return value
            case Whole() if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
                return value
        self._mind(shape, value, owner, path)
        return None

    def _fields(self, struct: Struct, value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        known = {key.lower(): key for key in struct.fields}
        for given, own in value.items():
            key = given if given in struct.fields else known.get(given.lower())
            if key is not None:
                read = self.read(struct.fields[key], own, struct.name, (*path, key))
                if read is not None:
                    found[key] = read
        return found

    def _mind(self, shape: Shape, value: Any, owner: str, path: tuple[str, ...]) -> None:
        what = _kind(value)
        if what == "number" and isinstance(shape, Whole):
            what = f"number {getattr(value, 'text', value)}"
        into = f"Go struct field {owner}.{'.'.join(path)}" if path else "Go value"
        self.first_fault = self.first_fault or f"json: cannot unmarshal {what} into {into} of type {shape.go}"


def _id(text: str) -> str:
    id = id_of(text)
    if id is None:
        raise GoJsonError("id must have a length of 16 bytes" if id_fault(text) == "length" else "invalid ID")
    return id


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
