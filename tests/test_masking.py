"""Masks: nothing that could be a secret is shown, and nothing else is lost."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest

from mockflux import Server, masking
from mockflux.masking import (
    mask,
    mask_header,
    mask_request_line,
    mask_target,
    secrets_of,
    target_without_secrets,
    without_secrets,
)


@pytest.mark.parametrize(
    ("secret", "masked"), [("my-secret-token", "…en"), ("12345678", "…78"), ("1234567", "…"), ("", "…")]
)
def test_a_mask(secret: str, masked: str) -> None:
    assert mask(secret) == masked


@pytest.mark.parametrize(
    ("header", "masked"),
    [
        (("Authorization", "Token my-secret-token"), "Token …en"),
        (("authorization", "Bearer my-secret-token"), "Bearer …en"),
        (("AUTHORIZATION", "Basic dXNlcjpwYXNzd29yZA=="), "Basic …ZA"),
        (("Authorization", "tOkEn my-secret-token"), "tOkEn …en"),
        (("Authorization", 'Digest username="me", response="secret"'), 'Digest …t"'),
        (("Proxy-Authorization", "Basic dXNlcjpwYXNzd29yZA=="), "Basic …ZA"),
        (("Authorization", "my-secret-token"), "…en"),
        (("Authorization", "my-secret-token x"), "… x"),
        (("Authorization", "Token:my-secret-token"), "…en"),
        (("Authorization", "Token:my-secret-token x"), "… x"),
        (("Authorization", "Token  my-secret-token"), "…en"),
        (("Authorization", "Token\tmy-secret-token"), "…en"),
        (("Authorization", "Token my-secret-token and more"), "Token …re"),
        (("Authorization", "Token"), "…"),
        (("Authorization", ""), ""),
        (("Cookie", "influxdb-oss-session=abcdefgh"), "…gh"),
        (("Cookie", "Token abcdefgh"), "…gh"),
        (("Set-Cookie", "influxdb-oss-session=abcdefgh"), "…gh"),
        (("X-Influx-Token", "my-secret-token"), "…en"),
        (("X-Api-Key", "my-secret-token"), "…en"),
        (("Content-Type", "text/plain; charset=utf-8"), "text/plain; charset=utf-8"),
        (("X-Any", "a\tb"), "a\tb"),
        (("X-Any", "a\rAuthorization: Token my-secret-token"), "a…"),
    ],
)
def test_headers(header: tuple[str, str], masked: str) -> None:
    assert mask_header(header) == (header[0], masked)


def test_names_that_are_none() -> None:
    assert mask_header(("Authorization Token my-secret-token", "a")) == ("Authorization…", "…")
    assert mask_header(("X Y", "a")) == ("X…", "a")


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        ("/write?db=a&u=me&p=my-secret-token", "/write?db=a&u=me&p=…en"),
        ("/write?p=my-secret-token&db=a", "/write?p=…en&db=a"),
        ("/write?p=my%2Dsecret%2Dtok%65n", "/write?p=…en"),
        ("/write?token=my-secret-token", "/write?token=…en"),
        ("/write?access_token=my-secret-token", "/write?access_token=…en"),
        ("/write?Password=my-secret-token&P=my-secret-token", "/write?Password=…en&P=…en"),
        ("/write?%70=my-secret-token", "/write?%70=…en"),
        ("/write?%74oKE%4e=my-secret-token", "/write?%74oKE%4e=…en"),
        ("/write?db=a;p=my-secret-token&x=y", "/write?db=a;p=…en&x=y"),
        ("/write?p=my-secret;token#too&x=y", "/write?p=…oo&x=y"),
        ("/write?p=my=secret=token", "/write?p=…en"),
        ("/write?p=abc&p=my-secret-token", "/write?p=…&p=…en"),
        ("/write?rp=my-policy-of-old&up=my-other-value", "/write?rp=my-policy-of-old&up=my-other-value"),
        ("/write?db=p=my-policy", "/write?db=p=my-policy"),
        ("/write?u=my-user-name", "/write?u=my-user-name"),
        ("http://me:my-secret-token@host:80/write?db=a", "http://me:…en@host:80/write?db=a"),
        ("http://me:my-secret@token@host/write", "http://me:…en@host/write"),
        ("http://my-secret-token@host/write", "http://…en@host/write"),
        ("me:my-secret-token@host:80", "me:…en@host:80"),
        ("http://host/a@b?c=d@e", "http://host/a@b?c=d@e"),
        ("/a@b?c=d:e@f", "/a@b?c=d:e@f"),
        ("/ping", "/ping"),
        ("*", "*"),
        ("", ""),
    ],
)
def test_targets(target: str, masked: str) -> None:
    assert mask_target(target) == masked


@pytest.mark.parametrize(
    ("method", "target", "masked"),
    [
        ("GET", "/ping", ("GET", "/ping")),
        ("get", "/ping", ("get", "/ping")),
        ("OPTIONS", "*", ("OPTIONS", "*")),
        ("CONNECT", "host:443", ("CONNECT", "host:443")),
        ("GET", "api/v2/write?token=my-secret-token", ("GET", "api/v2/write?token=…en")),
        ("Authorization:", "Token", ("…", "…")),
        ("Token", "my-secret-token", ("Token", "…en")),
        ("TOKEN", "my-secret-token", ("TOKEN", "…en")),
        ("Bearer", "/my-secret-token", ("Bearer", "…en")),
        ("Token-my-secret", "GET", ("…", "…")),
        ("mysecrettokenofletters", "", ("…", "")),
        ("my-secret-token", "/ping", ("…", "/ping")),
        ("\x16\x03\x01", "", ("…", "")),
        ("", "", ("…", "")),
    ],
)
def test_request_lines(method: str, target: str, masked: tuple[str, str]) -> None:
    assert mask_request_line(method, target) == masked


# ---------------------------------------------------------------- known secrets


def test_known_secrets() -> None:
    text = "of first-secret, 1st, first-secret-and-more and FIRST-SECRET"
    assert without_secrets(text, ["first-secret", "1st", "first-secret-and-more", ""]) == (
        "of …et, 1st, …re and FIRST-SECRET"
    )
    assert without_secrets(text, ()) == text


@pytest.mark.parametrize(
    "written",
    [
        'a/b+c "ü"==',
        "a%2Fb%2Bc%20%22%C3%BC%22%3D%3D",
        "a/b%2Bc%20%22%C3%BC%22%3D%3D",
        "a%2Fb%2Bc+%22%C3%BC%22%3D%3D",
        'a/b+c "Ã¼"==',
        r"a/b+c \"ü\"==",
        r"a/b+c \"\u00fc\"==",
    ],
)
def test_known_secrets_as_they_may_be_written(written: str) -> None:
    assert without_secrets(f"<{written}>", ['a/b+c "ü"==']) == '<…ü">'


def test_known_secrets_in_a_target() -> None:
    secrets = ["my-secret-token=="]
    for written in ("my-secret-token==", "my-secret-token%3D%3d", "%6dy-secret-token=%3D"):
        assert target_without_secrets(f"/a/{written}/b?c=%20d&e={written}&f=+", secrets) == "/a/…en/b?c=%20d&e=…en&f=+"
    assert target_without_secrets("/a?b=%20c", secrets) == "/a?b=%20c"


def test_what_a_server_knows() -> None:
    server = Server("v2-oss", token="my-secret-token", password="my-password")
    made = server.create_token(write="my-bucket")
    assert {"my-secret-token", "my-password", made} <= set(secrets_of(server.world.catalog))


def test_a_short_secret_is_masked_as_a_word_alone() -> None:
    """A bucket may be named with a word that a token consists of, and a User-Agent too."""
    text = "bucket=my-token-readings my_my-token influxdb-client/1.50 'my-token' token=my-token&a=influxdb"
    assert without_secrets(text, ["my-token", "influxdb"]) == (
        "bucket=my-token-readings my_my-token influxdb-client/1.50 '…en' token=…en&a=…db"
    )


def test_what_ends_in_padding_can_be_told_apart() -> None:
    first, second = (mask_header(("Authorization", f"Token {token}"))[1] for token in ("abcdefgh12==", "abcdefgh34=="))
    assert (first, second) == ("Token …12", "Token …34")


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("CREATE USER bob WITH PASSWORD 'hunter2xyz'", "CREATE USER bob WITH PASSWORD '…yz'"),
        ("set password for bob = 'x'", "set password for bob = '…'"),
        ("SHOW USERS; CREATE USER e WITH PASSWRD 'mistyped-3' x", "SHOW USERS; CREATE USER e WITH PASSWRD '…-3' x"),
        (r"SET PASSWORD FOR e = 'it\'s-secret'; SHOW USERS", "SET PASSWORD FOR e = '…et'; SHOW USERS"),
        ("CREATE USER e WITH PASSWORD 'never-closed", "CREATE USER e WITH PASSWORD '…ed'"),
        ("SELECT * FROM m WHERE host = 'a-long-name'", "SELECT * FROM m WHERE host = 'a-long-name'"),
    ],
)  # fmt: skip
def test_passwords_in_statements(statement: str, shown: str) -> None:
    masked = masking.mask_target(f"/query?db=mydb&q={quote(statement)}&p=secretpw99")
    assert unquote(masked) == f"/query?db=mydb&q={shown}&p=…99"
