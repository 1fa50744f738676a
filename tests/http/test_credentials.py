"""Credentials as each door takes them."""

from __future__ import annotations

import base64

import pytest

from mockflux.http import credentials
from mockflux.outcomes import TokenMalformed, TokenMissing
from mockflux.profile import load_profile
from mockflux.request import Request

AUTH = load_profile("v2-oss").settings.auth


def basic(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return f"Basic {base64.b64encode(raw).decode()}"


def read(door: str, header: str | None, **params: str) -> object:
    headers = [] if header is None else [("authorization", header)]
    return credentials.read(Request("POST", "/", headers), AUTH[door], params)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Token abc", "abc"),
        ("Bearer abc", "abc"),
        ("token abc", "abc"),
        ("BEARER abc", "abc"),
        ("Token a b", "a b"),
        ("Token user:abc", "user:abc"),
        ("Token  abc", " abc"),
        (None, TokenMissing()),
        ("", TokenMalformed()),
        ("abc", TokenMalformed()),
        ("Token", TokenMalformed()),
        ("Token ", TokenMalformed()),
        (" Token abc", TokenMalformed()),
        ("Tokenabc", TokenMalformed()),
        ("Token\tabc", TokenMalformed()),
        (basic("user:abc"), TokenMalformed()),
    ],
)
def test_at_v2_write(header: str | None, expected: object) -> None:
    assert read("v2-write", header) == expected


def test_v2_write_reads_nothing_from_the_url() -> None:
    assert read("v2-write", None, u="user", p="abc") == TokenMissing()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Token abc", "abc"),
        ("Token user:abc", "abc"),
        ("Token user:a:b", "a:b"),
        ("token abc", TokenMalformed()),
        ("Bearer abc", TokenMalformed()),
        ("Token a b", TokenMalformed()),
        ("Token  abc", TokenMalformed()),
        (basic("user:abc"), "abc"),
        (basic("user:abc").replace("Basic", "basic"), "abc"),
        (basic("user:a:b"), "a:b"),
        (basic("user:"), ""),
        (basic(":abc"), "abc"),
        (basic("user"), TokenMalformed()),
        (basic(b"user:\xff"), "\udcff"),
        ("Basic !!!", TokenMalformed()),
        ("Basic", TokenMalformed()),
        (None, TokenMissing()),
    ],
)
def test_at_v1_write(header: str | None, expected: object) -> None:
    assert read("v1-write", header) == expected


def test_the_url_beats_the_header_at_v1_write() -> None:
    assert read("v1-write", "Token abc", u="user", p="def") == "def"
    assert read("v1-write", "Token abc", u="", p="def") == "abc"
    assert read("v1-write", "Token abc", u="user", p="") == "abc"


def test_the_first_header_counts() -> None:
    request = Request("POST", "/", [("Authorization", "Token a"), ("authorization", "Token b")])
    assert credentials.read(request, AUTH["v2-write"], {}) == "a"
