"""The rejections that a world remembers: bounded by bytes."""

from __future__ import annotations

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reasons import Malformed, OutsideRetention, Rejection
from mockflux.rejections import RejectionLog, weight, within
from mockflux.request import Request


def rejection(number: int, line: str = "m v=", text: str = "") -> Rejection:
    return Rejection(number, line, Malformed("missing field value"), text)


def test_oldest_first() -> None:
    log = RejectionLog()
    some = [rejection(n) for n in range(5)]
    log.append(some[0])
    log.extend(some[1:3])
    log.extend(iter(some[3:]))
    log.extend(())
    assert list(log) == some
    assert (len(log), log.forgotten) == (5, 0)


def test_forgets_the_oldest_beyond_its_bound() -> None:
    log = RejectionLog(kept_bytes=100_000)
    for n in range(0, 300, 3):
        log.extend(rejection(n + i, line="x" * 5_000) for i in range(3))
    kept = list(log)
    assert [r.number for r in kept] == list(range(300 - len(kept), 300))
    assert 10 <= len(kept) == 300 - log.forgotten
    assert sum(map(weight, kept)) <= 100_000


@pytest.mark.parametrize("char", ["x", "ü", "€", "\N{GRINNING FACE}"])
def test_a_long_line_stays_whole_if_it_fits(char: str) -> None:
    log = RejectionLog(kept_bytes=100_000)
    log.append(rejection(1, char * 10_000, f"unable to parse '{char * 10_000}'"))
    log.append(rejection(2))
    assert [len(r.line) for r in log] == [10_000, 4]
    log.append(rejection(3, char * 100_000, f"unable to parse '{char * 100_000}'"))
    last = list(log)[-1]
    assert sum(map(weight, log)) <= 100_000
    assert last.number == 3
    assert last.line.startswith(char * 5_000)
    assert last.line.endswith(f"{char}… (100000 characters)")
    assert last.text.endswith("… (100018 characters)")


def test_what_a_reason_holds_counts_and_is_cut() -> None:
    reason = OutsideRetention("m" * 90_000, "s" * 90_000, 1, 2, 3)
    assert weight(Rejection(1, "", reason)) > 180_000
    log = RejectionLog(kept_bytes=20_000)
    log.append(Rejection(1, "x", reason))
    (kept,) = log
    assert weight(kept) <= 20_000
    assert (kept.line, kept.reason.time, kept.reason.bound, kept.reason.retention) == ("x", 1, 2, 3)
    assert kept.reason.series.endswith("s… (90000 characters)")


def test_the_first_that_fit() -> None:
    some = tuple(rejection(n) for n in range(10))
    one = weight(some[0])
    assert within(some, 0) == ()
    assert within(some, 3 * one) == some[:3]
    assert within(some, 3 * one + one // 2) == some[:3]
    assert within(some, 100 * one) == some


def test_fields_of_one_line_share_it() -> None:
    """One line of many fields is no reason to forget them: its text is held once."""
    server = Server("v2-cloud")
    names = [f"f{n}" for n in range(4_000)]
    for value in ("1", "1i"):
        body = ("m " + ",".join(f"{name}={value}" for name in names)).encode()
        headers = [("Authorization", "Token my-token")]
        front.answer(server.world, Request("POST", "/api/v2/write?bucket=my-bucket", headers, body))
        server.settle()
    found = server.rejected()
    assert len(found) == 4_000
    assert server.world.rejections.forgotten == 0
    assert len({id(rejection.line) for rejection in found}) == 1
