"""Processes that are made of this one: a running server stays with the parent, and a child can have servers of its own.

In programs of their own: a process of threads, as that of a test run is one, should not fork.
"""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

#: Python 3.12 and later warn of any fork of a process with threads, as one with a running server is.
QUIET = ("-W", "ignore::DeprecationWarning")

FORKING = '''
def forked(run):
    """Run a function in a forked child; what it returns, as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(run()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def staying():
    """Fork a child that stays until the returned function is called."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)

    def leave():
        os.close(writing)
        os.waitpid(child, 0)

    return leave
'''


def test_fork_after_import_each_has_a_fresh_server(program):
    program(
        FORKING
        + """
def live():
    with mockflux.Server() as server:
        return write(server.host, server.port), len(server.points())

assert forked(live) == "(204, 1)"
assert live() == (204, 1)
assert forked(live) == "(204, 1)", "also after one has run here"
""",
        options=QUIET,
    )


def test_a_running_server_stays_with_its_parent(program):
    """Neither port nor connections are held by a child that lives on."""
    program(
        FORKING
        + """
server = mockflux.Server().start()
host, port = server.host, server.port
closing = socket.create_connection((host, port), timeout=20)
closing.sendall(b"GET /ping HTTP/1.1\\r\\nHost: a\\r\\n")
while not server._server._open:
    time.sleep(0.001)
leave = staying()
assert write(host, port) == 204
closing.sendall(b"Connection: close\\r\\n\\r\\n")
while closing.recv(1000):
    pass  # ends only if no child holds the other end, too
server.stop()
assert refused(host, port)
with mockflux.Server(port=port) as again:
    assert write(host, port) == 204
leave()
assert len(server.points()) == 1
""",
        options=QUIET,
    )


def test_a_child_may_use_it_as_a_client_and_cannot_stop_it(program):
    program(
        FORKING
        + """
server = mockflux.Server().start()
held = http.client.HTTPConnection(server.host, server.port, timeout=20)
held.request("GET", "/ping")
assert held.getresponse().read() == b""

def use():
    assert server.url in server.env().values()
    status = write(server.host, server.port)
    server.stop()
    server.stop()
    with server:
        own = server.port
        inner = write(server.host, own)
    return status, inner, own != parents

parents = server.port
assert forked(use) == "(204, 204, True)"
held.request("GET", "/ping")
assert held.getresponse().status == 204, "the connection of before goes on"
held.close()
assert [point.time for point in server.points()] == [1], "what the child wrote to its own server is not here"
server.stop()
""",
        options=QUIET,
    )


def test_the_certificate_of_a_parent_outlives_its_children(program):
    pytest.importorskip("trustme")
    program(
        FORKING
        + """
server = mockflux.Server(tls=True).start()
file = server.ca_file

def stop():
    known = server.ca_file
    server.stop()
    return known, server.ca_file, os.path.exists(file)

assert forked(stop) == str((file, None, True))
assert os.path.exists(file)
server.stop()
assert not os.path.exists(file)
""",
        options=QUIET,
    )


def test_a_child_that_only_ends_does_not_hang(program):
    """By way of the interpreter's end, not ``os._exit``: with locks held and answers under way when it was forked."""
    program(
        FORKING
        + """
server = mockflux.Server().start()
connections = in_every_state(server)
server.fail(delay=600)
delayed = socket.create_connection((server.host, server.port), timeout=20)
delayed.sendall(b"POST " + WRITE.encode() + b" HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Token my-token\\r\\n"
                b"Content-Length: 5\\r\\n\\r\\nm v=1")
server.wait_for(requests=2, timeout=20)
with server._server._lock, server.world.due._running, server.clock._moving:
    child = os.fork()
if child == 0:
    with mockflux.Server() as own:
        assert write(own.host, own.port) == 204
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
server.stop()
""",
        options=QUIET,
    )


def test_servers_come_and_go_while_the_process_forks(program):
    program(
        FORKING
        + """
def live():
    with mockflux.Server() as server:
        return write(server.host, server.port)

def churn():
    while not stop.is_set():
        assert live() == 204
        time.sleep(0.001)

live()  # what is imported must not be so by one thread while another forks: Python's own limit
stop = threading.Event()
threads = [threading.Thread(target=churn) for _ in range(3)]
for thread in threads:
    thread.start()
told = [forked(live) for _ in range(30)]
stop.set()
for thread in threads:
    thread.join(20)
assert told == ["204"] * 30
""",
        options=QUIET,
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(program, method):
    """Workers write to the parent's server, by its address, and to servers of their own."""
    program(
        f"""
import multiprocessing

def work(host, port, n):
    with mockflux.Server() as own:
        return write(host, port, b"m v=1 %d" % n), write(own.host, own.port), len(own.points())

if __name__ == "__main__":
    with mockflux.Server() as server:
        with multiprocessing.get_context({method!r}).Pool(2) as pool:
            told = pool.starmap(work, [(server.host, server.port, n) for n in range(1, 7)])
            assert told == [(204, 204, 1)] * 6, (told, [exchange.error for exchange in server.journal])
            pool.close()
            pool.join()
        assert sorted(point.time for point in server.points()) == list(range(1, 7))
""",
        options=QUIET,
    )
