"""The request log: what a line says of each kind of exchange, and that nothing it meets costs a client its answer."""

import io
from datetime import UTC, datetime

import pytest

import mockflux
from mockflux.cli import requestlog
from mockflux.http import front
from mockflux.request import Request


@pytest.fixture
def server():
    return mockflux.Server(clock="frozen")


@pytest.fixture
def log(server):
    stream = io.StringIO()
    server.journal.on_close = requestlog.observer(stream)
    return stream


def write(server, body=b"home temp=1", target="/api/v2/write?org=my-org&bucket=my-bucket", token="my-token"):
    return front.answer(server.world, Request("POST", target, [("Authorization", f"Token {token}")], body))


def lines(log):
    return log.getvalue().splitlines()


def test_watching_goes_on_after_a_reset(server, log):
    write(server)
    server.reset()
    write(server)
    assert len(lines(log)) == 2
    assert len(server.journal) == 1


def test_planned_faults(server, log):
    server.fail(503)
    server.fail(transport="reset_before")
    server.fail(transport="truncate")
    for _ in range(3):
        write(server)
    said, reset, cut = lines(log)
    assert " 503 [unavailable] 11 B in, " in said
    assert said.endswith("- PLANNED FAULT")
    assert " no answer 11 B in, 0 B out - PLANNED FAULT (reset_before)" in reset
    assert " 204 [accepted] 1 accepted, 0 rejected, " in cut
    assert cut.endswith("- PLANNED FAULT (truncate)")


def test_points_dropped_without_a_word():
    server = mockflux.Server(late_points="drop")
    log = io.StringIO()
    server.journal.on_close = requestlog.observer(log, "here")
    server.create_bucket("short", retention=3600)
    write(server, b"home temp=1 1\nhome temp=2", "/api/v2/write?org=my-org&bucket=short")
    [line] = lines(log)
    assert "Z here POST /api/v2/write?org=my-org&bucket=short 204 [accepted] " in line
    assert " 1 accepted, 0 rejected, 1 dropped, 25 B in, " in line


def test_an_exception_of_our_own_is_shown_whole(server, log, monkeypatch):
    def broken():
        raise RuntimeError("a mistake")

    monkeypatch.setattr(server.world, "work_off", broken)
    assert write(server).status == 500
    first, *rest = lines(log)
    assert first.endswith("- ERROR in mockflux, please report it:")
    assert rest[0].startswith("Traceback")
    assert rest[-1] == "RuntimeError: a mistake"


def test_a_log_that_cannot_be_written_does_not_matter(server, log):
    log.close()
    assert write(server).status == 204


def test_one_line_whatever_the_client_sends(server, log):
    write(server, target="/a\nb\x1b[2J?token=sesame-open\r")
    [line] = lines(log)
    assert "/a\\nb\\x1b[2J?token=" in line
    assert "sesame" not in line
    write(server, body=b"home,\xff\n")
    assert "unable to parse 'home,\\udcff'" in lines(log)[1]


def test_times_are_the_worlds(log, server):
    for at, shown in [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00.000Z"),
        (datetime(1969, 12, 31, 23, 59, 59, 7000, tzinfo=UTC), "1969-12-31T23:59:59.007Z"),
    ]:
        server.clock.freeze(at)
        write(server)
        assert lines(log)[-1].startswith(f"{shown} POST ")
