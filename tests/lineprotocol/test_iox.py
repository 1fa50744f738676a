"""The grammar ``iox``: complaints, accepted oddities, numbering, sizes, rendering. The cases are in iox_cases.toml."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mockflux.lineprotocol import BadLine, Field, Line
from mockflux.lineprotocol.iox import MAX_STRING_LENGTH, parse, rendered

CASES = tomllib.loads((Path(__file__).parent / "iox_cases.toml").read_text(encoding="utf-8"))
REFUSED = [
    (line, complaint)
    for complaint, sources in CASES["refused"].items()
    for source in ("core", "crate")
    for line in sources.get(source, [])
]

TOO_LONG = "String is greater than 1MB"
BACKSLASH = "Measurements, tag keys and values, and field keys may not end with a backslash"
TRAILING = "Could not parse entire line. Found trailing content: "


def only(body: bytes) -> Line:
    """The one line of ``body``, which is valid."""
    (line,) = parse(body)
    assert isinstance(line, Line), line
    return line


def complaint(body: bytes) -> str:
    """The complaint about the one line of ``body``."""
    (line,) = parse(body)
    assert isinstance(line, BadLine), line
    return line.complaint


# ----------------------------------------------------------------------------------------------------- complaints


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_complaint(line: str, reason: str) -> None:
    body = line.encode()
    assert parse(body) == [BadLine(1, body, reason)]


@pytest.mark.parametrize(("line", "reason"), [case for case in REFUSED if "\n" not in case[0]])
def test_complaint_is_the_same_among_others(line: str, reason: str) -> None:
    """Before a bad line nothing changes; behind it only an open string or a backslash takes the next line along."""
    body = line.encode()
    first, second = parse(b"ok v=1 1\n" + body)
    assert isinstance(first, Line)
    assert second == BadLine(2, body, reason)


def test_a_good_head_that_was_met_before_changes_no_complaint() -> None:
    bodies = [b"m,t=a\\ b f=1", b"m,t=a\\ b f=", b"m,t=a\\ b  f=2", b"m,t=a\\ b", b"m,t=a\\ b\tf=1", b"m,t=a\\"]
    assert [line[1:] for line in parse(b"\n".join(bodies))] == [parse(body)[0][1:] for body in bodies]


def test_bytes_that_are_no_text_survive() -> None:
    line = only(b'm\xff,t\xfe=\x80 f\xff="\xc3(\0"')
    assert line.measurement == "m\udcff"
    assert line.tags == (("t\udcfe", "\udc80"),)
    assert line.fields == (Field("f\udcff", "string", "\udcc3(\0"),)
    assert complaint(b"m f=1 \xff\xfe") == TRAILING + "` \udcff\udcfe`"
    assert complaint(b"m f=1" + b"\xff" * 11) == TRAILING + "`" + "\udcff" * 10 + "...`"


# ----------------------------------------------------------------------------------------------- accepted oddities


@pytest.mark.parametrize("case", CASES["accepted"], ids=lambda case: case.get("core", case.get("crate")))
def test_accepted(case: dict[str, Any]) -> None:
    (source,) = {"core", "crate"} & set(case)
    line = only(case[source].encode())
    if "measurement" in case:
        assert line.measurement == case["measurement"]
    assert line.tags == tuple(sorted(case.get("tags", {}).items()))
    if "fields" in case:
        assert [(field.key, field.value) for field in line.fields] == list(case["fields"].items())
        assert [type(field.value) for field in line.fields] == [type(value) for value in case["fields"].values()]
    if "types" in case:
        assert [field.type for field in line.fields] == case["types"]
    assert case.keys() <= {source, "measurement", "tags", "fields", "types", "time"}
    if "time" in case:
        assert line.time == case["time"]


def test_tags_are_sorted_by_their_bytes_and_kept_as_written() -> None:
    line = only("m,é=1,z=2,Z=3,a\\,=4,a=5,\U0001f600=6,\uffff=7 v=1".encode())
    assert [key for key, _ in line.tags] == ["Z", "a", "a,", "z", "é", "\uffff", "\U0001f600"]
    assert [key for key, _ in line.written] == ["é", "z", "Z", "a,", "a", "\U0001f600", "\uffff"]


def test_of_a_tag_that_stands_twice_the_last_value_counts() -> None:
    """A Core 3.10.0 answers 204 to it; whether it is objected to is decided later."""
    line = only(b"m,a=1,b=2,a=3 v=1")
    assert line.tags == (("a", "3"), ("b", "2"))
    assert line.written == (("a", "1"), ("b", "2"), ("a", "3"))
    assert only(b"m,a=1,a=1 v=1").written == (("a", "1"), ("a", "1"))


def test_a_changed_line_keeps_what_was_written() -> None:
    line = only(b"m,b=1,a=2 v=1,w=2")
    fewer = line._replace(fields=line.fields[:1])
    assert fewer.written == line.written == (("b", "1"), ("a", "2"))
    assert len(fewer.fields) == 1


@pytest.mark.parametrize("body", [b"m v=1", b"m,a=1 v=1", b"m,a=1,b=2 v=1"])
def test_tags_in_order_are_not_kept_twice(body: bytes) -> None:
    assert only(body).written == ()


def test_a_field_may_occur_twice_and_keeps_its_place() -> None:
    assert only(b"m b=1,a=2i,b=3i,b=4i").fields == (
        Field("b", "float", 1.0),
        Field("a", "integer", 2),
        Field("b", "integer", 3),
        Field("b", "integer", 4),
    )


def test_minus_zero_is_a_float_of_its_own() -> None:
    (field,) = only(b"m v=-0").fields
    assert isinstance(field.value, float)
    assert math.copysign(1, field.value) == -1


@pytest.mark.parametrize("raw", ["t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"])
def test_booleans(raw: str) -> None:
    assert only(f"m v={raw}".encode()).fields == (Field("v", "boolean", raw[0] in "tT"),)


def test_the_precision_of_the_request_is_of_no_account() -> None:
    (line,) = parse(b"m v=1 9223372036854775807", 1_000_000_000)
    assert isinstance(line, Line)
    assert line.time == 9223372036854775807


def test_integers_too_long_for_python() -> None:
    digits = "9" * 5000
    assert complaint(f"m v={digits}i".encode()) == f"Unable to parse integer value `{digits}`"
    assert complaint(f"m v=-{digits}i".encode()) == f"Unable to parse integer value `-{digits}`"
    assert complaint(f"m v={digits}u".encode()) == f"Unable to parse unsigned integer value `{digits}`"
    assert complaint(f"m v=1 {digits}".encode()) == f"Unable to parse timestamp value `{digits}`"
    zeros = "0" * 5000
    assert only(f"m v=-{zeros}7i,w={zeros}u,x={digits} {zeros}9".encode())[4:] == (
        (Field("v", "integer", -7), Field("w", "unsigned", 0), Field("x", "float", math.inf)),
        9,
    )


@pytest.mark.parametrize("head", ["{}", "m,{}=v", "m,t={}"])
def test_longest_names(head: str) -> None:
    fits = "x" * MAX_STRING_LENGTH
    assert isinstance(parse(f"{head.format(fits)} f=1".encode())[0], Line)
    assert complaint(f"{head.format(fits + 'x')} f=1".encode()) == TOO_LONG
    assert complaint(f"{head.format(fits)}\\\\ f=1".encode()).startswith(("Measurements", "Tag set", "Expected"))


def test_longest_field_key_and_string() -> None:
    """Recorded from 3.10.0 for a string value and a tag value."""
    fits = b"x" * MAX_STRING_LENGTH
    assert only(b"m %b=1" % fits).fields[0].key == "x" * MAX_STRING_LENGTH
    assert only(b'm f="%b"' % fits).fields[0].value == "x" * MAX_STRING_LENGTH
    for too_long in (b"m %bx=1", b"m %bx", b"m f=1,%bx", b'm f="%bx"', b'm f=1,g="%bx",h='):
        assert complaint(too_long % fits) == TOO_LONG


def test_lengths_are_of_what_is_meant_and_in_bytes() -> None:
    half = MAX_STRING_LENGTH // 2
    assert isinstance(parse(b"m,t=" + b"\\ " * MAX_STRING_LENGTH + b" f=1")[0], Line)
    assert isinstance(parse(b'm f="' + b'\\"' * MAX_STRING_LENGTH + b'"')[0], Line)
    assert isinstance(parse("m,t={} f=1".format("é" * half).encode())[0], Line)
    assert complaint("m,t={}x f=1".format("é" * half).encode()) == TOO_LONG
    assert complaint(b"m" * (MAX_STRING_LENGTH + 1) + b"\\") == BACKSLASH, "asked first"


# ---------------------------------------------------------------------------------------------- lines and numbers


def numbered(body: bytes) -> list[tuple[int, bytes]]:
    return [(line.number, line.text) for line in parse(body)]


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"\n\n", b" \t", b"  \n\t\n \n", b"#", b"# a\n \t# b", b"#\\\n# x\n", b"# x\\"]
)
def test_nothing(body: bytes) -> None:
    assert parse(body) == []


def test_numbers_count_every_newline_of_the_body() -> None:
    body = b'\n# comment\n  a v=1\n\nb s="one\ntwo\n\nthree"\n\\\nc v=1\nbad\n\n d v=1'
    assert numbered(body) == [
        (3, b"a v=1"),
        (5, b'b s="one\ntwo\n\nthree"'),
        (9, b"\\\nc v=1"),
        (11, b"bad"),
        (13, b"d v=1"),
    ]


def test_a_line_is_quoted_without_leading_blanks_and_without_its_newline() -> None:
    assert numbered(b"\t bad \t\n  m v=1  1  \n\0 m") == [(1, b"bad \t"), (2, b"m v=1  1  "), (3, b"\0 m")]


def test_an_open_string_takes_the_rest_of_the_body_along() -> None:
    assert parse(b'm a=1 1\nm s="open 1\nm b=2 1\n') == [
        Line(1, b"m a=1 1", "m", (), (Field("a", "float", 1.0),), 1),
        BadLine(2, b'm s="open 1\nm b=2 1\n', "No fields were provided"),
    ]


def test_a_comment_that_seems_to_go_on_gives_way_to_the_lines_behind_it() -> None:
    """The cut takes quotes and backslashes in comments for those of a line, but a comment ends with its line."""
    assert parse(b'# s="open\nm v=1 1\n') == [BadLine(2, b"m v=1 1\n", TRAILING + "`\n`")]
    assert numbered(b'# s="open\nm v="1"\nn v=1\n"\no v=1') == [(2, b'm v="1"\nn v=1\n"'), (5, b"o v=1")]
    assert numbered(b"# ends so\\\nm v=1\nn v=1") == [(2, b"m v=1"), (3, b"n v=1")]
    assert numbered(b"#\\\n# more\\\n \n  m v=1\n#\nn v=1") == [(4, b"m v=1"), (6, b"n v=1")]


def test_where_quotes_open_no_string() -> None:
    """In the head, in a key, in a comment without a field: the line ends at the newline."""
    assert numbered(b'm"x v=1\nm,t="a v=1\nm a"b=1\nm a=1,"b=1\n# it"s\nend') == [
        (1, b'm"x v=1'),
        (2, b'm,t="a v=1'),
        (3, b'm a"b=1'),
        (4, b'm a=1,"b=1'),
        (6, b"end"),
    ]


def test_two_backslashes_do_not_escape_a_newline() -> None:
    assert numbered(b"a\\\\\nb\\\nc\\") == [(1, b"a\\\\"), (2, b"b\\\nc\\")]


def test_a_carriage_return_is_an_ordinary_byte() -> None:
    """So a blank line of a body with CRLF is a line (recorded from 3.10.0)."""
    assert numbered(b"m v=1 1\r\n\r\nm\r v=1\n") == [(1, b"m v=1 1\r"), (2, b"\r"), (3, b"m\r v=1")]


# -------------------------------------------------------------------------------------------------------- rendered


@pytest.mark.parametrize(("line", "anew"), CASES["rendered"].items())
def test_rendered(line: str, anew: str) -> None:
    assert rendered(only(line.encode())) == anew.encode()


def test_bytes_that_are_no_text_are_rendered_as_they_were() -> None:
    body = b"m\xff,t\xfe=\x80 f\xff=1"
    assert rendered(only(body)) == body


# --------------------------------------------------------------------------------------------------- hostile sizes

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b'"' * MEGABYTE,
        b'm v="' + b"\\" * MEGABYTE + b'"',
        b'm v="' + b'\\"' * MEGABYTE,
        b"\\" * MEGABYTE,
        b"m" + b"," * MEGABYTE,
        b"m v=1" + b"," * MEGABYTE,
        b"m v=1" + b",a" * MEGABYTE,
        b"m v=" + b"1" * MEGABYTE + b"x",
        b"m v=" + b"1" * MEGABYTE + b"i",
        b"m v=" + b"1." * MEGABYTE,
        b"m v=1e" + b"1" * MEGABYTE,
        b"m v=1 " + b"1" * MEGABYTE + b"x",
        b"m v=1" + b" " * MEGABYTE + b"x",
        b"m" + b",a=b" * (MEGABYTE // 4) + b" v=1",
        b"m" + b",a=b" * (MEGABYTE // 4) + b",",
        b"m " + b"a=1," * (MEGABYTE // 4),
        b"m " + b'a="",' * (MEGABYTE // 5) + b"=",
        b"m " + b"a\\\\=" * (MEGABYTE // 4),
        b"m a=" + b'"x"' * (MEGABYTE // 3),
        b"m f=" * (MEGABYTE // 4),
        b'm v="\n' * (MEGABYTE // 6),
        b'# a="\n' * (MEGABYTE // 6),
        b' ="' + b"\n#" * (MEGABYTE // 2),
        b'# a="' + b"\n#" * (MEGABYTE // 2),
        b"#\\\n" * (MEGABYTE // 3),
        b"\\\n" * (MEGABYTE // 2),
        b"\n" * MEGABYTE,
        b" \n" * (MEGABYTE // 2),
        b"a\\ " * (MEGABYTE // 3),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_any_size_completes(body: bytes) -> None:
    """Anything quadratic would take minutes for these; what is linear takes well under a second."""
    parsed = parse(body)
    assert len(parsed) <= body.count(b"\n") + 1
    assert all(line.text for line in parsed)


def test_a_complaint_that_quotes_nothing_is_one_text() -> None:
    """Bad lines by the million have it."""
    for line in (b"a", b"a,", b"a,t="):
        first, second = parse(line + b"\n" + line)
        assert isinstance(first, BadLine)
        assert isinstance(second, BadLine)
        assert first.complaint.endswith("got end of input")
        assert first.complaint is second.complaint
