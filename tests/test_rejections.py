"""Rejections by the thousand: those of a batch, and those that a world remembers, bounded by bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.reasons import Malformed, OutsideRetention, Reason, Rejection, TypeConflict
from mockflux.rejections import RejectionLog, Rejections, reasons_of, weight, weights, within, worded
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


# ---------------------------------------------------------------- those of a batch

BAD, CONFLICT = Malformed("missing fields"), TypeConflict("m", "v", "integer", "float", "stored")


def batch(number: int, first: int = 1) -> Rejections:
    """Rejections of lines ``line 1`` to ``line n``, each second one of a type."""
    rejections = Rejections()
    for n in range(first, first + number):
        unfit = n % 2 == 0
        rejections.add(n, b"line %d" % n, CONFLICT if unfit else BAD, n if unfit else None, b"shown" if unfit else None)
    return rejections


def made(number: int, first: int = 1) -> tuple[Rejection, ...]:
    """What one sees of them."""
    return tuple(
        Rejection(n, f"line {n}", BAD) if n % 2 else Rejection(n, f"line {n}", CONFLICT, time=n, shown="shown")
        for n in range(first, first + number)
    )


class Words:
    """Words that count for how many rejections they were asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, rejection: Rejection) -> Rejection:
        self.asked += 1
        return replace(rejection, text=f"no {rejection.line}", entry=f"{rejection.number}", bucket="b")


def test_a_batch_is_a_tuple_to_look_at() -> None:
    rejections, expected = batch(5), made(5)
    assert (len(rejections), bool(rejections), bool(Rejections())) == (5, True, False)
    assert tuple(rejections) == expected
    assert [rejections[place] for place in (0, 4, -1, -5)] == [expected[place] for place in (0, 4, -1, -5)]
    for part in (slice(2), slice(1, 4), slice(3, None), slice(None, None, 2), slice(9, None)):
        assert rejections[part] == expected[part]
    for place in (5, -6):
        with pytest.raises(IndexError):
            rejections[place]
    assert rejections == expected == rejections == list(expected) == batch(5)
    assert rejections != expected[:4]
    assert rejections != made(5, first=2)
    assert rejections != "line"
    assert repr(rejections) == repr(expected)
    assert expected[2] in rejections


def test_bytes_that_are_no_text_survive() -> None:
    rejections = Rejections()
    rejections.add(1, b"\xff", BAD, shown=b"\xfe\xc3\xbc")
    assert (rejections[0].line, rejections[0].line_shown) == ("\udcff", "\udcfeü")


def test_only_those_that_are_looked_at_are_put_in_words() -> None:
    words = Words()
    many = worded(batch(10_000), words)
    log = RejectionLog()
    log.extend(many)
    assert sum(weights(within(many, 10**6))) <= 10**6
    assert [reason.name for reason in reasons_of(many)] == ["malformed", "type_conflict"] * 5_000
    assert words.asked == 0
    eighth = many[7]
    assert (eighth.text, eighth.entry, eighth.bucket, words.asked) == ("no line 8", "8", "b", 1)
    assert [rejection.text for rejection in many[:2]] == ["no line 1", "no line 2"]
    assert [rejection.text for rejection in log] == [f"no line {n}" for n in range(1, 10_001)]


def test_a_few_are_put_in_words_at_once() -> None:
    words = Words()
    few = worded(batch(3), words)
    assert few == tuple(map(Words(), made(3)))
    assert few[0] is few[0]
    assert words.asked == 3


@pytest.mark.parametrize(
    ("line", "reason", "text"),
    [
        (b"a", BAD, "unable to parse 'a': missing fields"),
        (b"a" * 10_000, BAD, f"unable to parse '{'a' * 10_000}': missing fields"),
        (b"a" * 10_000, CONFLICT, "field type conflict: input field v on measurement m is type integer"),
        (b"m v=1", OutsideRetention("m", "m" * 5_000, 1, 2, 3), f"point {'m' * 5_000} is too old"),
    ],
)
def test_the_weight_is_about_that_of_what_one_sees(line: bytes, reason: Reason, text: str) -> None:
    rejections = Rejections()
    rejections.add(1, line, reason)
    (weighed,) = weights(rejections)
    assert weighed == pytest.approx(weight(Rejection(1, line.decode(), reason, text)), rel=0.2)


def test_the_oldest_of_batches_are_forgotten_one_by_one() -> None:
    one = sum(weights(batch(2))) / 2
    log = RejectionLog(kept_bytes=int(150 * one))
    for start in range(0, 2_000, 40):
        log.extend(batch(40, first=start + 1))
        kept = list(log)
        assert [rejection.number for rejection in kept] == list(range(start + 41 - len(kept), start + 41))
        assert (len(log), log.forgotten) == (len(kept), start + 40 - len(kept))
        assert len(kept) == start + 40 or 130 < len(kept) <= 160
    log.extend(batch(1_000, first=2_001))
    assert [rejection.number for rejection in log][-1] == 3_000
    assert 130 < len(log) <= 160


def test_one_of_a_batch_that_is_too_great_is_cut() -> None:
    rejections = batch(3)
    rejections.add(4, b"x" * 50_000, BAD)
    rejections.add(5, b"last", BAD)
    log = RejectionLog(kept_bytes=20_000)
    log.extend(worded(rejections, Words()))
    *_, cut, last = log
    assert (cut.number, last.number) == (4, 5)
    assert cut.line.endswith("x… (50000 characters)")
    assert cut.text.endswith("x… (50003 characters)")
    assert weight(cut) <= 20_000


@pytest.mark.parametrize("edition", ["v2-oss", "v2-cloud", "v3-core", "v3-serverless"])
def test_many_are_told_as_few_are(edition: str) -> None:
    """What a reply, the journal and rejected() tell of many is what they tell of each."""
    with Server(edition) as server:
        target = f"/api/v2/write?org=my-org&bucket={server.bucket or server.database}"
        headers = [("Authorization", "Token my-token"), ("Host", "x")]
        lines = [b"bad,", b"bad", b"m v=", b"m ,t v=1"]
        single = []
        for line in lines:
            front.answer(server.world, Request("POST", target, headers, line))
            (rejection,) = server.journal[-1].verdict.rejections
            single.append(rejection)
        server.reset()
        front.answer(server.world, Request("POST", target, headers, b"\n".join(lines * 100)))
        verdict, found = server.journal[-1].verdict, server.rejected()
    numbered = list(enumerate(single * 100, 1))
    assert [own.line for own in found] == [own.line for _, own in numbered]
    assert [own.text for own in found] == [own.text for _, own in numbered]
    assert [own.entry for own in found] == [own.entry.replace("line 1 ", f"line {n} ") for n, own in numbered]
    assert [own.number for own in found] == [n for n, _ in numbered]
    assert verdict.rejections == found
