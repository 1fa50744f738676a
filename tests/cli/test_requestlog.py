"""The request log: what a line says of each kind of exchange, and that nothing it meets costs a client its answer."""

import contextlib
import io
import os
import threading
from datetime import UTC, datetime

import pytest

import mockflux
from mockflux.cli import requestlog
from mockflux.http import front
from mockflux.request import Request

DEADLINE = 30
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and files of POSIX")


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


def test_no_log_at_all(server):
    server.journal.on_close = requestlog.observer(None)
    assert write(server).status == 204


def within_deadline(write_many):
    """Call it in a thread, so that a write that waits for ever fails the test instead of stopping it."""
    done = threading.Event()
    thread = threading.Thread(target=lambda: (write_many(), done.set()), daemon=True)
    thread.start()
    assert done.wait(DEADLINE)


@pytest.fixture
def complaints(monkeypatch):
    """What would have been printed with a traceback."""
    noted = []
    monkeypatch.setattr(threading, "excepthook", noted.append)
    yield noted
    assert noted == []


def emptied(reading):
    """What is in a pipe."""
    os.set_blocking(reading, False)
    parts = []
    with contextlib.suppress(BlockingIOError):
        while part := os.read(reading, 65536):
            parts.append(part)
    return b"".join(parts)


@POSIX
def test_a_pipe_that_nobody_reads(server, complaints):
    reading, writing = os.pipe()
    with open(reading, "rb"), open(writing, "w", encoding="utf-8") as stream:
        server.journal.on_close = requestlog.observer(stream)
        within_deadline(lambda: [write(server, b"x" * 1_000) for _ in range(1_000)])
        assert server.journal.total == 1_000
        told = emptied(reading).splitlines()
        assert 10 < len(told) < 1_000
        write(server, target="/api/v2/write?now=there-is-room-again")
        [line] = [line for line in emptied(reading).splitlines() if line]
        assert b"Z POST /api/v2/write?now=there-is-room-again 4" in line
        assert line[:4] == told[0][:4], "it begins a line"


@POSIX
def test_a_pipe_whose_reader_is_gone(server, complaints):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:
        server.journal.on_close = requestlog.observer(stream)
        assert [write(server).status for _ in range(3)] == [204] * 3
    # closing the stream would raise BrokenPipeError if something had stayed in its buffer


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a device that is full")
def test_a_full_device(server, complaints):
    with open("/dev/full", "w", encoding="utf-8") as stream:
        server.journal.on_close = requestlog.observer(stream)
        assert [write(server).status for _ in range(3)] == [204] * 3


def test_a_log_in_a_file(server, tmp_path):
    file = tmp_path / "log"
    with file.open("w", encoding="ascii") as stream:
        stream.write("before\n")
        server.journal.on_close = requestlog.observer(stream)
        write(server, b"m\xc3\xbc v=" + b"x" * 10_000)
        write(server)
        assert file.read_text("ascii").startswith("before\n"), "in order and at once"
    _, first, second = file.read_text("ascii").splitlines()
    assert r"unable to parse 'm\xfc v=" in first
    assert len(first) > 10_000
    assert " 204 [accepted] " in second


def test_a_closed_file(server, tmp_path, complaints):
    with (tmp_path / "log").open("w") as stream:
        server.journal.on_close = requestlog.observer(stream)
    assert write(server).status == 204


def test_known_secrets_are_masked(server, log):
    server.journal.secrets = lambda: ["s3cret-t0ken"]
    write(server, b"s3cret-t0ken v=", "/api/v2/write?org=my-org&bucket=my-bucket&x=s3cret-t0ke%6e")
    write(server, target="/api/v2/write?org=my-org&bucket=s3cret-t0ken")
    assert "s3cret" not in log.getvalue()
    assert "unable to parse '…en v=': " in log.getvalue()


def test_what_was_cut_counts(server):
    server.journal.kept_bytes = 50_000
    log = io.StringIO()
    server.journal.on_close = requestlog.observer(log)
    reply = write(server, b"m v=\n" * 1_000)
    [line] = lines(log)
    assert f" 0 accepted, 1000 rejected, 5000 B in, {len(reply.body)} B out - line 1: " in line


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
