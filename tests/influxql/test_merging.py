"""Sorted streams in one, in the order of Go's heap."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from mockflux.influxql.merging import drain_order, merge


def test_what_is_equal_comes_as_the_heap_gives_it_away() -> None:
    streams = [[(0, name)] for name in "abcde"]
    merged = merge(streams, lambda one, other: one[0] < other[0])
    assert [name for _, name in merged] == ["a", "e", "d", "c", "b"]
    assert drain_order(5) == [0, 4, 3, 2, 1]
    assert drain_order(0) == []


@given(st.lists(st.lists(st.integers(0, 9)).map(sorted), max_size=6))
def test_all_is_there_and_sorted(streams: list[list[int]]) -> None:
    assert list(merge(streams, lambda one, other: one < other)) == sorted(chain.from_iterable(streams))
