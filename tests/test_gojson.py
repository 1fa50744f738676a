"""JSON as Go reads it: the words of its complaints, and the values."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux.gojson import MAX_DEPTH, GoJsonError, Number, decode, only


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "EOF"),
        (b" \t\r\n", "EOF"),
        (b"{", "unexpected EOF"),
        (b'{"a"', "unexpected EOF"),
        (b'{"a":', "unexpected EOF"),
        (b'{"a":1', "unexpected EOF"),
        (b'{"a":1,', "unexpected EOF"),
        (b"[1,", "unexpected EOF"),
        (b'"abc', "unexpected EOF"),
        (b'"abc\\', "unexpected EOF"),
        (b'"\\u00', "unexpected EOF"),
        (b"tru", "unexpected EOF"),
        (b"-", "unexpected EOF"),
        (b"1.", "unexpected EOF"),
        (b"1e", "unexpected EOF"),
        (b"1e+", "unexpected EOF"),
        (b"hello", "invalid character 'h' looking for beginning of value"),
        (b"[,", "invalid character ',' looking for beginning of value"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b'{"a":}', "invalid character '}' looking for beginning of value"),
        (b"'a'", "invalid character '\\'' looking for beginning of value"),
        (b"\x1f\x8b", "invalid character '\\x1f' looking for beginning of value"),
        (b"\x0b", "invalid character '\\v' looking for beginning of value"),
        (b"\x7f", "invalid character '\\x7f' looking for beginning of value"),
        (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
        (b"\x80", "invalid character '\\u0080' looking for beginning of value"),
        (b"\xad", "invalid character '\\u00ad' looking for beginning of value"),
        (b"\\", "invalid character '\\\\' looking for beginning of value"),
        (b"+1", "invalid character '+' looking for beginning of value"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b"{a", "invalid character 'a' looking for beginning of object key string"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a" 1', "invalid character '1' after object key"),
        (b'{"a":1 "b"', "invalid character '\"' after object key:value pair"),
        (b'{"a":01}', "invalid character '1' after object key:value pair"),
        (b"[1 2", "invalid character '2' after array element"),
        (b"trve", "invalid character 'v' in literal true (expecting 'u')"),
        (b"fals\n", "invalid character '\\n' in literal false (expecting 'e')"),
        (b"nil", "invalid character 'i' in literal null (expecting 'u')"),
        (b'"a\nb"', "invalid character '\\n' in string literal"),
        (b'"a\x00b"', "invalid character '\\x00' in string literal"),
        (b'"\\x"', "invalid character 'x' in string escape code"),
        (b'"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"),
        (b"-a", "invalid character 'a' in numeric literal"),
        (b"1.a", "invalid character 'a' after decimal point in numeric literal"),
        (b"1ex", "invalid character 'x' in exponent of numeric literal"),
        (b"1e+x", "invalid character 'x' in exponent of numeric literal"),
        (b"[" * (MAX_DEPTH + 1), "exceeded max depth"),
    ],
)
def test_what_is_said_of_bad_json(body: bytes, words: str) -> None:
    with pytest.raises(GoJsonError, match=f"^{re.escape(words)}$"):
        decode(body)


def test_only_the_first_value_is_read() -> None:
    assert decode(b' {"a": 1} x') == {"a": 1}
    assert decode(b"12x") == 12
    assert decode(b"01") == 0
    assert decode(b'"a"]') == "a"


def test_nothing_may_stand_behind_a_value_that_is_the_only_one() -> None:
    assert only(b" [1] \n") == [1]
    with pytest.raises(GoJsonError, match=r"^invalid character 'x' after top-level value$"):
        only(b"{} x")
    for body in (b"", b"  ", b"{"):
        with pytest.raises(GoJsonError, match=r"^unexpected end of JSON input$"):
            only(body)
    with pytest.raises(GoJsonError, match=r"^invalid character 'x' looking"):
        only(b"x")


def test_of_two_values_for_a_key_the_last_counts() -> None:
    assert decode(b'{"a":1,"b":2,"a":3}') == {"a": 3, "b": 2}
    assert list(decode(b'{"a":1,"b":2,"a":3}')) == ["b", "a"]


def test_numbers_are_exact() -> None:
    assert decode(b"9223372036854775807") == 2**63 - 1
    assert decode(b"-0") == 0
    value = decode(b"1.50")
    assert isinstance(value, Number)
    assert (value, value.text) == (1.5, "1.50")
    assert isinstance(decode(b"9" * 5_000), float)


def test_what_is_no_character_becomes_a_replacement() -> None:
    assert decode(b'"a\xff\xfe"') == "a��"
    assert decode(b'"\\ud800"') == "�"
    assert decode(b'"\\ud83d\\ude00"') == "😀"
    assert decode(b'"\xed\xa0\x80"') == "���"


def test_as_deep_as_go_goes() -> None:
    value = decode(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    depth = 1
    while value:
        value, depth = value[0], depth + 1
    assert depth == MAX_DEPTH


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_what_python_writes_is_read(value: Any, ascii: bool, indent: int | str | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    assert decode(text.encode()) == json.loads(text)
    assert only(text.encode()) == json.loads(text)


@given(st.text(st.sampled_from('{}[]",:\\ untrfalse0123.-+eE\n')) | st.text())
def test_what_python_reads_is_read_and_nothing_else(text: str) -> None:
    body = text.encode("utf-8", "replace")

    def refuse(constant: str) -> Any:
        raise ValueError(constant)  # NaN and Infinity are Python's own

    try:
        expected = json.loads(body.decode(), parse_constant=refuse)
    except ValueError:
        with pytest.raises(GoJsonError):
            only(body)
    else:
        assert only(body) == expected


@given(VALUES, st.data())
def test_what_is_cut_off_is_an_unexpected_end(value: Any, data: st.DataObject) -> None:
    text = json.dumps([value]).encode()
    end = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(GoJsonError, match=r"^unexpected EOF$"):
        decode(text[:end])
