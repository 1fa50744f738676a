"""Regular expressions in Go's dialect. What they mean was asked of InfluxDB 1.6.7."""

from __future__ import annotations

import pytest

from mockflux.influxql.errors import NotSimulated
from mockflux.influxql.goregex import check, compiled


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("[", "missing closing ]: `[`"),
        ("a[^", "missing closing ]: `[^`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("(+)", "missing argument to repetition operator: `+`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a*?+", "invalid nested repetition operator: `*?+`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{3,1}", "invalid repeat count: `{3,1}`"),
        ("(a{0,1000}){0,1000}", "invalid repeat count: `{0,1000}`"),
        ("((a{100}){100}){100}", "invalid repeat count: `{100}`"),
        ("((a{7}){11,}){13}", "invalid repeat count: `{13}`"),
        ("(b|(?:a{501}c)+d){1,2}?e", "invalid repeat count: `{1,2}?`"),
        ("((a{0,}){400}){3}", "invalid repeat count: `{3}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\pX", r"invalid character class range: `\pX`"),
        (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
        (r"\q", r"invalid escape sequence: `\q`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\xg.", r"invalid escape sequence: `\xg.`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("(?<n>a)", "invalid or unsupported Perl syntax: `(?<`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        ("(?P<a b>c)", "invalid named capture: `(?P<a b>`"),
    ],
)
def test_complaint(pattern: str, what: str) -> None:
    assert check(pattern) == f"error parsing regexp: {what}"


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("a", ["a", "ba"], ["b"]),
        ("^a$", ["a"], ["ab", "a\n"]),
        ("(?m)^a$", ["a", "b\na"], ["ab"]),
        ("a.b", ["a-b"], ["a\nb"]),
        ("(?s)a.b", ["a\nb"], []),
        ("(?i)É", ["é"], ["e"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        ("a(?i)b|c", ["aB", "C"], ["AB"]),
        ("(a(?i)b)c", ["aBc"], ["aBC"]),
        ("x{,3}", ["x{,3}"], ["x", "xx"]),
        ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
        (r"^\d$", ["1"], ["١"]),
        (r"^\w$", ["_"], ["é"]),
        (r"^\pL$", ["é"], ["1"]),
        (r"^\P{Lu}$", ["a"], ["A"]),
        ("^[[:alpha:]-]$", ["a", "-"], ["1"]),
        ("^[[:^alpha:]]$", ["1"], ["a"]),
        (r"^[^\d]$", ["a", "\n"], ["1"]),
        (r"^[\D]$", ["a"], ["1"]),
        ("^[]a]$", ["]", "a"], ["b"]),
        (r"^\x41\x{e9}\101$", ["AéA"], []),
        (r"^\Qa.b\E+$", ["a.b", "a.bb"], ["axb"]),
        (r"a\z", ["ba"], ["ab"]),
        (r"\bx\b", ["a x b", "éx"], ["axb"]),
        ("(?P<n>a)|b", ["a", "b"], ["c"]),
        ("", ["", "a"], []),
        ("a||b", ["x"], []),
        ("(?U)a+", ["aa"], ["b"]),
    ],
)
def test_meaning(pattern: str, fits: list[str], does_not: list[str]) -> None:
    assert check(pattern) == ""
    assert [text for text in [*fits, *does_not] if compiled(pattern).search(text)] == fits


@pytest.mark.parametrize(
    "pattern",
    [
        "((a{10}){10}){10}",
        "a{1000}b{1000}",
        "(a{500}|b{400}c{300}){2}",
        "((a{1000}){0}){2}",
        "(a{1000}){1}",
        "(a{1000})*",
    ],
)
def test_repetitions_that_are_not_too_many(pattern: str) -> None:
    assert check(pattern) == ""


def test_scripts_are_known_and_not_simulated() -> None:
    assert check(r"\p{Greek}") == ""
    with pytest.raises(NotSimulated, match="Greek"):
        compiled(r"\p{Greek}")


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|a)*$", "(h*o*)*x", "^(a?){28}a{28}$", "(?:x{1,3}y)+"])
def test_repetitions_within_repetitions_are_tried_on_short_texts_only(pattern: str) -> None:
    with pytest.raises(NotSimulated, match="repetitions within repetitions"):
        compiled(pattern).search("a" * 100)


def test_short_texts_are_tried() -> None:
    assert compiled("(a+)+$").search("baa")
    assert compiled("^(a|a)*$").search("b") is None
    with pytest.raises(NotSimulated):  # so many repetitions that even a short text takes long
        compiled("^(a?){28}a{28}$").search("a")


@pytest.mark.parametrize("pattern", ["a+b*c?", "(ab)+", "(?:a{3})+", "[a-z]{2,5}", "(a)(b)*", "(x?)?", "^.*$"])
def test_others_are_tried_on_any(pattern: str) -> None:
    assert compiled(pattern).search("abaaa" * 100)
