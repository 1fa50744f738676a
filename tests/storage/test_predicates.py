"""The predicate of a delete: what it is, what it means, and what is said of what is none."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux.storage.predicates import Comparison, Predicate, PredicateError, parse


def told(text: str) -> str:
    """What is said of a text that is no predicate, with a star where its second reading says it."""
    with pytest.raises(PredicateError) as raised:
        parse(text)
    return ("*" if raised.value.second else "") + str(raised.value)


# ------------------------------------------------------------------------------------------ what it is


@pytest.mark.parametrize(
    ("text", "key", "equal", "value"),
    [
        ('host="a"', "host", True, "a"),
        (' host = "a" ', "host", True, "a"),
        ('(host="a")', "host", True, "a"),
        ('((host="a"))', "host", True, "a"),
        ('host!="a"', "host", False, "a"),
        ('host<>"a"', "host", False, "a"),
        ('"my key"="a b"', "my key", True, "a b"),
        ('"select"="x"', "select", True, "x"),
        ('"ä"="日本"', "ä", True, "日本"),
        (r'host="a\"b\\c\'d\ne"', "host", True, "a\"b\\c'd\ne"),
        ("host=a", "host", True, "a"),
        ("host=null", "host", True, "null"),
        ("host=1", "host", True, "1"),
        ("host=-1", "host", True, "-1"),
        ("host=1.50", "host", True, "1.50"),
        ("host=.5", "host", True, ".5"),
        ("host=1.", "host", True, "1"),
        ("host=1h30m", "host", True, "1h30m"),
        ("host=TRUE", "host", True, "true"),
        ("host=False", "host", True, "false"),
        ('host=""', "host", True, ""),
        ("host=now()", "host", True, "now"),
        ('ab"cd"="x"', "cd", True, "x"),
        ('_measurement="cpu"', "_measurement", True, "cpu"),
        ('_field="v"', "_field", True, "v"),
        ("_value=1", "_value", True, "1"),
        ('time="x"', "time", True, "x"),
        ('host="a"\r\n', "host", True, "a"),
        ('host="a"\0 what?', "host", True, "a"),
    ],
)
def test_one_comparison(text: str, key: str, equal: bool, value: str) -> None:
    assert parse(text).comparisons == (Comparison(key, equal, value),)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ""),
        ('a="1" AND b="2"', "ab"),
        ('a="1"AND b="2"', "ab"),
        ('a="1"\nand b="2" And c!="3" AND d="4"', "abcd"),
        ('(a="1") AND (b="2" AND (c="3" AND d="4"))', "abcd"),
        ('a="1" AND b="2" AND (c="3" AND d="4")', "abcd"),
        ('(a="1" AND b="2" AND (c="3"))', "abc"),
        # Quirks of the parser: what comes third takes the place of the second; what is nothing counts for nothing.
        ('a="1" AND b="2" c="3"', "ac"),
        ('a="1" ()', "a"),
    ],
)
def test_several_comparisons(text: str, keys: str) -> None:
    assert "".join(comparison.key for comparison in parse(text).comparisons) == keys


NAMES = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1, max_size=5)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.lists(st.builds(Comparison, NAMES, st.booleans(), NAMES), min_size=1, max_size=6), st.data())
def test_whatever_is_written_in_quotes_is_read(comparisons: list[Comparison], data: st.DataObject) -> None:
    parts = [f"{quoted(c.key)}{'=' if c.equal else '!='}{quoted(c.value)}" for c in comparisons]
    for number, part in enumerate(parts):
        depth = data.draw(st.integers(0, 2))
        parts[number] = "(" * depth + part + ")" * depth
    assert parse(" AND ".join(parts)).comparisons == tuple(comparisons)


@given(st.text(st.sampled_from("""ab_=!<>~()"'\\ 1.-+hANDORn/*,;:$\n\0ä""")) | st.text())
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    with suppress(PredicateError):
        assert isinstance(parse(text), Predicate)


def test_however_deep() -> None:
    deep = 20_000
    assert parse("(" * deep + 'a="1"' + ")" * deep).comparisons == (Comparison("a", True, "1"),)
    assert told("(" * deep + 'a="1"') == "extra ( seen"


# ------------------------------------------------------------------------------------------ what is said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a="1" OR b="2"', "the logical operator OR is not supported yet at position 6"),
        ('a="1" AND (b="2" or c="3")', "the logical operator OR is not supported yet at position 17"),
        ('a=~"1"', 'operator: "=~" at position: 1 is not supported yet'),
        ("host!~/a/", 'operator: "!~" at position: 4 is not supported yet'),
        ('a>"1"', 'invalid operator ">" at position: 1'),
        ("hello", 'invalid operator "EOF" at position: 6'),
        ('"hello"', 'invalid operator "EOF" at position: 7'),
        ("hello ", 'invalid operator "EOF" at position: 7'),
        ('my key="a"', 'invalid operator "KEY" at position: 3'),
        ("host 1", 'invalid operator "" at position: 5'),
        ("host $x", 'invalid operator "" at position: 5'),
        ("host -- x", 'invalid operator "" at position: 5'),
        ("a::b", 'invalid operator "::" at position: 1'),
        ("host?", 'invalid operator "ILLEGAL" at position: 4'),
        ('1="a"', "bad tag key, at position 0"),
        ('a="1" AND b="2" AND', "bad tag key, at position 20"),
        ('a="1" AND b="2" AND AND c="3"', "bad tag key, at position 20"),
        ("host=", 'bad tag value: "", at position 5'),
        ("host= ", 'bad tag value: "", at position 7'),
        ("host=$x", 'bad tag value: "$x", at position 5'),
        ("host='a'", 'bad tag value: "a", at position 4'),
        ('host="a', 'bad tag value: "a", at position 4'),
        ('host="a\nb"', 'bad tag value: "a", at position 4'),
        ('host="a\\x"', 'bad tag value: "\\\\x", at position 8'),
        ("host='a\tb'", 'bad tag value: "a\\tb", at position 4'),
        ("host= ~", 'bad tag value: "~", at position 6'),
        ("host=--1", 'bad tag value: "", at position 5'),
        ("host=AND", 'bad tag value: "", at position 5'),
        ("a=b;", "bad logical expression, at position 3"),
        ("a=b\n ;", "bad logical expression, at position 1"),
        ("'a'=b", "bad logical expression, at position 0"),
        ("a=b AND 'c'=d", "bad logical expression, at position 7"),
        ("1h=b", "bad logical expression, at position 0"),
        ("/* x", "bad logical expression, at position 0"),
        ("ä=b", "bad logical expression, at position 0"),
        ("(", "extra ( seen"),
        ('(a="b"', "extra ( seen"),
        (")", "extra ) seen"),
        ('a="b"))', "extra ) seen"),
        ("a=b c=d", "the logical operator 0 is invalid"),
        ("(a=b) (c=d)", "the logical operator 0 is invalid"),
        ("  ", "*found EOF, expected identifier, string, number, bool at line 1, char 4"),
        ("AND", "*found AND, expected identifier, string, number, bool at line 1, char 1"),
        ("\nAND a=b", "*found AND, expected identifier, string, number, bool at line 2, char 1"),
        ("()", "*found ), expected identifier, string, number, bool at line 1, char 2"),
        ('host="a" AND', "*found EOF, expected identifier, string, number, bool at line 1, char 14"),
        ('host="a" AND ()', "*found ), expected identifier, string, number, bool at line 1, char 15"),
        ("name=x", "*found NAME, expected identifier, string, number, bool at line 1, char 1"),
        ("(a=b ())", "*found (, expected ) at line 1, char 6"),
        ("host=now(AND)", "*found AND, expected identifier, string, number, bool at line 1, char 10"),
        ("host=-true", "*found TRUE, expected identifier, number, duration, ( at line 1, char 7"),
        ("host=- -1", "*found -, expected identifier, number, duration, ( at line 1, char 8"),
        ("host=1e5", "*invalid duration"),
        ("host=1h1", "*invalid duration"),
        ("host=18446744073709551616", "*unable to parse integer at line 1, char 6"),
    ],
)
def test_what_is_said_of_what_is_no_predicate(text: str, words: str) -> None:
    assert told(text) == words


# ------------------------------------------------------------------------------------------ what it means


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ('_measurement="cpu"', True),
        ('_measurement="mem"', False),
        ('_measurement!="mem"', False),  # nothing fits that
        ('host="a"', True),
        ('host="b"', False),
        ('host!="a"', False),
        ('host!="b"', True),
        ('rack="1"', False),
        ('rack=""', False),
        ('rack!="1"', False),  # a series without the tag
        ('_measurement="cpu" AND host="a"', True),
        ('_measurement="cpu" AND host="b"', False),
        ('host="a" AND host="b"', False),
        ("n=1", True),
        ("n=1.0", False),
        ('_field="v"', True),  # told apart
    ],
)
def test_which_series_it_means(text: str, fits: bool) -> None:
    assert parse(text).matches("cpu", (("host", "a"), ("n", "1"))) is fits
    assert parse(text).matches("cpu", {"host": "a", "n": "1"}) is fits


def test_which_fields_it_means() -> None:
    assert parse('host="a"').takes("v")
    assert parse('_field="v" AND host="a"').fields == (Comparison("_field", True, "v"),)
    assert parse('_field="v"').takes("v")
    assert not parse('_field="v"').takes("w")
    assert not parse('_field="v" AND _field="w"').takes("v")
    assert not parse('_field!="v"').takes("w")


def test_it_can_be_shown() -> None:
    assert re.fullmatch(r"Predicate\(.*host.*\)", repr(parse('host="a"')))
