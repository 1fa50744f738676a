"""Profiles are kept as long as none of their files changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mockflux.profile import load_profile

Write = Callable[..., Path]

PARENT = '[edition]\nid = "parent"\nextends = "v2-oss"\n'
CHILD = '[edition]\nid = "child"\nextends = "parent"\n'


def limit(path: Path) -> int:
    return load_profile(path).settings.write["v2-write"].string_limit


def test_a_parent_that_is_edited_counts(write: Write) -> None:
    parent = write(PARENT + "[write]\nstring_limit = 5\n", "parent.toml")
    child = write(CHILD)
    assert limit(child) == 5
    kept = load_profile(child)
    assert load_profile(child) is kept
    write(PARENT + "[write]\nstring_limit = 7\n", "parent.toml")
    os.utime(parent, ns=(1, 1))  # even where the clock of the file system is coarse
    assert limit(child) == 7
    assert kept.settings.write["v2-write"].string_limit == 5


def test_a_parent_that_comes_between_counts(write: Write) -> None:
    child = write('[edition]\nid = "child"\nextends = "v2-oss"\n')
    assert limit(child) == 1_048_576
    write('[edition]\nid = "mine"\nextends = "v2-base"\nstanding = "documented"\n', "v2-oss.toml")
    with pytest.raises(ValueError, match="missing"):
        load_profile(child)


@pytest.mark.parametrize("value", [True, 1.0])
def test_values_that_are_equal_are_not_the_same(value: object) -> None:
    assert load_profile("v2-oss", {"max_body": 1}).settings.limits.body == 1
    with pytest.raises(ValueError, match="expected a whole number, 0 or more, got"):
        load_profile("v2-oss", {"max_body": value})
