"""Starting, stopping, ports, many connections. A fixture checks that no thread and no socket is left of any test."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import mockflux.server
from mockflux.server import SocketServer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ROOT = str(Path(mockflux.server.__file__).parents[2])


def client_threads(server):
    return [thread for thread in threading.enumerate() if thread.name == f"mockflux:{server.port} client"]


def test_the_port_is_open_when_start_returns(app):
    for _ in range(20):
        server = SocketServer(app)
        server.start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(GET)
            assert sock.recv(100).startswith(b"HTTP/1.1 204")
        server.stop()


def test_the_port_is_closed_when_stop_returns(app, server):
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=20)


def test_a_port_in_use(app, server):
    second = SocketServer(app, port=server.port)
    with pytest.raises(OSError, match=f"port {server.port} on 127.0.0.1 is in use; choose another"):
        second.start()
    second.stop()


def test_a_foreign_address(app):
    with pytest.raises(OSError, match=r"cannot listen on port 0 of 192\.0\.2\.1: "):
        SocketServer(app, "192.0.2.1").start()


def test_no_port(app):
    with pytest.raises(OSError, match="70000 is no port"):
        SocketServer(app, port=70000).start()


def test_a_port_can_be_had_again_at_once(app, wrap):
    """Also while connections of the former server linger in TIME_WAIT."""
    port = 0
    for _ in range(5):
        server = SocketServer(app, port=port)
        server.start()
        port = server.port
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
            assert wrap(sock).ask(GET).status == 204
            server.stop()


def test_start_again(app):
    server = SocketServer(app)
    for _ in range(3):
        server.start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(GET)
            assert sock.recv(100)
        server.stop()


def test_starting_twice_is_a_mistake(app, server):
    with pytest.raises(RuntimeError, match="started already"):
        server.start()


def test_stopping_twice_or_without_start_is_none(app, server):
    server.stop()
    server.stop()
    SocketServer(app).stop()
    server.start()
    assert server.port


def test_stop_from_several_threads(app, server, client):
    client.ask(GET)
    threads = [threading.Thread(target=server.stop) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_stop_ends_connections_in_every_state(app, server, connect, post):
    idle, asked, head, body, chunk = (connect() for _ in range(5))
    asked.ask(GET)
    head.send(b"GET / HT")
    body.send(post(b"hello")[:-2])
    chunk.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe")
    refused = connect()
    assert refused.ask(b"GET /a b\r\n\r\n").status == 400  # lingers, since this client does not close
    while len(client_threads(server)) < 5:
        time.sleep(0.001)
    server.stop()
    assert client_threads(server) == []
    for client in (idle, asked, head, body, chunk):
        assert client.closed()


def test_stop_waits_for_an_answer_under_way(app, server, client):
    entered, leave = threading.Event(), threading.Event()

    def slow(request):
        entered.set()
        assert leave.wait(20)
        return app.reply_before(request)

    app.reply_before, app.reply = app.reply, slow
    client.send(GET)
    assert entered.wait(20)
    threading.Timer(0.05, leave.set).start()
    server.stop()
    assert leave.is_set()
    assert client_threads(server) == []


def test_stop_from_inside_an_answer(app, server, client):
    app.reply_before = app.reply

    def last(request):
        server.stop()
        return app.reply_before(request)

    app.reply = last
    client.send(GET)
    client.rest()
    deadline = time.monotonic() + 20
    while client_threads(server):
        assert time.monotonic() < deadline


def test_threads_of_closed_connections_go(app, server, connect):
    for _ in range(50):
        client = connect()
        client.ask(GET)
        client.sock.close()
    deadline = time.monotonic() + 20
    while client_threads(server):
        assert time.monotonic() < deadline
    connect().ask(GET)
    assert len(server._open) + len(server._finished) <= 2


def test_threads_are_daemons(app, server, client):
    client.ask(GET)
    assert all(t.daemon for t in threading.enumerate() if t.name.startswith(f"mockflux:{server.port}"))


def test_a_thousand_idle_connections(app, server):
    resource = pytest.importorskip("resource")
    count = min(1000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)
    socks = [socket.create_connection((server.host, server.port), timeout=20) for _ in range(count)]
    for sock in socks:
        sock.sendall(GET)
    for sock in socks:
        assert sock.recv(100).startswith(b"HTTP/1.1 204")
    server.stop()
    for sock in socks:
        assert sock.recv(100) == b""
        sock.close()


def test_clients_at_the_same_time(app, connect):
    clients = [connect() for _ in range(20)]
    for number, client in enumerate(clients):
        client.send(b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n" % number)
    for client in clients:
        client.send(b"abc")
    for client in reversed(clients):
        assert client.answer().status == 204
    assert {request.path for request in app.requests} == {f"/{number}" for number in range(20)}


def test_ipv6(app, wrap):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    server = SocketServer(app, "::1")
    server.start()
    with socket.create_connection(("::1", server.port), timeout=20) as sock:
        assert wrap(sock).ask(GET).status == 204
    server.stop()


def test_every_interface(app, wrap):
    server = SocketServer(app, "0.0.0.0")
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        assert wrap(sock).ask(GET).status == 204
    server.stop()


def test_no_thread_for_a_client(app, server, connect, monkeypatch):
    """That client goes without; the next is served, and the server can still be stopped."""
    start = threading.Thread.start

    def refuse(thread):
        if thread.name.endswith("client"):
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert connect().closed()
    assert connect().ask(GET).status == 204


def test_no_descriptor_for_a_client(app, wrap, monkeypatch):
    """accept() fails for a while; then it goes on."""
    accept, failures = socket.socket.accept, [OSError(24, "Too many open files")] * 3

    def fail_first(sock):
        if failures:
            raise failures.pop()
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", fail_first)
    server = SocketServer(app)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        assert wrap(sock).ask(GET).status == 204
    server.stop()
    assert failures == []


def test_stop_does_not_wait(app):
    """Generous, for slow machines: it must not poll, as socketserver does twice a second."""
    begun = time.monotonic()
    for _ in range(40):
        server = SocketServer(app)
        server.start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(GET)
            sock.recv(100)
            server.stop()
    assert time.monotonic() - begun < 10


def test_importing_it_is_cheap():
    code = "import sys, mockflux.server; print(*sorted(m for m in sys.modules if '.' not in m))"
    env = {**os.environ, "PYTHONPATH": ROOT}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {"ssl", "trustme", "cryptography", "flask", "werkzeug", "http", "asyncio", "pytest", "email", "logging"}
    assert not heavy & set(loaded.stdout.split())
