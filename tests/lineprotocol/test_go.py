"""The grammar ``go``: complaints, accepted oddities, numbering, times. The cases are in go_cases.toml."""

from __future__ import annotations

import math
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mockflux.lineprotocol import BadLine, Field, Line
from mockflux.lineprotocol.go import MAX_TIME, MIN_TIME, parse

CASES = tomllib.loads((Path(__file__).parent / "go_cases.toml").read_text(encoding="utf-8"))
REFUSED = [(line, complaint) for complaint, lines in CASES["refused"].items() for line in lines]

OUT_OF_RANGE = "time outside range -9223372036854775806 - 9223372036854775806"


def only(body: bytes, multiplier: int = 1) -> Line:
    """The one line of ``body``, which is valid."""
    (line,) = parse(body, multiplier)
    assert isinstance(line, Line), line
    return line


def complaint(body: bytes, multiplier: int = 1) -> str:
    """The complaint about the one line of ``body``."""
    (line,) = parse(body, multiplier)
    assert isinstance(line, BadLine), line
    return line.complaint


def value(raw: str) -> Field:
    (field,) = only(f"m v={raw}".encode()).fields
    return field


# ----------------------------------------------------------------------------------------------------- complaints


@pytest.mark.parametrize(("line", "reason"), REFUSED + list(CASES["quoting"].items()))
def test_complaint(line: str, reason: str) -> None:
    body = line.encode()
    assert parse(body) == [BadLine(1, body.lstrip(b" \t\0"), reason)]


@pytest.mark.parametrize("line", [line for line, _ in REFUSED if "\n" not in line])
def test_complaint_is_the_same_among_others(line: str) -> None:
    """Before a bad line nothing changes; behind it only an open string would take the next line along."""
    body = line.encode()
    first, second = parse(b"ok v=1 1\n" + body)
    assert isinstance(first, Line)
    assert second == parse(body)[0]._replace(number=2)


def test_a_line_is_quoted_without_leading_blanks_and_without_its_newline() -> None:
    assert [line.text for line in parse(b"\t bad \t\n\0  worse\n  m v=1  1  \n")] == [
        b"bad \t",
        b"worse",
        b"m v=1  1  ",
    ]


def test_reserved_tag_keys_that_are_no_text() -> None:
    assert complaint(b"m,\x00=x v=1") == r'cannot use reserved tag key "\x00"'
    assert complaint(b"m,\xff=x v=1") == r'cannot use reserved tag key "\xff"'
    assert only(b"m,\xff\xff=x v=1").tags == (("\udcff\udcff", "x"),)


def test_key_lengths() -> None:
    """The series key may have 65535 bytes, and 65535 together with four bytes and the field key (recorded)."""
    fits, too_long = b"m" * 65530, b"m" * 65536
    assert len(only(fits + b" v=1").measurement) == 65530
    assert complaint(b"m" * 65531 + b" v=1") == "max key length exceeded: 65536 > 65535"
    assert complaint(b"m" * 65535 + b" v=1") == "max key length exceeded: 65540 > 65535"
    assert complaint(too_long + b" v") == "max key length exceeded: 65536 > 65535"
    assert complaint(fits + b" a=1,vw=1 x") == "max key length exceeded: 65536 > 65535"
    assert complaint(fits + b" vw=1,a") == "invalid field format"
    assert complaint(b"m,t=" + b"v" * 65532 + b" v=1") == "max key length exceeded: 65536 > 65535"
    assert complaint(b"m,t=" + b"\\ " * 33000 + b" v=1") == "max key length exceeded: 66004 > 65535", "as sent"


def test_values_that_only_a_disagreement_brings_about_are_complaints() -> None:
    """A 1.6.7 answers 500 to the first two (unable to parse bool value, unknown field type), the third kills it."""
    for line in (rb'm a\\="x=y",b=2', rb'm a\\="x=,",b=2', rb'm a\\="x="'):
        assert isinstance(parse(line)[0], BadLine)


# ----------------------------------------------------------------------------------------------- accepted oddities


@pytest.mark.parametrize("case", CASES["accepted"], ids=lambda case: case["line"])
def test_accepted(case: dict[str, Any]) -> None:
    line = only(case["line"].encode())
    if "measurement" in case:
        assert line.measurement == case["measurement"]
    assert line.tags == tuple(sorted(case.get("tags", {}).items()))
    if "fields" in case:
        assert [(field.key, field.value) for field in line.fields] == list(case["fields"].items())
    assert line.time == case.get("time")


def test_bytes_that_are_no_text_survive() -> None:
    line = only(b'm\xff\0,t\xfe=\x80 f\xff="\xc3(\0"')
    assert line.measurement == "m\udcff\0"
    assert line.tags == (("t\udcfe", "\udc80"),)
    assert line.fields == (Field("f\udcff", "string", "\udcc3(\0"),)
    assert complaint(b"m \xff\\\\=1") == "invalid value: field-key=\udcff\\\\=1"


def test_tags_are_sorted_by_their_bytes() -> None:
    line = only("m,é=1,z=2,Z=3,a\\,=4,a=5,aa=6,\U0001f600=7,\uffff=8 v=1".encode())
    assert [key for key, _ in line.tags] == ["Z", "a", "a,", "aa", "z", "é", "\uffff", "\U0001f600"]


def test_a_field_may_occur_twice_and_keeps_its_place() -> None:
    line = only(b"m b=1,a=2i,b=3i,a=4i")
    assert line.fields == (
        Field("b", "float", 1.0),
        Field("a", "integer", 2),
        Field("b", "integer", 3),
        Field("a", "integer", 4),
    )


# --------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("1", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e5", 1e5),
        ("1E+5", 1e5),
        ("1.e-5", 1e-5),
        ("007.50", 7.5),
        ("1e-400", 0.0),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("9007199254740993", 9007199254740992.0),
        ("0." + "0" * 5000 + "1", 0.0),
        ("1" * 309, float("1" * 309)),
    ],
)
def test_floats(raw: str, meant: float) -> None:
    assert value(raw) == Field("v", "float", meant)
    assert type(value(raw).value) is float


def test_minus_zero_is_a_float_of_its_own() -> None:
    zero = value("-0").value
    assert isinstance(zero, float)
    assert math.copysign(1, zero) == -1


def test_a_long_number_without_exponent_may_be_too_large_too() -> None:
    assert complaint(b"m v=" + b"9" * 310) == "invalid float"
    assert complaint(b"m v=" + b"9" * 10_000) == "invalid float"


@pytest.mark.parametrize(
    ("raw", "kind", "meant"),
    [
        ("9223372036854775807i", "integer", 2**63 - 1),
        ("-9223372036854775808i", "integer", -(2**63)),
        ("18446744073709551615u", "unsigned", 2**64 - 1),
        ("0" * 5000 + "7i", "integer", 7),
        ("-" + "0" * 5000 + "7i", "integer", -7),
        ("0" * 5000 + "u", "unsigned", 0),
    ],
)
def test_integers(raw: str, kind: str, meant: int) -> None:
    assert value(raw) == ("v", kind, meant)
    assert type(value(raw).value) is int


def test_integers_too_long_for_python() -> None:
    digits = "9" * 5000
    assert complaint(f"m v={digits}i".encode()) == (
        f'unable to parse integer {digits}: strconv.ParseInt: parsing "{digits}": value out of range'
    )
    assert complaint(f"m v=1 {digits}".encode()) == f'strconv.ParseInt: parsing "{digits}": value out of range'


@pytest.mark.parametrize("raw", ["t", "T", "true", "True", "TRUE"])
def test_true(raw: str) -> None:
    assert value(raw) == Field("v", "boolean", True)


@pytest.mark.parametrize("raw", ["f", "F", "false", "False", "FALSE"])
def test_false(raw: str) -> None:
    assert value(raw) == Field("v", "boolean", False)


# ---------------------------------------------------------------------------------------------- lines and numbers


def numbered(body: bytes) -> list[tuple[int, bytes]]:
    return [(line.number, line.text) for line in parse(body)]


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n", b" \t\0", b"  \n\t\n\0\n", b"#", b"# a\n \t# b", b"#\\\nm v=1"])
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


def test_an_open_string_takes_the_rest_of_the_body_along() -> None:
    assert parse(b'm a=1 1\nm s="open 1\nm b=2 1\n') == [
        Line(1, b"m a=1 1", "m", (), (Field("a", "float", 1.0),), 1),
        BadLine(2, b'm s="open 1\nm b=2 1', "unbalanced quotes"),
    ]


def test_a_comment_can_take_lines_along() -> None:
    assert numbered(b'# s="open\nm v=1\n"\nn v=1\n# say "x"\no v=1') == [(4, b"n v=1"), (6, b"o v=1")]


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


def test_text_after_a_newline_that_only_the_cut_took_for_a_string() -> None:
    """To the cut, the second space is where fields begin; to the head it is escaped (accepted by 1.6.7)."""
    line = only(b'm\\\\ x=" a=1 \nany\nthing')
    assert (line.measurement, line.time) == ('m\\ x="', None)
    assert complaint(b'm\\\\ x=" a=1 5\nany') == "point is invalid"


def test_a_carriage_return_is_an_ordinary_byte() -> None:
    assert [line.text for line in parse(b"m v=1 1\r\n\r\nm\r v=1\n")] == [b"m v=1 1\r", b"\r", b"m\r v=1"]


# --------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("multiplier", "last"),
    [(1, MAX_TIME), (1_000, 9223372036854775), (1_000_000, 9223372036854), (1_000_000_000, 9223372036)],
)
def test_range_of_times(multiplier: int, last: int) -> None:
    assert only(b"m v=1 %d" % last, multiplier).time == last
    assert only(b"m v=1 %d" % -last, multiplier).time == -last
    assert complaint(b"m v=1 %d" % (last + 1), multiplier) == OUT_OF_RANGE
    assert complaint(b"m v=1 %d" % -(last + 1), multiplier) == OUT_OF_RANGE


@pytest.mark.parametrize("sent", [18446744073, 18446744074, 36893488147, 2**63 - 1, -(2**63), 1700000000000000000])
def test_scaling_does_not_wrap(sent: int) -> None:
    assert complaint(b"m v=1 %d" % sent, 1_000_000_000) == OUT_OF_RANGE


def test_bounds_are_what_the_complaint_says() -> None:
    assert OUT_OF_RANGE.split("range ")[1] == f"{MIN_TIME} - {MAX_TIME}"
    assert complaint(b"m v=1 9223372036854775807 x") == OUT_OF_RANGE, "the range is checked before what follows"


# --------------------------------------------------------------------------------------------------- hostile sizes

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b'"' * MEGABYTE,
        b'm v="' + b"\\" * MEGABYTE + b'"',
        b"\\" * MEGABYTE,
        b"m" + b"," * MEGABYTE,
        b"m v=1" + b"," * MEGABYTE,
        b"m v=" + b"1" * MEGABYTE + b"i",
        b"m v=" + b"1" * MEGABYTE + b"x",
        b"m v=" + b"1e" * (MEGABYTE // 2) + b".",
        b"m v=1 " + b"1" * MEGABYTE + b"x",
        b"m v=1 " + b"\t" * MEGABYTE + b"x",
        b"m" + b",a=b" * (MEGABYTE // 4) + b" v=1",
        b"m " + b"a\\\\=" * (MEGABYTE // 4),
        b"m a=" + b'"x"' * (MEGABYTE // 3),
        b'm a="x"' + b"\\," * (MEGABYTE // 2),
        b'm v="\n' * (MEGABYTE // 6),
        b'# a="\n' * (MEGABYTE // 6),
        b"\\\n" * (MEGABYTE // 2),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_time_grows_with_the_body_and_no_faster(body: bytes) -> None:
    """Anything quadratic would take minutes for these; what is linear takes well under a second."""
    begin = time.process_time()
    parse(body)
    assert time.process_time() - begin < 10
