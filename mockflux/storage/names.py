"""Rules that names of databases have to follow. A profile lists those that hold at a door."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: What is wrong with a name: a kind of the outcome ``name_invalid``, and the position of the offending character.
Fault = tuple[str, int]


def namespace(name: str) -> Fault | None:
    """1 to 64 bytes; letters and digits of any script, ``/``, ``_`` and ``-`` (iox, data_types namespace_name.rs)."""
    if not 1 <= len(name.encode("utf-8", "surrogateescape")) <= 64:
        return "length", 0
    for position, char in enumerate(name):
        if not (char.isalnum() or char in "/_-"):
            return "character", position
    return None


def database(name: str) -> Fault | None:
    """1 to 511 bytes of ASCII letters, digits, ``_`` and ``-``, the first a letter or digit, with at most one slash
    amid them (influxdb3 influxdb3_server/src/http.rs, validate_db_name). The first offending character decides."""
    if not name:
        return "empty", 0
    if len(name.encode("utf-8", "surrogateescape")) > 511:
        return "too_long", 0
    slash = False
    for position, char in enumerate(name):
        if not char.isascii():
            return "unusable", position
        if position == 0:
            if not char.isalnum():
                return "start", position
        elif char == "/":
            if slash:
                return "policy", position
            slash = True
        elif not (char.isalnum() or char in "_-"):
            return "unusable", position
    return ("policy", len(name) - 1) if name.endswith("/") else None


#: By the names that a profile uses.
RULES: Mapping[str, Callable[[str], Fault | None]] = {"namespace": namespace, "database": database}
