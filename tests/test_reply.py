"""JSON and quoting as Go and Rust write them; Reply."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.lineprotocol import to_text
from mockflux.reply import JSON_STYLES, Reply, go_json, go_quote, serde_json


@pytest.mark.parametrize(
    ("text", "go", "serde"),
    [
        ("plain", '"plain"', '"plain"'),
        ('a"b\\c', r'"a\"b\\c"', r'"a\"b\\c"'),
        ("<b>&", r'"\u003cb\u003e\u0026"', '"<b>&"'),
        ("\u2028\u2029", r'"\u2028\u2029"', '"\u2028\u2029"'),
        ("\n\r\t", r'"\n\r\t"', r'"\n\r\t"'),
        ("\b\f", r'"\b\f"', r'"\b\f"'),
        ("\0\x1f", r'"\u0000\u001f"', r'"\u0000\u001f"'),
        ("\x7f", '"\x7f"', '"\x7f"'),
        ("é日😀", '"é日😀"', '"é日😀"'),
        (to_text(b"a\xffb"), r'"a\ufffdb"', '"a\ufffdb"'),
        (to_text(b"\xe6\x97"), r'"\ufffd\ufffd"', '"\ufffd\ufffd"'),
        ("\ufffd", '"\ufffd"', '"\ufffd"'),
        ("/'", '"/\'"', '"/\'"'),
    ],
)
def test_strings(text: str, go: str, serde: str) -> None:
    assert go_json(text) == go
    assert serde_json(text) == serde


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_both_mean_the_same_text(text: str) -> None:
    for written in (go_json(text), serde_json(text)):
        assert json.loads(written) == text
        written.encode("utf-8")


VALUE = {"b": [1, True, None, {"<": "&"}], "a": {}, "empty": []}


def test_forms() -> None:
    assert go_json(VALUE) == r'{"b":[1,true,null,{"\u003c":"\u0026"}],"a":{},"empty":[]}'
    assert serde_json(VALUE) == '{"b":[1,true,null,{"<":"&"}],"a":{},"empty":[]}'
    assert JSON_STYLES["go-tab"]({"a": {"b": [1]}, "c": [], "d": {}}) == (
        '{\n\t"a": {\n\t\t"b": [\n\t\t\t1\n\t\t]\n\t},\n\t"c": [],\n\t"d": {}\n}'
    )
    assert set(JSON_STYLES) == {"go", "go-1.21", "go-tab", "serde"}


def test_older_go_has_fewer_short_forms() -> None:
    text = '\b\f\n\t\\b"<\x01'
    assert go_json(text) == r'"\b\f\n\t\\b\"\u003c\u0001"'
    assert JSON_STYLES["go-1.21"](text) == r'"\u0008\u000c\n\t\\b\"\u003c\u0001"'


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plant", '"plant"'),
        ("", '""'),
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        ("'<&", '"\'<&"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\0\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("é日😀", '"é日😀"'),
        ("\x80\xa0\xad", r'"\u0080\u00a0\u00ad"'),
        ("\u2028\u200b\ufeff", r'"\u2028\u200b\ufeff"'),
        ("\u3000", r'"\u3000"'),
        ("\U000e0001\U0010ffff", r'"\U000e0001\U0010ffff"'),
        (to_text(b"a\xff\xc3("), r'"a\xff\xc3("'),
        ("\ufffd", '"\ufffd"'),
    ],
)
def test_go_s_percent_q(text: str, quoted: str) -> None:
    """strconv.Quote: what is printable stays, of blanks only the plain one."""
    assert go_quote(text) == quoted


def test_headers_of_a_reply() -> None:
    reply = Reply(200, "OK", [("Content-Type", "a"), ("content-type", "b"), ("X-Y", "1")], b'{"a":[1]}', clause="c")
    assert reply.header("CONTENT-TYPE") == "a"
    assert reply.header("x-y") == "1"
    assert reply.header("Vary") is None
    assert reply.json() == {"a": [1]}
    assert (reply.transport, reply.delay, reply.close) == (None, 0.0, False)
    assert repr(reply) == "<Reply 200 OK [c] b'{\"a\":[1]}'>"


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        Reply(200, "OK", [], b"<html>").json()
