"""JSON as Go writes it where numbers are in it: Python writes floats in another way."""

from __future__ import annotations

import re
from typing import Any

from mockflux.reply import go_json

_EXPONENT = re.compile(r"e([+-])0*([0-9]+)")


def go_document(value: Any, indent: str | None = None, depth: int = 0) -> str:
    """A value of tables, lists, texts, numbers, flags and None as encoding/json writes it: compact, or indented."""
    if isinstance(value, dict):
        members = [
            f"{go_json(key)}:{' ' if indent else ''}{go_document(own, indent, depth + 1)}" for key, own in value.items()
        ]
        return _joined("{", members, "}", indent, depth)
    if isinstance(value, list):
        return _joined("[", [go_document(own, indent, depth + 1) for own in value], "]", indent, depth)
    return go_float(value) if isinstance(value, float) else go_json(value)


def _joined(opening: str, parts: list[str], closing: str, indent: str | None, depth: int) -> str:
    if indent is None or not parts:
        return f"{opening}{','.join(parts)}{closing}"
    line = "\n" + indent * depth
    return f"{opening}{line}{indent}{f',{line}{indent}'.join(parts)}{line}{closing}"


def go_float(value: float) -> str:
    """A finite float as encoding/json writes it: digits, without an exponent unless it is below 1e-6 or from 1e21 on;
    no fraction where there is none."""
    size = abs(value)
    if value == int(value) and size < 1e21:
        return "-0" if value == 0 and str(value).startswith("-") else _whole(value)
    if 1e-6 <= size < 1e21:
        digits = repr(value)
        return digits if "e" not in digits else f"{value:.{_places(digits)}f}"
    mantissa, _, exponent = repr(value).partition("e")
    sign, power = exponent[0], exponent[1:].lstrip("0")
    return f"{mantissa.removesuffix('.0')}e{'-' if sign == '-' else '+'}{power.zfill(1)}"


def _whole(value: float) -> str:
    """A number without a fraction: its shortest digits, and zeros for those that a float does not hold."""
    mantissa, mark, exponent = repr(value).partition("e+")
    if not mark:
        return mantissa.removesuffix(".0")
    whole, _, rest = mantissa.partition(".")
    return whole + rest.ljust(int(exponent), "0")


def _places(digits: str) -> int:
    """How many digits stand behind the point of a number that is written with a negative exponent."""
    mantissa, _, exponent = digits.partition("e-")
    return len(mantissa.partition(".")[2]) + int(exponent)
