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


@pytest.fixture
def forking(program):
    """Run a program that can fork, to its end."""
    return lambda source: program(FORKING + source, options=QUIET)


def test_fork_after_import_each_has_a_fresh_server(forking):
    ended = forking(
        """
def live():
    with mockflux.Server() as server:
        return write(server.host, server.port), len(server.points())

print(forked(live))
print(live())
print(forked(live))
"""
    )
    assert ended == (0, "(204, 1)\n" * 3), "also after one has run in the parent"


def test_a_running_server_stays_with_its_parent(forking):
    """Neither port nor connections are held by a child that lives on."""
    ended = forking(
        """
server = mockflux.Server().start()
host, port = server.host, server.port
closing = socket.create_connection((host, port), timeout=20)
closing.sendall(b"GET /ping HTTP/1.1\\r\\nHost: a\\r\\n")
while f"mockflux:{port} client" not in [thread.name for thread in threading.enumerate()]:
    time.sleep(0.001)
leave = staying()
print(write(host, port))
closing.sendall(b"Connection: close\\r\\n\\r\\n")
while closing.recv(1000):
    pass  # ends only if no child holds the other end, too
server.stop()
print(refused(host, port))
with mockflux.Server(port=port) as again:
    print(write(host, port))
leave()
print(len(server.points()))
"""
    )
    assert ended == (0, "204\nTrue\n204\n1\n")


def test_a_child_may_use_it_as_a_client_and_cannot_stop_it(forking):
    ended = forking(
        """
server = mockflux.Server().start()
held = http.client.HTTPConnection(server.host, server.port, timeout=20)
held.request("GET", "/ping")
held.getresponse().read()

def use():
    known = server.url in server.env().values()
    status = write(server.host, server.port)
    server.stop()
    server.stop()
    with server:
        own = server.port
        inner = write(server.host, own)
    return known, status, inner, own != parents

parents = server.port
print(forked(use))
held.request("GET", "/ping")
print(held.getresponse().status)
held.close()
print([point.time for point in server.points()])
server.stop()
"""
    )
    used, goes_on, points = ended.printed.splitlines()
    assert ended.code == 0
    assert used == "(True, 204, 204, True)"
    assert goes_on == "204", "on the connection of before"
    assert points == "[1]", "what the child wrote to its own server is not here"


def test_the_certificate_of_a_parent_outlives_its_children(forking):
    ended = forking(
        """
server = mockflux.Server(tls=True).start()
file = server.ca_file

def stop():
    known = server.ca_file
    server.stop()
    return known == file, server.ca_file, os.path.exists(file)

print(forked(stop))
print(os.path.exists(file))
server.stop()
print(os.path.exists(file))
"""
    )
    assert ended == (0, "(True, None, True)\nTrue\nFalse\n")


def test_a_child_that_only_ends_does_not_hang(forking):
    """By way of the interpreter's end, not ``os._exit``: with answers under way when it was forked, and with locks held
    by a thread that the child does not have."""
    ended = forking(
        """
server = mockflux.Server().start()
connections = in_every_state(server)
server.fail(delay=600)
delayed = socket.create_connection((server.host, server.port), timeout=20)
delayed.sendall(b"POST " + WRITE.encode() + b" HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Token my-token\\r\\n"
                b"Content-Length: 5\\r\\n\\r\\nm v=1")
server.wait_for(requests=2, timeout=20)
held, made = threading.Event(), threading.Event()

def hold():
    with server._server._lock, server.world.due._running, server.clock._moving:
        held.set()
        made.wait(20)

threading.Thread(target=hold).start()
held.wait(20)
child = os.fork()
if child == 0:
    server.stop()
    with mockflux.Server() as own:
        print("child", write(own.host, own.port))
    sys.exit(7)
made.set()
print("parent", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
server.stop()
"""
    )
    assert ended == (0, "child 204\nparent 7\n")


def test_servers_come_and_go_while_the_process_forks(forking):
    ended = forking(
        """
def live():
    with mockflux.Server() as server:
        return write(server.host, server.port)

def churn():
    while not stop.is_set():
        churned.append(live())
        time.sleep(0.001)

live()  # what is imported must not be so by one thread while another forks: Python's own limit
stop, churned = threading.Event(), []
threads = [threading.Thread(target=churn) for _ in range(3)]
for thread in threads:
    thread.start()
told = [forked(live) for _ in range(30)]
stop.set()
for thread in threads:
    thread.join(20)
print(len(told), set(told), set(churned))
"""
    )
    assert ended == (0, "30 {'204'} {204}\n")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(forking, method):
    """Workers write to the parent's server, by its address, and to servers of their own."""
    ended = forking(
        f"""
import multiprocessing

def work(host, port, n):
    with mockflux.Server() as own:
        return write(host, port, b"m v=1 %d" % n), write(own.host, own.port), len(own.points())

if __name__ == "__main__":
    with mockflux.Server() as server:
        with multiprocessing.get_context({method!r}).Pool(2) as pool:
            print(pool.starmap(work, [(server.host, server.port, n) for n in range(1, 7)]))
            pool.close()
            pool.join()
        print([exchange.error for exchange in server.journal.errors()])
        print(sorted(point.time for point in server.points()))
"""
    )
    assert ended == (0, f"{[(204, 204, 1)] * 6}\n[]\n[1, 2, 3, 4, 5, 6]\n")
