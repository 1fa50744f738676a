"""Names of databases: the rules of iox, and those of InfluxDB 3 Core."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockflux.storage import names
from mockflux.storage.names import Fault, database, namespace


def test_by_name() -> None:
    assert dict(names.RULES) == {"namespace": namespace, "database": database}


# ---------------------------------------------------------------- namespace


@pytest.mark.parametrize(
    "name", ["a", "1", "_", "-", "/", "_hidden", "my-db_1/week", "größe", "数据", "a" * 64, "ß" * 32, "a//b/"]
)
def test_a_good_namespace(name: str) -> None:
    assert namespace(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", ("length", 0)),
        ("a" * 65, ("length", 0)),
        ("ß" * 33, ("length", 0)),  # bytes, not characters
        ("." * 65, ("length", 0)),  # before any character is looked at
        ("my db", ("character", 2)),
        (".", ("character", 0)),
        ("größe.1", ("character", 5)),  # characters, not bytes
        ("a\tb\n", ("character", 1)),
        ("a\0", ("character", 1)),
        ('plant"', ("character", 5)),
        ("a🚀", ("character", 1)),
        ("a\udcff", ("character", 1)),
    ],
)
def test_a_bad_namespace(name: str, fault: Fault) -> None:
    assert namespace(name) == fault


@given(st.text(max_size=70))
def test_the_first_bad_character_of_a_namespace_is_told(name: str) -> None:
    fault = namespace(name)
    if fault is not None and fault[0] == "character":
        _, position = fault
        assert not name[position].isalnum()
        assert name[position] not in "/_-"
        assert position == 0 or namespace(name[:position]) is None
    else:
        assert (fault is None) == (1 <= len(name.encode()) <= 64)


# ---------------------------------------------------------------- database


@pytest.mark.parametrize("name", ["a", "1", "A-b_c", "home/week", "0/_", "a/-", "a" * 511])
def test_a_good_database(name: str) -> None:
    assert database(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", ("empty", 0)),
        ("a" * 512, ("too_long", 0)),
        ("_" * 512, ("too_long", 0)),
        ("_internal", ("start", 0)),
        ("-", ("start", 0)),
        ("/week", ("start", 0)),
        (" a", ("start", 0)),
        ("größe", ("unusable", 2)),
        ("ä", ("unusable", 0)),  # that it is not ASCII is asked before where it stands
        ("my db", ("unusable", 2)),
        ("a.b/c/d", ("unusable", 1)),
        ("home/week/day", ("policy", 9)),
        ("home//", ("policy", 5)),
        ("home/", ("policy", 4)),
        ("home/a b/", ("unusable", 6)),  # the first that offends
    ],
)
def test_a_bad_database(name: str, fault: Fault) -> None:
    assert database(name) == fault


@given(st.text(string.ascii_letters + string.digits + "_-/. ä", max_size=30))
def test_a_database_that_passes_has_the_documented_form(name: str) -> None:
    passes = database(name) is None
    head, slash, policy = name.partition("/")
    plain = set(string.ascii_letters + string.digits + "_-")
    documented = (
        bool(name)
        and name[0] in string.ascii_letters + string.digits
        and set(head) | set(policy) <= plain
        and bool(policy) == bool(slash)
    )
    assert passes == documented
