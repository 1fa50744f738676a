"""Query strings as Go's net/url reads them, errors ignored (url.ParseQuery, URL.Query)."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.http.params import id_fault, id_of, read_go


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "1"}),
        ("a=&a=2", {"a": ""}),
        ("a", {"a": ""}),
        ("=1", {"": "1"}),
        ("&&a=1&", {"a": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {}),
        ("a=1;x&b=2", {"b": "2"}),
        ("a=1%3Bx", {"a": "1;x"}),
        ("a=%&b=2", {"b": "2"}),
        ("a=%2&b=2", {"b": "2"}),
        ("a=%zz&a=2", {"a": "2"}),
        ("%zz=1&b=2", {"b": "2"}),
        ("a=x+y%20z", {"a": "x y z"}),
        ("a+b=1", {"a b": "1"}),
        ("a=%2B", {"a": "+"}),
        ("a=%26%3D", {"a": "&="}),
        ("%61=1", {"a": "1"}),
        ("a=%C3%A9", {"a": "é"}),
        ("a=\u00c3\u00a9", {"a": "é"}),
        ("a=%E9", {"a": "\udce9"}),
        ("A=1&a=2", {"A": "1", "a": "2"}),
        ("a=%00", {"a": "\0"}),
    ],
)
def test_go(query: str, expected: dict[str, str]) -> None:
    assert read_go(query) == expected


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=4))
def test_what_is_well_encoded_is_read_back(values: dict[str, str]) -> None:
    text = {
        key.encode("utf-8", "ignore").decode(): value.encode("utf-8", "ignore").decode()
        for key, value in values.items()
    }
    assert read_go("&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in text.items())) == text


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(max_codepoint=255)))
def test_never_raises(query: str) -> None:
    for name, value in read_go(query).items():
        assert isinstance(name, str)
        assert isinstance(value, str)


@pytest.mark.parametrize(
    ("text", "id", "fault"),
    [
        ("0123456789abcdef", "0123456789abcdef", None),
        ("0123456789ABCDEF", "0123456789abcdef", None),
        ("0000000000000000", None, "digits"),
        ("0123456789abcdeg", None, "digits"),
        ("0123456789abcde", None, "length"),
        ("0123456789abcdef0", None, "length"),
        ("", None, "length"),
        ("0123456789abcde\n", None, "digits"),
    ],
)
def test_ids(text: str, id: str | None, fault: str | None) -> None:
    assert id_of(text) == id
    if fault:
        assert id_fault(text) == fault
