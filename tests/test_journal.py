"""The journal: bounded, masked, and never hiding what matters."""

from __future__ import annotations

import threading
import time
from http.client import HTTPConnection
from typing import Any

import pytest

from mockflux import Server
from mockflux import journal as journal_module
from mockflux.cli.requestlog import log_line
from mockflux.http import front
from mockflux.journal import Cut, Exchange, Journal
from mockflux.reasons import Malformed, Rejection, Verdict
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


# ---------------------------------------------------------------- bytes

BIG = 100_000
BAD = b"m v=\n"


def rejections(number: int, *, line: str = "x", text: str = "", complaint: str = "") -> tuple[Rejection, ...]:
    return tuple(Rejection(n, line, Malformed(complaint), text) for n in range(number))


def weighed(method: str = "GET", target: str = "/", *, headers: int = 0, **rest: Any) -> int:
    """What a journal counts for an exchange."""
    journal = Journal()
    exchange = journal.open(Request(method, target, [("a", "b")] * headers), now=5)
    reply = Reply(400, "Bad Request", rest.pop("reply_headers", []), rest.pop("reply_body", b""))
    for name, value in rest.items():
        setattr(exchange, name, value)
    journal.close(exchange, reply, None)
    return exchange.size


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ({"method": "A" * BIG}, BIG),
        ({"target": "/" + "a" * BIG}, 2 * BIG),  # path and query are copies of it
        ({"target": "/?" + "a" * BIG}, 2 * BIG),
        ({"headers": 1_000}, 150_000),
        ({"reply_headers": [("X-Error", "a" * BIG)]}, BIG),
        ({"reply_body": b"a" * BIG}, BIG),
        ({"hint": "a" * BIG}, BIG),
        ({"hint": "\N{GRINNING FACE}" * BIG}, 4 * BIG),
        ({"error": "a" * BIG}, BIG),
        ({"verdict": Verdict(0, rejections(1, line="a" * BIG))}, BIG),
        ({"verdict": Verdict(0, rejections(1, text="a" * BIG))}, BIG),
        ({"verdict": Verdict(0, rejections(1, complaint="a" * BIG))}, BIG),
        ({"verdict": Verdict(0, (), rejections(1, line="a" * BIG))}, BIG),
        ({"verdict": Verdict(0, (), rejections(300))}, BIG),
    ],
)
def test_whatever_an_exchange_holds_counts(what: dict[str, Any], least: int) -> None:
    assert least <= weighed(**what) <= 2 * least + 2_000


def test_one_greater_than_the_journal_is_cut() -> None:
    journal = Journal(kept_bytes=100_000)
    enter(journal)
    body, verdict = b"0123456789" * 1_000_000, Verdict(7, rejections(1_000), rejections(2_000))
    exchange = journal.open(Request("POST", "/write?db=a", [("Host", "a")], body), now=5)
    exchange.verdict, exchange.hint, exchange.error = verdict, "h" * 10**6, "e" * 10**6 + "the end"
    reply = Reply(400, "Bad Request", [("A", "b")], b"r" * 1_000_000, clause="points_rejected")
    journal.close(exchange, reply, None)

    assert list(journal) == [exchange]
    assert exchange.size <= 100_000
    assert exchange.size == exchange.weigh()
    assert len(exchange.body) >= 10_000
    assert body.startswith(exchange.body)
    assert exchange.cut.body == len(body) - len(exchange.body)
    assert exchange.request.length == len(body)
    assert (exchange.request.path, exchange.request.query, exchange.headers) == ("/write", "db=a", [("Host", "a")])

    assert len(reply.body) == 1_000_000, "what is sent is whole"
    assert exchange.reply is not None
    assert len(exchange.reply.body) == 1_000_000 - exchange.cut.reply >= 10_000
    assert (exchange.status, exchange.clause, exchange.reply.headers) == (400, "points_rejected", [("A", "b")])

    assert exchange.verdict.rejections == verdict.rejections[: 1_000 - exchange.cut.rejected] != ()
    assert exchange.verdict.dropped == verdict.dropped[: 2_000 - exchange.cut.dropped] != ()
    assert (exchange.rejected, exchange.dropped) == (1_000, 2_000)
    assert exchange.line().endswith("POST /write?db=a 10000000 B -> 400 [points_rejected] 7 accepted, 1000 rejected")
    assert exchange.error.endswith("the end")


def test_too_many_headers_are_cut() -> None:
    journal = Journal(kept_bytes=100_000)
    headers = [(f"a{number}", "b") for number in range(10_000)]
    exchange = journal.open(Request("GET", "/ping", headers), now=5)
    journal.close(exchange, Reply(204, "No Content", []), None)
    assert exchange.size <= 100_000
    assert exchange.headers == headers[: 10_000 - exchange.cut.headers] != []


def test_one_that_fits_is_whole() -> None:
    journal = Journal(kept_bytes=100_000)
    exchange = enter(journal, b"x" * 90_000)
    assert (exchange.body, exchange.cut) == (b"x" * 90_000, Cut())


def test_a_server_forgets_what_is_too_much_and_answers_whole() -> None:
    server = Server("v2-oss")
    server.journal.kept_bytes = 50_000
    reply = front.answer(server.world, Request("POST", TARGET, LOGIN, BAD * 1_000))
    (exchange,) = server.journal
    assert exchange.size <= 50_000
    assert exchange.rejected == 1_000
    assert reply.header("content-length") == str(len(reply.body))


def test_errors_beyond_the_bound_are_cut() -> None:
    journal = Journal(kept_bytes=640_000)
    for _ in range(30):
        enter(journal, b"x" * 300_000, error="Traceback")
    for _ in range(700):
        enter(journal)
    assert len(journal.errors()) == 20
    assert all(error not in list(journal) for error in journal.errors())
    assert max(error.size for error in journal.errors()) <= 10_000
    assert {error.error for error in journal.errors()} == {"Traceback"}


def test_paths_without_end_that_are_not_simulated() -> None:
    journal = Journal()
    for n in range(1_500):
        enter(journal, path=f"/dashboards/{n:06}{'x' * 1_000}", simulated=False)
    enter(journal, path="/dashboards/short", simulated=False)
    enter(journal, path=f"/dashboards/000001{'x' * 2_000}", simulated=False)
    told = journal.not_simulated()
    assert len(told) == 1_001
    assert told["…"] == 501
    assert sum(told.values()) == 1_502
    assert max(map(len, told)) == 201
    assert told[f"POST /dashboards/000001{'x' * 177}…"] == 2


# ---------------------------------------------------------------- secrets

SECRET = "s3cret-t0ken-value"


def everything(exchange: Exchange) -> str:
    request = exchange.request
    texts = (
        exchange, exchange.line(), exchange.method, exchange.path, exchange.headers, exchange.hint, exchange.error,
        request, request.method, request.target, request.path, request.query, request.headers, log_line(exchange),
    )  # fmt: skip
    return " ".join(map(repr, texts))


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", TARGET, [("Authorization", f"Token {SECRET}")]),
        Request("POST", TARGET, [("Authorization", SECRET)]),
        Request("POST", TARGET, [("Authorization", f"{SECRET} x")]),
        Request("POST", f"/write?db=a&u=me&p={SECRET}"),
        Request("POST", f"/write?db=a&u=me&%70={SECRET}"),
        Request("POST", f"/write?db=a;p={SECRET}"),
        Request("POST", f"/write?db=a&token={SECRET}"),
        Request("POST", f"http://me:{SECRET}@localhost/write?db=a"),
        Request(f"Token-{SECRET}", "GET"),
        Request("Token", SECRET),
    ],
)  # fmt: skip
def test_no_credentials_get_out_of_the_journal(request_: Request) -> None:
    server = Server("v2-oss", token="another-token")
    front.answer(server.world, request_)
    (exchange,) = server.journal
    assert SECRET not in everything(exchange)
    assert exchange.request.target.startswith(exchange.path)


@pytest.mark.parametrize(
    "head",
    [
        f"POST /write?u=me&p={SECRET} HTTP/1.1\r\nAuthorization : Token {SECRET}\r\nHost: a\r\n\r\n",
        f"Authorization: Token {SECRET}\r\n\r\n",
        f"Token {SECRET}\r\n\r\n",
        f"Token-{SECRET} GET / HTTP/1.1\r\n\r\n",
        f"{SECRET}\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization Token {SECRET}: a\r\n\r\n",
        f"GET / HTTP/1.1\r\nX: y\rAuthorization: Token {SECRET}\r\n\r\n",
    ],
)
def test_no_credentials_of_a_request_that_could_not_be_read(head: str) -> None:
    server = Server("v2-oss")
    assert front.refuse(server.world, "head", head.encode()) is not None
    (exchange,) = server.journal
    assert (exchange.door, exchange.status) == ("http", 400)
    assert SECRET not in everything(exchange)


def test_the_path_of_an_absolute_target_stays() -> None:
    request = Request("POST", f"http://me:{SECRET}@localhost/write?db=a")
    request.path = "/write"
    exchange = Journal().open(request, now=5)
    assert (exchange.path, exchange.request.path) == ("/write", "/write")
    assert exchange.request.target == "http://me:…ue@localhost/write?db=a"


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    secrets = [SECRET, "short"]
    journal = Journal(secrets=lambda: secrets)
    headers = [("X-Custom", f"a {SECRET}"), (f"X-{SECRET}", "short")]
    exchange = journal.open(Request("GET", f"/a/{SECRET}?bucket={SECRET.replace('t', '%74')}&b=short", headers), now=5)
    exchange.simulated = False
    exchange.hint, exchange.error = f"buckets: '{SECRET}'", f"KeyError: '{SECRET}'"
    assert SECRET in exchange.hint.replace("…ue", SECRET)
    exchange.verdict = Verdict(0, (Rejection(1, SECRET, Malformed(""), f"unable to parse '{SECRET}'"),))
    journal.close(exchange, Reply(404, "Not Found", []), None)
    assert SECRET not in everything(exchange)
    assert exchange.path == "/a/…ue"
    assert exchange.request.query == "bucket=…ue&b=short"
    assert exchange.headers == [("X-Custom", "a …ue"), ("X-…ue", "short")]
    assert journal.not_simulated() == {"GET /a/…ue": 1}
    secrets.append("a-later-one")
    exchange.hint = "buckets: 'a-later-one'"
    assert exchange.hint == "buckets: '…ne'"


def test_who_waits_in_vain_is_told_no_secret() -> None:
    server = Server("v2-oss", token=SECRET)
    server.journal.secrets = lambda: [SECRET]
    front.answer(server.world, Request("POST", f"/api/v2/write?org=my-org&bucket={SECRET}", LOGIN))
    with pytest.raises(TimeoutError) as failure:
        server.wait_for(requests=2, timeout=0)
    assert "1. POST /api/v2/write?org=my-org&bucket=…ue" in str(failure.value)


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


def test_gives_up_when_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """As freezegun does it: in ``time``, and in every module that has taken the function from there."""
    real = time.monotonic
    for name, value in list(vars(journal_module).items()):
        if value is real:
            monkeypatch.setattr(journal_module, name, lambda: 1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    given_up: list[bool] = []
    ended = threading.Event()
    thread = threading.Thread(
        target=lambda: given_up.append(not Journal().wait(lambda: ended.is_set(), 0.01)), daemon=True
    )
    thread.start()
    thread.join(DEADLINE)
    still_waiting = thread.is_alive()
    ended.set()
    assert (still_waiting, given_up) == (False, [True])


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


@pytest.mark.parametrize("exception", [ValueError, pytest.fail.Exception])
def test_one_who_watches_and_raises_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch, exception: type[BaseException]
) -> None:
    noted: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", noted.append)

    def raising(exchange: Exchange) -> None:
        raise exception("a mistake")

    server = Server("v2-oss")
    server.journal.on_close = raising
    assert [front.answer(server.world, Request("GET", "/ping")).status for _ in range(3)] == [204] * 3
    assert [exchange.error for exchange in server.journal] == [None] * 3
    (note,) = noted
    assert (note.exc_type, str(note.exc_value), note.thread) == (exception, "a mistake", threading.current_thread())
    assert note.exc_traceback is not None


def test_a_hook_that_raises_too_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda args: 1 // 0)
    server = Server("v2-oss")
    server.journal.on_close = lambda exchange: 1 // 0
    assert front.answer(server.world, Request("GET", "/ping")).status == 204


# ---------------------------------------------------------------- a reset in the middle


def test_what_a_reset_overtakes_ends_in_the_old_journal() -> None:
    server = Server("v2-oss")
    before = server.journal
    exchange = before.open(Request("GET", "/ping"), now=5)
    server.reset()
    before.close(exchange, Reply(204, "No Content", []), None)
    assert (list(before), list(server.journal)) == ([exchange], [])
    assert (before.total, server.journal.total) == (1, 0)


def test_headers_that_are_shared_weigh_once() -> None:
    """What 16 MiB hold should be 16 MiB: a client on one connection sends the same head again and again."""
    with Server("v2-oss") as server:
        connection = HTTPConnection(server.host, server.port)
        for number in range(3):
            connection.request(
                "POST", f"/api/v2/write?org={server.org}&bucket={server.bucket}", f"m v={number} 1",
                {"Authorization": f"Token {server.token}", "X-Long": "x" * 1000},
            )  # fmt: skip
            connection.getresponse().read()
        connection.close()
        first, *others = server.journal
    assert all(exchange.headers == first.headers for exchange in others)
    assert all(exchange.size < first.size - 1000 for exchange in others)
