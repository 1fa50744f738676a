"""``mockflux.Server`` on the network: start, stop, TLS, waiting, and nothing left behind."""

from __future__ import annotations

import gc
import http.client
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockflux import Server

DEADLINE = 20.0
QUERY = "/api/v2/write?org=my-org&bucket=my-bucket"
LOGIN = {"Authorization": "Token my-token"}


def post(server: Server, body: bytes = b"m v=1 1", context: ssl.SSLContext | None = None) -> int:
    """The status of a write on a connection of its own."""
    if context is None:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=DEADLINE)
    else:
        connection = http.client.HTTPSConnection(server.host, server.port, timeout=DEADLINE, context=context)
    try:
        connection.request("POST", QUERY, body, LOGIN)
        return connection.getresponse().status
    finally:
        connection.close()


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("mockflux")}


def sockets() -> set[str]:
    """The sockets that this process holds, as the system tells them apart; empty where it does not tell."""
    folder = Path("/proc/self/fd")
    found = set()
    for entry in os.listdir(folder) if folder.exists() else ():
        try:
            target = os.readlink(folder / entry)
        except OSError:  # the one that lists them
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


# ---------------------------------------------------------------- start and stop


def test_as_a_context_manager() -> None:
    with Server() as server:
        assert post(server) == 204
        address = (server.host, server.port)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=DEADLINE)
    assert len(server.points()) == 1, "what is stored can still be looked at"
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url


def test_start_and_stop_by_hand() -> None:
    server = Server()
    assert server.start() is server
    with pytest.raises(RuntimeError, match=r"^this server has been started already$"):
        server.start()
    assert post(server) == 204
    server.stop()
    server.stop()
    server.start()
    try:
        assert post(server, b"m v=1 2") == 204
        assert len(server.points()) == 2, "stopping does not lose what is stored"
    finally:
        server.stop()


def test_an_exception_in_the_block_stops_the_server() -> None:
    server = Server()
    with pytest.raises(ZeroDivisionError), server:
        _ = server.port // 0
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.port


def test_a_port_of_one_s_own() -> None:
    with Server() as first:
        port = first.port
        second = Server(port=port)
        with pytest.raises(OSError, match=rf"port {port} on 127\.0\.0\.1 is in use; choose another one, or 0"):
            second.start()
    with second:
        assert second.port == port
        assert post(second) == 204


def test_ipv6() -> None:
    with Server(host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert post(server) == 204


def test_two_servers_share_nothing() -> None:
    with Server(seed=1) as first, Server(seed=2, token="other-token", max_body=1000) as second:
        first.create_bucket("only-here")
        first.fail(503)
        assert post(second) == 401
        assert post(first) == 503
        assert post(first) == 204
        assert (len(first.points()), len(second.points())) == (1, 0)
        assert (first.journal.total, second.journal.total) == (2, 1)
        assert second.faults == []
        first.clock.freeze()
        assert not second.clock.frozen
        with pytest.raises(ValueError, match="there is no bucket 'only-here'"):
            second.points(bucket="only-here")
        first.reset()
        assert second.journal.total == 1


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No thread and no socket is left when the test is over."""
    gc.collect()
    before = threads(), sockets()
    yield
    assert threads() <= before[0]
    assert sockets() <= before[1]


@pytest.mark.usefixtures("nothing_left")
def test_nothing_is_left_after_stop() -> None:
    idle = []
    for tls in (False, True):
        server = Server(tls=tls).start()
        context = ssl.create_default_context(cafile=server.ca_file) if tls else None
        assert post(server, context=context) == 204
        idle.append(socket.create_connection((server.host, server.port), timeout=DEADLINE))
        busy = socket.create_connection((server.host, server.port), timeout=DEADLINE)
        busy.sendall(b"POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf a bo")
        idle.append(busy)
        server.stop()
    for sock in idle:
        sock.close()


@pytest.mark.usefixtures("nothing_left")
def test_nothing_is_left_of_a_delayed_answer() -> None:
    with Server() as server:
        server.fail(delay=600)
        sock = socket.create_connection((server.host, server.port), timeout=DEADLINE)
        sock.sendall(
            b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\nPOST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        )
        server.wait_for(requests=2, timeout=DEADLINE)
    sock.close()


# ---------------------------------------------------------------- TLS


def test_tls() -> None:
    with Server(tls=True) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        file = server.ca_file
        assert file is not None
        assert server.env()["SSL_CERT_FILE"] == server.env()["INFLUXDB_V2_SSL_CA_CERT"] == file
        assert server.client_kwargs("influxdb_client")["ssl_ca_cert"] == file
        trusting = ssl.create_default_context(cafile=file)
        assert post(server, context=trusting) == 204
        with pytest.raises(ssl.SSLCertVerificationError):
            post(server, context=ssl.create_default_context())
        assert server.journal.total == 1
    assert not os.path.exists(file)
    assert server.ca_file is None


def test_the_certificate_file_goes_even_if_the_port_is_taken() -> None:
    with Server() as first:
        second = Server(port=first.port, tls=True)
        with pytest.raises(OSError, match="is in use"):
            second.start()
        assert second.ca_file is None


# ---------------------------------------------------------------- waiting


def test_waits_for_points_and_requests() -> None:
    with Server() as server:
        server.create_bucket("other")
        server.write("m v=1 1", bucket="other")
        timers = [threading.Timer(0.05 * n, post, (server, b"m v=1 %d" % n)) for n in (1, 2)]
        for timer in timers:
            timer.start()
        server.wait_for(points=3, requests=2, timeout=DEADLINE)
        assert (len(server.points()), server.journal.total) == (2, 2), "all buckets count together"
        for timer in timers:
            timer.join()
        server.wait_for(points=1, timeout=0)
        server.wait_for(requests=1, timeout=0)


def test_waits_for_what_comes_past_the_wire_too() -> None:
    server = Server()
    timer = threading.Timer(0.02, server.write, ("m v=1 1",))
    timer.start()
    server.wait_for(points=1, timeout=DEADLINE)
    timer.join()
    assert (len(server.points()), server.journal.total) == (1, 0)


def test_tells_what_there_is_instead() -> None:
    with Server() as server:
        post(server)
        post(server, b"bad")
        with pytest.raises(TimeoutError) as caught:
            server.wait_for(points=5, requests=9, timeout=0.01)
    assert str(caught.value).splitlines() == [
        "waited 0.01 s for 5 points and 9 requests; so far 1 point after 2 requests:",
        f"  1. POST {QUERY} 7 B -> 204 [accepted] 1 accepted, 0 rejected",
        f"  2. POST {QUERY} 3 B -> 400 [points_rejected] 0 accepted, 1 rejected",
    ]


def test_tells_that_nothing_came() -> None:
    with pytest.raises(TimeoutError, match=r"^waited 0.01 s for 1 request; so far 0 points after 0 requests$"):
        Server().wait_for(requests=1, timeout=0.01)
