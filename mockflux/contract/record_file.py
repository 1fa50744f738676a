"""Vectors as the text of a vector file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: What a text between ``'''`` cannot hold.
_NOT_LITERAL = re.compile("[\x00-\x08\x0b-\x1f\x7f]|'''|'$")
#: Keys whose texts are messages, written over several lines.
_MESSAGES = frozenset(("request", "response", "raw"))


def text_of(profile: str, tables: Iterable[Mapping[str, Any]], notes: Iterable[str]) -> str:
    """A vector file for a profile (an id): comment lines, then the vectors."""
    lines = [f"# {note}" if note else "#" for note in notes]
    lines += ["", f"profiles = [{_string(profile)}]"]
    for table in tables:
        lines += ["", "[[vector]]", *_keys(table, ("exchange",))]
        for exchange in table["exchange"]:
            lines += ["", "[[vector.exchange]]", *_keys(exchange, ())]
    return "\n".join(lines) + "\n"


def _keys(table: Mapping[str, Any], but: tuple[str, ...]) -> list[str]:
    return [
        f"{_key(key)} = {_message(value) if key in _MESSAGES else value_of(value)}"
        for key, value in table.items()
        if key not in but
    ]


def value_of(value: Any) -> str:
    """A value of TOML in one line. Raises TypeError for what vectors have none of."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {value_of(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_of(entry) for entry in value) + "]"
    raise TypeError(f"no value of a vector: {value!r}")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _message(text: str) -> str:
    """A message over several lines; TOML leaves out the line end after the opening quotes."""
    text = text.removeprefix("\n")
    if not _NOT_LITERAL.search(text):
        return f"'''\n{text}'''"
    return '"""\n' + "".join(char if char == "\n" else _escaped(char) for char in text) + '"""'


def _escaped(char: str) -> str:
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    if char in named:
        return named[char]
    return f"\\u{ord(char):04x}" if ord(char) < 0x20 or ord(char) == 0x7F else char
