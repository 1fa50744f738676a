"""Bound parameters: read from JSON, each value as the token that takes the parameter's place (influxql params.go)."""

from __future__ import annotations

import math
from typing import NamedTuple

from mockflux.gojson import GoJsonError, Number, decode
from mockflux.influxql import tokens
from mockflux.influxql.durations import show_duration
from mockflux.influxql.errors import ParamsError
from mockflux.influxql.numbers import LARGEST, plain_float


class Bound(NamedTuple):
    """Kind and literal of a token; a value that cannot be bound is a parameter still, its name says why."""

    kind: str
    text: str


#: What Go calls the values of JSON that are no object.
_GO_KINDS: dict[type, str] = {list: "array", str: "string", bool: "bool", int: "number", Number: "number"}


def read_params(text: str) -> dict[str, object]:
    """The bound parameters of a request by name, from a JSON object; what stands behind it is not read. Raises
    ParamsError (influxdb 1.6, services/httpd/handler.go, serveQuery)."""
    try:
        value = decode(text.encode("utf-8", "surrogateescape"))
    except GoJsonError as error:
        raise ParamsError("params", str(error)) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = _GO_KINDS[type(value)]
        raise ParamsError("params", f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    try:
        return {name: _number(each) for name, each in value.items()}
    except ValueError as error:
        raise ParamsError("value", str(error)) from None


def _number(value: object) -> object:
    """The value; a number as a float if it has a point, else as an integer. Raises ValueError with Go's words."""
    if isinstance(value, Number):
        text = value.text
        if "." not in text:
            reason = "value out of range" if text.removeprefix("-").isdecimal() else "invalid syntax"
            raise ValueError(f'strconv.ParseInt: parsing "{text}": {reason}')
        if math.isinf(value):
            raise ValueError(f'strconv.ParseFloat: parsing "{text}": value out of range')
        return float(value)
    if isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST:
        raise ValueError(f'strconv.ParseInt: parsing "{value}": value out of range')
    return value


def bound(value: object) -> Bound:
    """The token for a value."""
    match value:
        case bool():
            return Bound(tokens.TRUE if value else tokens.FALSE, "")
        case int():
            return Bound(tokens.INTEGER, str(value))
        case float():
            return Bound(tokens.NUMBER, plain_float(value))
        case str():
            return Bound(tokens.STRING, value)
        case dict():
            return _typed(value)
        case list():
            return _no("unable to bind parameter with type []interface {}")
    return _no("unable to bind parameter with type <nil>")


def _no(reason: str) -> Bound:
    return Bound(tokens.BOUND, reason)


def _typed(value: dict[str, object]) -> Bound:
    """An object with one entry, which says what the value is meant to be."""
    if len(value) != 1:
        return _no("bound object parameter value must have exactly one entry")
    ((kind, inner),) = value.items()
    try:
        inner = _number(inner)
    except ValueError as error:
        return _no(str(error))
    number = isinstance(inner, (int, float)) and not isinstance(inner, bool)
    match kind:
        case "ident" | "identifier":
            return _text(tokens.IDENT, inner, "identifier")
        case "regex":
            return _text(tokens.REGEX, inner, "regex literal")
        case "string":
            return _text(tokens.STRING, inner, "string literal")
        case "float" | "number":
            if number:
                return Bound(tokens.NUMBER, plain_float(float(inner)))  # type: ignore[arg-type]
            return _no("number literal must be a float value")
        case "int" | "integer":
            if number and isinstance(inner, int):
                return Bound(tokens.INTEGER, str(inner))
            return _no("integer literal must be an integer value")
        case "duration":
            if isinstance(inner, str):
                return Bound(tokens.DURATION_VALUE, inner)
            if number and isinstance(inner, int):
                return Bound(tokens.DURATION_VALUE, show_duration(inner))
            return _no("duration literal must be a string or integer value")
    return _no(f"unknown bind object type: {kind}")


def _text(kind: str, value: object, called: str) -> Bound:
    return Bound(kind, value) if isinstance(value, str) else _no(f"{called} must be a string value")
