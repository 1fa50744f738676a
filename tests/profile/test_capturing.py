"""Expressions that find one thing: their only group has to take part in every match."""

from __future__ import annotations

import pytest

from mockflux.profile.capturing import Capturing


@pytest.mark.parametrize(
    "pattern",
    [
        "(a)", "(?i)DATABASE (a|b)", "(a?)", "(?P<name>a)", "(?:a|b)?(c)", "(?:a(b)c)+", "(?:(a)){1,2}", "(a)+?x?",
        r"\(?(a)\|", "[(|)](a)", r"[](](a)", "[^]|](a)", "(?=(a))", "(?!b)(a)", "(a)(?#|)b", "(?P<x>a)(?P=x)",
        "(a){0x", "(a){}", "((?:b|c)?d)",
    ],
)  # fmt: skip
def test_one_group_that_takes_part(pattern: str) -> None:
    assert Capturing().fits(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "a", "(?:a)", r"\(a\)", "[(a)]", "(a)(b)", "((a)b)", "(a)?", "(a)*", "(a)??", "(a){0,2}", "(a){,2}", "(a){0}",
        "(a){,}", "(a)|b", "b|(a)", "(?:(a)|b)c", "(?:(a)b)?c", "(?:(?:(a)b)c)*", "(?!(a))b", "(?<!(a))b", "(",
        "(?x)(a) ?", "(a)(?#c)?", 1,
    ],
)  # fmt: skip
def test_none_or_one_that_may_be_left_out(pattern: object) -> None:
    assert not Capturing().fits(pattern)
