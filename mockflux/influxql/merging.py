"""Streams of points merged in the order of a server.

Points of one time have no order of their own, but a server answers them in one that can be told: that of the heap that
it merges series with (Go's container/heap). Tests that compare whole answers see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Item(Generic[T]):
    __slots__ = ("first", "rest")

    def __init__(self, first: T, rest: Iterator[T]) -> None:
        self.first, self.rest = first, rest


def merge(streams: Iterable[Iterable[T]], less: Callable[[T, T], bool]) -> Iterator[T]:
    """The elements of sorted streams in one."""
    heap: list[_Item[T]] = []
    for stream in streams:
        rest = iter(stream)
        for first in rest:
            heap.append(_Item(first, rest))
            break
    for at in reversed(range(len(heap) // 2)):
        _down(heap, at, len(heap), less)
    while len(heap) > 1:
        item = _pop(heap, less)
        yield item.first
        for following in item.rest:
            item.first = following
            heap.append(item)
            _up(heap, len(heap) - 1, less)
            break
    for item in heap:
        yield item.first
        yield from item.rest


def drain_order(count: int) -> list[int]:
    """The order in which a heap gives away that many items, none of which is less than another."""
    items = [_Item(at, iter(())) for at in range(count)]
    return [_pop(items, lambda one, other: False).first for _ in range(count)]


def _pop(heap: list[_Item[T]], less: Callable[[T, T], bool]) -> _Item[T]:
    last = len(heap) - 1
    heap[0], heap[last] = heap[last], heap[0]
    _down(heap, 0, last, less)
    return heap.pop()


def _up(heap: list[_Item[T]], at: int, less: Callable[[T, T], bool]) -> None:
    while at:
        parent = (at - 1) // 2
        if not less(heap[at].first, heap[parent].first):
            break
        heap[at], heap[parent] = heap[parent], heap[at]
        at = parent


def _down(heap: list[_Item[T]], at: int, length: int, less: Callable[[T, T], bool]) -> None:
    while (child := 2 * at + 1) < length:
        if child + 1 < length and less(heap[child + 1].first, heap[child].first):
            child += 1
        if not less(heap[child].first, heap[at].first):
            break
        heap[at], heap[child] = heap[child], heap[at]
        at = child
