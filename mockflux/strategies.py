"""Hypothesis strategies for line protocol: what to send, together with what it means.

    from hypothesis import given
    from mockflux.strategies import batches

    @given(batches())
    def test_forwarder(batch):
        forward(batch.body)
        assert stored() == [line.point for line in batch.lines]

Every line is valid for every edition: names and values use what line protocol can express, escapes included, and
stay clear of what editions treat differently (reserved names, a newline or a trailing backslash in a name, a field
twice, a column that is tag and field). Values are typed as the line types them; times are in nanoseconds.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from mockflux.lineprotocol import Field, FieldType, Tags, to_bytes

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
UINT64_MAX = (1 << 64) - 1
#: The times that every edition can store: years 1678 to 2261.
MIN_TIME, MAX_TIME = -9_200_000_000_000_000_000, 9_200_000_000_000_000_000

_RESERVED = frozenset({"time", "iox::measurement"})
_TYPES: tuple[FieldType, ...] = ("float", "integer", "unsigned", "string", "boolean")


class Point(NamedTuple):
    """What one line means: ``tags`` sorted by key (as bytes), ``fields`` in the order of the line, ``time`` in
    nanoseconds or None."""

    measurement: str
    tags: Tags
    fields: tuple[Field, ...]
    time: int | None


class Written(NamedTuple):
    """One line of line protocol, without its newline, and the point that it means."""

    text: bytes
    point: Point


class Batch(NamedTuple):
    """A body for a write request and the lines in it, in order; blank lines and comments may be between them."""

    body: bytes
    lines: tuple[Written, ...]


def names(*, max_size: int = 12) -> st.SearchStrategy[str]:
    """Measurements, tag keys, tag values and field keys: any text, with a leaning towards what needs an escape.

    No control characters, and no backslash: whether one may stand before a comma, a space or at the end depends on
    the edition, and the simplest rule is to have none. Nothing that begins like a comment or a system column.
    """
    return _names(max_size)


# Strategies are made once: Hypothesis looks closely at each new one, which takes longer than to draw from it.


@cache
def _names(max_size: int) -> st.SearchStrategy[str]:
    characters = st.one_of(
        st.sampled_from(' ,="aB7.-é日'),
        st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\\"),
    )
    return st.text(characters, min_size=1, max_size=max_size).filter(_is_plain_name)


def values(kind: FieldType) -> st.SearchStrategy[float | int | str | bool]:
    """Field values of one type: finite floats, integers of 64 bits, any text (newlines, quotes and backslashes too,
    but no NUL and no CR)."""
    return _values(kind)


@cache
def _values(kind: FieldType) -> st.SearchStrategy[float | int | str | bool]:
    match kind:
        case "float":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "integer":
            return st.integers(INT64_MIN, INT64_MAX)
        case "unsigned":
            return st.integers(0, UINT64_MAX)
        case "boolean":
            return st.booleans()
        case "string":
            return st.text(
                st.one_of(
                    st.sampled_from('"\\\n ,=a'),
                    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"),
                ),
                max_size=20,
            )


def fields(*, types: tuple[FieldType, ...] = _TYPES) -> st.SearchStrategy[Field]:
    """One field with a type out of ``types``."""
    return _fields(tuple(types))


@cache
def _fields(types: tuple[FieldType, ...]) -> st.SearchStrategy[Field]:
    return st.sampled_from(types).flatmap(_fields_of)


@cache
def _fields_of(kind: FieldType) -> st.SearchStrategy[Field]:
    return st.builds(Field, names(), st.just(kind), values(kind))


@cache
def _keys_and_values(max_tags: int) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(names(), names(), max_size=max_tags)


@cache
def _several_fields(types: tuple[FieldType, ...], max_fields: int) -> st.SearchStrategy[list[Field]]:
    return st.lists(_fields(types), min_size=1, max_size=max_fields, unique_by=_key_of)


def _key_of(field: Field) -> str:
    return field.key


@cache
def _times() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(MIN_TIME, MAX_TIME)


@st.composite
def points(draw: st.DrawFn, *, types: tuple[FieldType, ...] = _TYPES, max_tags: int = 4, max_fields: int = 4) -> Point:
    """Points with up to ``max_tags`` tags and one to ``max_fields`` fields; no name is used twice in a point."""
    tags = draw(_keys_and_values(max_tags))
    drawn = draw(_several_fields(tuple(types), max_fields))
    # A key drawn as both is renamed, not filtered: filtering would throw away most of the interesting short names.
    taken = set(tags)
    unique = []
    for field in drawn:
        key = field.key
        while key in taken:
            key += "x"
        taken.add(key)
        unique.append(field._replace(key=key))
    ordered = tuple(sorted(tags.items(), key=lambda tag: to_bytes(tag[0])))
    return Point(draw(names()), ordered, tuple(unique), draw(_times()))


@cache
def _points(types: tuple[FieldType, ...]) -> st.SearchStrategy[Point]:
    return points(types=types)


@st.composite
def lines(draw: st.DrawFn, *, types: tuple[FieldType, ...] = _TYPES) -> Written:
    """Lines with the point that each means. Tags come in any order; booleans and floats in any of their spellings."""
    point = draw(_points(tuple(types)))
    head = [_escape(point.measurement, ", ")]
    head += [f"{_escape(key, ',= ')}={_escape(value, ',= ')}" for key, value in draw(st.permutations(point.tags))]
    body = [f"{_escape(field.key, ',= ')}={draw(_spellings(field))}" for field in point.fields]
    time = [] if point.time is None else [str(point.time)]
    return Written(to_bytes(" ".join([",".join(head), ",".join(body), *time])), point)


@cache
def _several_lines(min_size: int, max_size: int) -> st.SearchStrategy[list[Written]]:
    return st.lists(lines(), min_size=min_size, max_size=max_size)


@cache
def _between() -> st.SearchStrategy[bytes]:
    """What may stand between two lines."""
    return st.sampled_from([b"", b"", b"\n", b"# a comment\n", b"  \n"])


@st.composite
def batches(draw: st.DrawFn, *, min_size: int = 0, max_size: int = 6) -> Batch:
    """Bodies of ``min_size`` to ``max_size`` lines, some with comments and blank lines, with or without a newline at
    the end. The types of a field may differ from line to line; ``types=`` of :func:`lines` keeps to one."""
    drawn = draw(_several_lines(min_size, max_size))
    body = b""
    for line in drawn:
        body += draw(_between()) + line.text + b"\n"
    if body and draw(st.booleans()):
        body = body[:-1]
    return Batch(body, tuple(drawn))


def _is_plain_name(name: str) -> bool:
    return name not in _RESERVED and name[0] not in "#_ " and not name.isspace()


def _escape(name: str, special: str) -> str:
    return re.sub(f"([{special}])", r"\\\1", name)


def _spellings(field: Field) -> st.SearchStrategy[str]:
    """The ways to write a value that all editions read alike."""
    match field.type:
        case "boolean":
            return st.sampled_from(["t", "T", "true", "True", "TRUE"] if field.value else ["f", "F", "false", "FALSE"])
        case "integer":
            return st.just(f"{field.value}i")
        case "unsigned":
            return st.just(f"{field.value}u")
        case "float":
            return st.sampled_from([repr(field.value), f"{field.value:.16e}"])
        case "string":
            return st.just('"' + str(field.value).replace("\\", "\\\\").replace('"', '\\"') + '"')
