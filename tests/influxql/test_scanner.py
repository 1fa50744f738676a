"""Characters to tokens, with the places that messages tell."""

from __future__ import annotations

import pytest

from mockflux.influxql.scanner import Scanner
from mockflux.influxql.tokens import quote_ident, quote_string


def scanned(text: str) -> list[tuple[str, str, tuple[int, int]]]:
    """Kind, literal and place of all tokens, blanks left out, the end included."""
    scanner = Scanner(text)
    tokens = []
    while True:
        token = scanner.token()
        if token.kind != "WS":
            tokens.append((token.kind, token.text, scanner.place(token.at)))
        if token.kind == "EOF":
            return tokens


@pytest.mark.parametrize(
    ("text", "kind", "literal"),
    [
        ("abc_1", "IDENT", "abc_1"),
        ('"a b"', "IDENT", "a b"),
        (r'"a\"b\\\n"', "IDENT", 'a"b\\\n'),
        ('abc"def"', "IDENT", "def"),
        ("select", "SELECT", ""),
        ("SeLeCt", "SELECT", ""),
        ('"select"', "IDENT", "select"),
        ("'it\\'s'", "STRING", "it's"),
        ("''", "STRING", ""),
        ("'abc", "BADSTRING", "abc"),
        ("'a\nb'", "BADSTRING", "a"),
        (r"'\q'", "BADESCAPE", r"\q"),
        ("100", "INTEGER", "100"),
        ("100.25", "NUMBER", "100.25"),
        (".5", "NUMBER", ".5"),
        ("1.", "NUMBER", "1"),
        ("1h30m", "DURATIONVAL", "1h30m"),
        ("10µ", "DURATIONVAL", "10µ"),
        ("5ns", "DURATIONVAL", "5ns"),
        ("1q9", "DURATIONVAL", "1q9"),
        ("$a", "BOUNDPARAM", "$a"),
        ('$"a b"', "BOUNDPARAM", "$a b"),
        ("$", "BOUNDPARAM", "$"),
        ("<>", "!=", ""),
        ("=~", "=~", ""),
        ("::", "::", ""),
        ("!", "ILLEGAL", "!"),
        ("π", "ILLEGAL", "π"),
        ("-- to the end", "COMMENT", ""),
        ("/* here */", "COMMENT", ""),
        ("/* **/", "COMMENT", ""),
        ("/* open", "ILLEGAL", ""),
    ],
)
def test_token(text: str, kind: str, literal: str) -> None:
    assert scanned(text)[0][:2] == (kind, literal)


def test_places_count_lines_and_characters_from_1() -> None:
    assert [place for *_, place in scanned("a\n  é b\r\n\rc d")] == [(1, 1), (2, 3), (2, 5), (4, 1), (4, 3), (4, 5)]


def test_a_string_is_placed_before_its_quote_and_a_bad_escape_where_it_is() -> None:
    assert scanned("a = 'x'")[2][2] == (1, 4)
    assert scanned(r"a = 'x\q'")[2][2] == (1, 8)


@pytest.mark.parametrize(
    ("text", "place"), [("a", (1, 3)), ("a ", (1, 4)), ("'a'", (1, 4)), ("1", (1, 2)), ("", (1, 1))]
)
def test_the_end_lies_one_further_where_it_has_been_looked_at(text: str, place: tuple[int, int]) -> None:
    assert scanned(text)[-1][2] == place


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("/a b/", "a b"),
        (r"/a\/b/", "a/b"),
        (r"/\d\\a/", r"\d\\a"),
        (r"/\\/a/", r"\/a"),
        ("//", ""),
        ("/a", None),
        ("/a\n/", None),
    ],
)
def test_regular_expression(text: str, pattern: str | None) -> None:
    token = Scanner(text + " x").regex() if pattern is not None else Scanner(text).regex()
    assert token[::2] == (("REGEX", pattern) if pattern is not None else ("BADREGEX", ""))


def test_names_are_quoted_where_they_could_not_be_read_bare() -> None:
    names = ["a", "a b", "select", "1a", "", 'x"y']
    assert [quote_ident(name) for name in names] == ["a", '"a b"', '"select"', '"1a"', '""', r'"x\"y"']
    assert quote_ident("db", "rp", "m") == '"db"."rp".m'
    assert quote_ident("db", "", "m") == '"db"..m'
    assert quote_string("it's\n\\") == r"'it\'s\n\\'"
