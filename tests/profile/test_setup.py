"""What a world starts with: a bucket of an organization, or a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux import ProfileError
from mockflux.profile import load_profile

Write = Callable[..., Path]

#: An edition with databases.
LAKE = (Path(__file__).parents[1] / "data/lake.toml").read_text(encoding="utf-8")


def test_a_bucket_as_before() -> None:
    setup = load_profile("v2-oss").settings.setup
    assert (setup.org, setup.bucket, setup.database) == ("my-org", "my-bucket", None)
    assert (setup.scoped_tokens, setup.makes_target, setup.token_form) == (True, False, "v2")


def test_a_child_does_without_what_its_parent_has(write: Write) -> None:
    setup = load_profile(write(LAKE)).settings.setup
    assert (setup.org, setup.bucket, setup.user, setup.password) == (None,) * 4
    assert (setup.database, setup.token, setup.read_token) == ("my-database", "my-token", "my-read-token")


@pytest.mark.parametrize(
    ("more", "key", "problem"),
    [
        ('database = ""', "database", "missing key; expected a database, or bucket and org"),
        ('bucket = "b"\norg = "o"', "database", 'there is a bucket; expected one of them, the other as ""'),
        ('bucket = "b"\ndatabase = ""', "org", "missing key; expected the organization of the bucket"),
        ('org = "o"', "org", 'databases belong to no organization; expected ""'),
        ("system_buckets = true", "system_buckets", "there are no buckets; expected false"),
        ('user = "u"', "password", "missing key; expected the password of the user"),
        ('password = "p"', "user", "missing key; expected the user whose password there is"),
        ("scoped_tokens = false", "scoped_tokens", "there is a read_token; expected true"),
        ('read_token = "my-token"', "read_token", "the same as setup.token; expected another value"),
        (
            'bucket = "b"\norg = "o"\ndatabase = ""\nmakes_target = true',
            "makes_target",
            "there is a bucket; expected false, or a database",
        ),
        ('token_form = "jwt"', "token_form", "expected one of v2, apiv3, got 'jwt'"),
        ('token = ""', "token", "expected visible ASCII characters without blanks, got ''"),
    ],
)
def test_a_set_up_that_cannot_be_made(write: Write, more: str, key: str, problem: str) -> None:
    write(LAKE, "lake.toml")
    child = write(f'[edition]\nid = "mine"\ntitle = "Mine"\nextends = "lake"\n[setup]\n{more}\n')
    with pytest.raises(ProfileError) as caught:
        load_profile(child)
    assert (caught.value.file, caught.value.key) == ("mine.toml" if key in more else "lake.toml", f"setup.{key}")
    assert caught.value.problem == problem
