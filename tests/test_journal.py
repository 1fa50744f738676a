"""The journal: bounded, masked, and never hiding what matters."""

from __future__ import annotations

import threading
import time

import pytest

from mockflux import Server
from mockflux.http import front
from mockflux.journal import Exchange, Journal
from mockflux.masking import mask, mask_header, mask_target
from mockflux.reply import Reply
from mockflux.request import Request

DEADLINE = 20.0
TARGET = "/api/v2/write?org=my-org&bucket=my-bucket"
LOGIN = [("Authorization", "Token my-token")]


def enter(
    journal: Journal, body: bytes = b"", *, path: str = "/write", simulated: bool = True, error: str = ""
) -> Exchange:
    exchange = journal.open(Request("POST", path, [], body), now=5)
    exchange.simulated, exchange.error = simulated, error or None
    journal.close(exchange, Reply(204, "No Content", []), None)
    return exchange


# ---------------------------------------------------------------- order and bounds


def test_oldest_first_and_numbered() -> None:
    journal = Journal()
    entered = [enter(journal) for _ in range(4)]
    assert list(journal) == entered == journal[:]
    assert [exchange.number for exchange in journal] == [1, 2, 3, 4]
    assert (journal[0], journal[-1], len(journal), journal.total, journal.forgotten) == (
        entered[0],
        entered[3],
        4,
        4,
        0,
    )
    assert journal[1:3] == entered[1:3]
    with pytest.raises(IndexError):
        journal[4]


def test_an_exchange_is_there_once_it_is_closed() -> None:
    journal = Journal()
    first, second = (journal.open(Request("POST", "/write"), now=5) for _ in range(2))
    assert (len(journal), journal.total) == (0, 0)
    for exchange in (second, first):
        journal.close(exchange, Reply(204, "No Content", []), None)
    assert [exchange.number for exchange in journal] == [2, 1], "in the order of the answers"


def test_forgets_the_oldest_beyond_its_bound() -> None:
    journal = Journal(kept_bytes=100_000)
    for _ in range(50):
        enter(journal, b"x" * 8_000)
    assert 5 <= len(journal) <= 12
    assert journal.total == 50
    assert journal.forgotten == 50 - len(journal)
    assert [exchange.number for exchange in journal] == list(range(51 - len(journal), 51))
    assert sum(exchange.size for exchange in journal) <= 100_000


def test_long_heads_count_too() -> None:
    journal = Journal(kept_bytes=1_000_000)
    for _ in range(40):
        exchange = journal.open(Request("GET", "/" + "x" * 50_000, [("X-Long", "y" * 50_000)]), now=5)
        journal.close(exchange, Reply(404, "Not Found", []), None)
    assert len(journal) <= 10


def test_the_last_one_stays_however_big() -> None:
    journal = Journal(kept_bytes=1_000)
    enter(journal)
    big = enter(journal, b"x" * 10_000)
    assert list(journal) == [big]


def test_what_matters_outlives_forgetting() -> None:
    journal = Journal(kept_bytes=10_000)
    for path in ("/query?q=1", "/query?q=2", "/metrics"):
        enter(journal, path=path, simulated=False)
    broken = enter(journal, error="Traceback …")
    for _ in range(50):
        enter(journal, b"x" * 8_000)
    assert journal.not_simulated() == {"POST /query": 2, "POST /metrics": 1}
    assert journal.errors() == [broken]
    assert broken not in list(journal)


def test_a_reset_begins_anew() -> None:
    server = Server("v2-oss")
    front.answer(server.world, Request("GET", "/metrics"))
    server.reset()
    assert (len(server.journal), server.journal.total, server.journal.not_simulated()) == (0, 0, {})


# ---------------------------------------------------------------- an exchange


def test_what_an_exchange_tells() -> None:
    server = Server("v2-oss", clock="frozen")
    front.answer(server.world, Request("POST", TARGET, LOGIN, b"m v=1 1\nbad"))
    (exchange,) = server.journal
    assert (exchange.method, exchange.path, exchange.door, exchange.body) == (
        "POST", "/api/v2/write", "v2-write", b"m v=1 1\nbad",
    )  # fmt: skip
    assert (exchange.status, exchange.clause) == (400, "points_rejected")
    assert "documented: v2 document, 400" in exchange.source
    assert exchange.reply.json()["message"] == "unable to parse 'bad': missing fields"
    assert (exchange.verdict.accepted, [r.line for r in exchange.verdict.rejections]) == (0, ["bad"])
    assert exchange.time == server.clock.now()
    assert exchange.fault is None
    assert exchange.simulated
    assert exchange.error is None
    line = "1. POST /api/v2/write?org=my-org&bucket=my-bucket 11 B -> 400 [points_rejected] 0 accepted, 1 rejected"
    assert exchange.line() == line
    assert repr(exchange) == f"<Exchange {line}>"


def test_what_else_a_line_tells() -> None:
    server = Server("v2-oss")
    fault = server.fail(503)
    front.answer(server.world, Request("POST", TARGET, LOGIN, b"m v=1 1"))
    assert server.journal[-1].fault is fault
    assert server.journal[-1].line().endswith("-> 503 [unavailable] (planned fault)")
    front.answer(server.world, Request("GET", "/metrics"))
    assert server.journal[-1].line().endswith("-> 404 [path_not_found@other] NOT SIMULATED")


# ---------------------------------------------------------------- masks


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
        (("AUTHORIZATION", "Basic dXNlcjpwYXNzd29yZA=="), "Basic …=="),
        (("Authorization", "my-secret-token"), "…en"),
        (("Authorization", ""), ""),
        (("Cookie", "influxdb-oss-session=abcdefgh"), "…gh"),
        (("Content-Type", "text/plain; charset=utf-8"), "text/plain; charset=utf-8"),
    ],
)
def test_headers(header: tuple[str, str], masked: str) -> None:
    assert mask_header(header) == (header[0], masked)


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        ("/write?db=a&u=me&p=my-secret-token", "/write?db=a&u=me&p=…en"),
        ("/write?p=my-secret-token&db=a", "/write?p=…en&db=a"),
        ("/write?p=my%2Dsecret%2Dtok%65n", "/write?p=…en"),
        ("/write?token=my-secret-token", "/write?token=…en"),
        ("/write?rp=my-secret-token&up=my-secret-token", "/write?rp=my-secret-token&up=my-secret-token"),
        ("/write?db=p=my-policy", "/write?db=p=my-policy"),
        ("/ping", "/ping"),
    ],
)
def test_targets(target: str, masked: str) -> None:
    assert mask_target(target) == masked


SECRET = "s3cret-t0ken-value"


def everything(exchange: Exchange) -> str:
    request = exchange.request
    return " ".join(
        map(repr, (exchange, exchange.line(), request, request.target, request.query, request.headers, request.body))
    )


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", TARGET, [("Authorization", f"Token {SECRET}")]),
        Request("POST", TARGET, [("Authorization", SECRET)]),
        Request("POST", f"/write?db=a&u=me&p={SECRET}"),
        Request("POST", f"/write?db=a&token={SECRET}"),
    ],
    ids=["header", "no scheme", "parameter", "token in the URL"],
)
def test_no_secret_gets_into_the_journal(request_: Request) -> None:
    server = Server("v2-oss", token=SECRET)
    front.answer(server.world, request_)
    (exchange,) = server.journal
    assert SECRET not in everything(exchange)
    assert exchange.request.target.startswith(exchange.path)


def test_no_secret_of_a_request_that_could_not_be_read() -> None:
    server = Server("v2-oss", token=SECRET)
    head = f"POST /write?u=me&p={SECRET} HTTP/1.1\r\nAuthorization : Token {SECRET}\r\nHost: a\r\n\r\n".encode()
    reply = front.refuse(server.world, "header_name", head)
    assert reply is not None
    (exchange,) = server.journal
    assert (exchange.method, exchange.path, exchange.door, exchange.status) == ("POST", "/write", "http", 400)
    assert SECRET not in everything(exchange)


# ---------------------------------------------------------------- waiting


def test_waits_for_what_a_request_brings() -> None:
    journal = Journal()
    timer = threading.Timer(0.05, enter, [journal])
    timer.start()
    assert journal.wait(lambda: journal.total >= 1, DEADLINE)
    timer.join()


def test_does_not_wait_for_what_is_there() -> None:
    journal = Journal()
    asked: list[int] = []
    assert journal.wait(lambda: not asked.append(1), 0)
    assert asked == [1]


def test_gives_up() -> None:
    assert not Journal().wait(lambda: False, 0.01)


def test_sees_what_comes_true_without_a_request() -> None:
    done = threading.Event()
    timer = threading.Timer(0.02, done.set)
    timer.start()
    assert Journal().wait(done.is_set, DEADLINE)
    timer.join()


def test_a_condition_that_raises_is_the_caller_s() -> None:
    journal = Journal()
    with pytest.raises(ZeroDivisionError):
        journal.wait(lambda: bool(1 // 0), DEADLINE)
    enter(journal)
    assert journal.total == 1


def test_who_watches_is_told_before_anyone_sees_the_reply() -> None:
    server = Server("v2-oss")
    seen: list[tuple[int, int | None]] = []
    server.journal.on_close = lambda exchange: seen.append((exchange.number, exchange.status))
    front.answer(server.world, Request("GET", "/ping"))
    server.reset()
    front.answer(server.world, Request("GET", "/health"))
    assert seen == [(1, 204), (1, 200)], "and goes on watching after a reset"


def test_many_threads() -> None:
    journal = Journal(kept_bytes=50_000)
    threads = [threading.Thread(target=lambda: [enter(journal, b"x" * 100) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + DEADLINE
    while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
        list(journal)
    for thread in threads:
        thread.join(DEADLINE)
    assert journal.total == 1600
    assert journal.forgotten == 1600 - len(journal)
    assert len({exchange.number for exchange in journal}) == len(journal)
