"""Thousands of connections, slow ones, such as never read, and a machine that has no more to give."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import mockflux

DEADLINE = 20.0
GET = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
ROOT = Path(mockflux.__file__).parents[1]


def affordable(wanted):
    """How many connections this process may open, both ends of each being its own."""
    resource = pytest.importorskip("resource")
    return min(wanted, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)


def clients_of(target):
    return sum(thread.name == f"mockflux:{target.port} client" for thread in threading.enumerate())


@pytest.fixture
def status(wrap):
    """The status of the next reply."""
    return lambda sock: wrap(sock).answer().status


@pytest.fixture
def oss(make):
    return make("v2-oss")


def test_two_thousand_idle_connections(oss, status):
    socks = [oss.connect() for _ in range(affordable(2000))]
    for sock in socks[::100]:  # from the first to the last: they are served, not only queued
        sock.sendall(GET)
        assert status(sock) == 204
    begun = time.monotonic()
    oss.check(oss.server.journal)
    with oss.connect() as sock:
        sock.sendall(oss.post(b"m v=1"))
        assert status(sock) == 204
    assert time.monotonic() - begun < DEADLINE  # they hold up nobody
    oss.server.stop()
    for sock in socks:
        assert sock.recv(1) == b""
        sock.close()


def test_five_hundred_writes_at_once(target, status):
    count = affordable(500)
    socks = [target.connect() for _ in range(count)]
    for number, sock in enumerate(socks):
        sock.sendall(target.post(b"m,t=%d v=1 %d" % (number, target.server.clock.now()))[:-9])
    for number, sock in enumerate(socks):
        sock.sendall(target.post(b"m,t=%d v=1 %d" % (number, target.server.clock.now()))[-9:])
    for sock in socks:
        assert status(sock) in range(200, 210), target.edition
        sock.close()
    target.quiet()
    target.server.settle()
    assert len(target.server.points("m")) == count
    target.check(target.server.journal)


@pytest.mark.parametrize("reset", [False, True])
def test_a_storm_of_connections_that_close_at_once(oss, reset_on_close, reset):
    for _ in range(1000):
        sock = oss.connect()
        if reset:
            reset_on_close(sock)
        sock.close()
    oss.check_alive()
    assert oss.server.journal.errors() == []


def test_slow_clients_hold_up_nobody(oss, status):
    """A hundred that send a byte now and then, in the head and in the body."""
    slow = [oss.connect() for _ in range(100)]
    raw = oss.post(b"m v=1")
    for at in range(len(raw) - 1):
        for sock in slow[at % 10 :: 10]:  # each byte to ten of them: none of their heads is whole
            sock.sendall(raw[at : at + 1])
    begun = time.monotonic()
    with oss.connect() as sock:
        sock.sendall(raw)
        assert status(sock) == 204
    assert time.monotonic() - begun < DEADLINE
    oss.server.stop()
    for sock in slow:
        sock.close()


def test_a_client_that_never_reads(oss):
    """Its replies pile up as far as the system has room; then it is not served any more, and stop() ends it."""
    with oss.connect() as sock:
        sock.setblocking(False)
        sent, deadline = 0, time.monotonic() + DEADLINE
        last = time.monotonic()
        ask = b"GET /api/v2/buckets HTTP/1.1\r\nHost: x\r\nAuthorization: Token my-token\r\n\r\n" * 100
        while time.monotonic() - last < 0.5:
            assert time.monotonic() < deadline
            try:
                sent += sock.send(ask)
                last = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        begun = time.monotonic()
        oss.server.stop()
        assert time.monotonic() - begun < DEADLINE
    assert clients_of(oss) == 0


def test_a_reply_broken_off(oss, reset_on_close):
    """The client goes in the middle of a reply that is longer than what the system takes at once."""
    lines = b"\n".join(b"m%d" % number for number in range(20_000))
    for _ in range(5):
        with oss.connect() as sock:
            sock.sendall(oss.post(lines))
            assert sock.recv(10) == b"HTTP/1.1 4"
            reset_on_close(sock)
    oss.quiet()
    oss.check(oss.server.journal)
    oss.check_alive()


# ------------------------------------------------------------------------------------------------- out of everything

SCRIPT = """
import resource, sys, mockflux
server = mockflux.Server("v2-oss").start()
print(server.port, flush=True)
sys.stdin.readline()
{limit}
print("limited", flush=True)
sys.stdin.readline()
for error in server.journal.errors():
    print(error.error.splitlines()[-1], "|", error.line())
server.stop()
print("stopped", flush=True)
"""


@contextlib.contextmanager
def limited(limit):
    """A server in a process of its own that has little; gives its port, and what it has to say at its end."""
    pytest.importorskip("resource")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(limit=limit)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        port = int(process.stdout.readline())
        print(file=process.stdin, flush=True)
        assert process.stdout.readline() == "limited\n"
        yield port, lambda: process.communicate("\n", timeout=DEADLINE)[0].splitlines()
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def served(sock):
    try:
        sock.sendall(GET)
        return sock.recv(65536).startswith(b"HTTP/1.1 204")
    except (ConnectionError, TimeoutError):
        return False


def test_out_of_descriptors():
    """Whoever came in time is served, the others wait until somebody goes, and the server tells of it."""
    with limited("resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))") as (port, finish):
        first = connect(port)
        assert served(first)
        socks = [connect(port) for _ in range(60)]
        socks[-1].settimeout(0.2)
        assert served(first)  # meanwhile
        assert not served(socks[-1])
        for sock in socks[:-1]:
            sock.close()
        socks[-1].settimeout(DEADLINE)
        assert socks[-1].recv(65536).startswith(b"HTTP/1.1 204")
        with connect(port) as sock:
            assert served(sock)
        first.close()
        socks[-1].close()
        said = finish()
    assert said[-1] == "stopped"
    assert said[0].startswith("OSError: [Errno 24] Too many open files | ")
    assert "no answer" in said[0]
    assert len(said) <= 5  # told once a second, not at each try


def test_out_of_threads():
    """Whoever has no thread is closed, the next one fares better, and the server tells of it."""
    limit = """
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (96 << 20), size + (96 << 20)))
"""
    with limited(limit) as (port, finish):
        first = connect(port)
        assert served(first)
        socks = [connect(port) for _ in range(60)]
        lucky = [served(sock) for sock in socks]
        assert not all(lucky)
        assert served(first)
        for sock in socks:
            sock.close()
        deadline = time.monotonic() + DEADLINE
        while True:
            with connect(port) as sock:
                if served(sock):
                    break
            assert time.monotonic() < deadline
        first.close()
        said = finish()
    assert said[-1] == "stopped"
    assert "can't start new thread" in said[0] or "MemoryError" in said[0]
