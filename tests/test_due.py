"""What falls due, in which order, at which time."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockflux.clock import Clock
from mockflux.due import Due

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Log(list[tuple[str, int]]):
    """What was done, and the time that it was told."""

    def note(self, name: str) -> Callable[[int], None]:
        return lambda at: self.append((name, at))


def test_runs_what_is_due_in_order_and_leaves_the_rest() -> None:
    due, log = Due(), Log()
    for name, at in [("c", 30), ("a", 10), ("late", 31), ("b", 20)]:
        due.add(at, log.note(name), name)
    assert due.next == 10
    assert due.run(30) == 3
    assert log == [("a", 10), ("b", 20), ("c", 30)]
    assert [entry.label for entry in due.pending()] == ["late"]
    assert due.next == 31
    assert due.run(30) == 0


def test_an_empty_one_has_no_next() -> None:
    due = Due()
    assert due.next == math.inf
    assert len(due) == 0
    assert due.pending() == []
    assert due.run(10**20) == 0
    assert due.settle() == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30), st.integers(0, 5))
def test_order_is_by_time_then_by_arrival(plan: list[tuple[int, bool]], now: int) -> None:
    due, log = Due(), Log()
    for number, (at, settles) in enumerate(plan):
        due.add(at, log.note(str(number)), str(number), settles=settles)
    expected = sorted(((str(number), at) for number, (at, _) in enumerate(plan)), key=lambda item: item[1])
    assert [(entry.label, entry.at) for entry in due.pending()] == expected
    assert due.next == (expected[0][1] if expected else math.inf)
    assert due.run(now) == len(log)
    assert log == [item for item in expected if item[1] <= now]
    rest = [item for item in expected if item[1] > now]
    assert [(entry.label, entry.at) for entry in due.pending()] == rest
    assert len(due) == len(rest)
    settling = {str(number) for number, (_, settles) in enumerate(plan) if settles}
    log.clear()
    assert due.settle() == len(log)
    assert log == [item for item in rest if item[0] in settling]
    assert [entry.label for entry in due.pending()] == [name for name, _ in rest if name not in settling]


def test_what_entries_add_is_run_in_its_place() -> None:
    due, log = Due(), Log()

    def spawn(at: int) -> None:
        log.append(("spawn", at))
        due.add(at, log.note("same time"), "")
        due.add(at + 5, log.note("child"), "")
        due.add(at + 50, log.note("too late"), "")

    due.add(10, spawn, "")
    due.add(10, log.note("second"), "")
    due.add(20, log.note("third"), "")
    assert due.run(40) == 5
    assert log == [("spawn", 10), ("second", 10), ("same time", 10), ("child", 15), ("third", 20)]


def test_a_cancelled_entry_does_not_run() -> None:
    due, log = Due(), Log()
    first = due.add(1, log.note("first"), "first")
    second = due.add(2, log.note("second"), "second", settles=False)
    assert due.cancel(first)
    assert not due.cancel(first)
    assert due.next == 2
    due.run(5)
    assert log == [("second", 2)]
    assert not due.cancel(second)


def test_an_entry_that_raises_is_gone_and_the_others_stay() -> None:
    due, log = Due(), Log()

    def fail(at: int) -> None:
        raise OSError(f"at {at}")

    due.add(1, log.note("before"), "")
    due.add(2, fail, "")
    due.add(3, log.note("after"), "")
    with pytest.raises(OSError, match="at 2"):
        due.run(10)
    assert log == [("before", 1)]
    assert due.next == 3
    assert due.run(10) == 1
    assert log == [("before", 1), ("after", 3)]


def test_settle_does_early_what_is_only_late() -> None:
    due, log = Due(), Log()
    due.add(10**18, lambda at: due.add(at + 10**18, log.note("its child"), ""), "")
    due.add(5, log.note("expiry"), "", settles=False)
    due.add(7, log.note("queued"), "")
    assert due.settle() == 3
    assert log == [("queued", 7), ("its child", 2 * 10**18)]
    assert due.next == 5


def test_settle_stops_at_a_chain_without_end() -> None:
    due = Due()

    def again(at: int) -> None:
        due.add(at + 1, again, "heartbeat")

    due.add(0, again, "heartbeat")
    due.add(0, lambda _: None, "task", settles=False)
    with pytest.raises(RuntimeError, match="'heartbeat' and the like keep adding new entries"):
        due.settle()
    assert [entry.label for entry in due.pending()] == ["task", "heartbeat"]


def test_an_entry_may_look_at_the_world_itself() -> None:
    due, log = Due(), Log()
    due.add(1, lambda at: due.run(2), "")
    due.add(2, log.note("inner"), "")
    due.add(3, log.note("outer"), "")
    due.run(3)
    assert log == [("inner", 2), ("outer", 3)]


@pytest.mark.parametrize("mode", ["frozen", "real"])
def test_the_clock_goes_along_from_one_to_the_next(mode: Literal["frozen", "real"]) -> None:
    clock, due = Clock(mode), Due()
    clock.on_advance = lambda target: due.run(target, step=clock.step_to)
    began = clock.now()
    shown: list[tuple[int, int]] = []
    for seconds in (3000, 1000, 2000, 9000):
        due.add(began + seconds * 10**9, lambda at: shown.append((at, clock.now())), "")
    clock.advance(6000)
    assert [at - began for at, _ in shown] == [1000 * 10**9, 2000 * 10**9, 3000 * 10**9]
    slack = 0 if clock.frozen else 500 * 10**9  # time runs meanwhile
    assert all(at <= now <= at + slack for at, now in shown)
    assert began + 6000 * 10**9 <= clock.now() <= began + 6000 * 10**9 + slack
    assert len(due) == 1


def test_what_an_entry_adds_on_the_way_sees_the_time_of_its_own() -> None:
    clock, due = Clock(START), Due()
    clock.on_advance = lambda target: due.run(target, step=clock.step_to)
    began = clock.now()
    ticks: list[int] = []

    def tick(at: int) -> None:
        ticks.append(clock.now() - began)
        due.add(clock.now() + 10**9, tick, "tick", settles=False)

    due.add(began + 10**9, tick, "tick", settles=False)
    clock.advance(5)
    assert ticks == [10**9, 2 * 10**9, 3 * 10**9, 4 * 10**9, 5 * 10**9]
    assert due.next == began + 6 * 10**9


def test_an_error_leaves_the_clock_where_it_happened() -> None:
    clock, due = Clock(START), Due()
    clock.on_advance = lambda target: due.run(target, step=clock.step_to)
    began = clock.now()
    due.add(began + 3, lambda at: 1 // 0, "")
    with pytest.raises(ZeroDivisionError):
        clock.advance(1)
    assert clock.now() == began + 3


def test_no_entry_runs_twice_or_beside_another() -> None:
    due = Due()
    busy = threading.Lock()
    done: list[int] = []

    def work(at: int) -> None:
        assert busy.acquire(blocking=False), "two entries at once"
        done.append(at)
        busy.release()

    for at in range(2000):
        due.add(at, work, "")
    ran: list[int] = []
    start = threading.Barrier(8)

    def worker() -> None:
        start.wait()
        ran.append(sum(due.run(now) for now in range(0, 2000, 10)) + due.run(2000))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == list(range(2000))
    assert sum(ran) == 2000


def test_who_comes_while_an_entry_runs_waits_for_it() -> None:
    due = Due()
    started, finished = threading.Event(), threading.Event()

    def slow(at: int) -> None:
        started.set()
        time.sleep(0.05)
        finished.set()

    due.add(1, slow, "")
    thread = threading.Thread(target=due.run, args=(1,))
    thread.start()
    assert started.wait(5)
    due.add(100, lambda at: None, "planned meanwhile, without waiting")
    assert not finished.is_set()
    assert due.next <= 1  # so the usual look at next leads into run()
    assert due.run(1) == 0
    assert finished.is_set()
    thread.join()
    assert due.next == 100
