"""TLS: the certificate, requests over it, and handshakes that fail or do not end."""

import builtins
import contextlib
import errno
import http.client
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from mockflux.reply import Reply
from mockflux.server import SocketServer, tls
from mockflux.server.connection import Connection

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def made():
    return tls.authority(["localhost", "127.0.0.1", "::1"])


@pytest.fixture
def server(app, made):
    server = SocketServer(app, ssl_context=made[0])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def trust(made):
    return ssl.create_default_context(cadata=made[1].decode())


@pytest.fixture
def secure(server, trust, wrap):
    sock = socket.create_connection((server.host, server.port), timeout=20)
    with trust.wrap_socket(sock, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as secured:
        yield wrap(secured)


def test_keep_alive_and_large_bodies(app, secure):
    app.max_body = 3_000_000
    app.reply = lambda request: Reply(200, "OK", [("Content-Length", str(len(request.body)))], request.body)
    for size in (0, 1, 2_000_000):
        assert secure.post(b"x" * size).body == b"x" * size


def test_the_end_of_a_reply_is_authentic(app, secure):
    """A TLS client takes a connection that ends without close_notify for a cut one."""
    app.reply = lambda request: Reply(200, "OK", [], b"until the end")
    assert secure.ask(GET).body == b"until the end"


def test_the_end_of_a_refusal_is_authentic(app, secure):
    assert secure.ask(b"GET /a b HTTP/1.1\r\n\r\n").body == b"400 head"


def test_the_end_of_a_truncated_reply_is_not(app, secure):
    app.says(200, "OK", b"0123456789", transport="truncate")
    secure.send(GET)
    with pytest.raises(ssl.SSLEOFError):
        secure.rest()
    assert secure.buffer.endswith(b"\r\n\r\n01234")


def test_reset(app, secure):
    """Asked of the socket itself, since OpenSSL calls a reset an unexpected end."""
    app.says(200, "OK", b"hi", transport="reset")
    secure.send(GET)
    deadline = time.monotonic() + 20
    while not (error := secure.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
        assert time.monotonic() < deadline
    assert error == errno.ECONNRESET


def test_a_client_library(app, server, trust):
    app.says(200, "OK", b"hi")
    connection = http.client.HTTPSConnection("localhost", server.port, context=trust, timeout=20)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"hi"
    connection.close()


@pytest.mark.parametrize(
    "first", [GET, b"\x16\x03\x01\x02\x00", b"\x00" * 100, b""], ids=["http", "cut", "zeros", "none"]
)
def test_failed_handshakes_are_silent(app, server, connect, secure, first, capfd):
    stranger = connect()
    with contextlib.suppress(OSError):  # it may have been shown the door before it has said all
        stranger.send(first)
        stranger.sock.shutdown(socket.SHUT_WR)
        stranger.rest()
    assert secure.ask(GET).status == 204
    assert capfd.readouterr() == ("", "")


def test_a_client_that_does_not_trust(app, server, secure, capfd):
    other = ssl.create_default_context(cadata=tls.authority(["127.0.0.1"])[1].decode())
    with (
        socket.create_connection((server.host, server.port), timeout=20) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        other.wrap_socket(sock, server_hostname="127.0.0.1")
    assert secure.ask(GET).status == 204
    assert capfd.readouterr() == ("", "")


def test_an_unfinished_handshake_holds_up_nobody(app, server, connect, secure):
    connect().send(b"\x16\x03\x01")
    assert secure.ask(GET).status == 204
    server.stop()


def test_stop_with_clients_in_every_state(app, made, trust):
    """Again and again, to meet the moment in which the socket changes hands."""
    for _ in range(30):
        server = SocketServer(app, ssl_context=made[0])
        server.start()
        silent = socket.create_connection((server.host, server.port), timeout=20)
        with trust.wrap_socket(
            socket.create_connection((server.host, server.port), timeout=20), server_hostname="127.0.0.1"
        ) as talking:
            talking.sendall(GET)
            assert talking.recv(100).startswith(b"HTTP/1.1 204 ")
            late = socket.create_connection((server.host, server.port), timeout=20)
            server.stop()
        silent.close()
        late.close()


def test_stop_while_the_socket_changes_hands(app, made):
    """The one moment in which shutting the connection down reaches neither the plain nor the secured socket."""
    stopping = threading.Event()

    class Context:
        def wrap_socket(self, sock, **options):
            secured = made[0].wrap_socket(sock, **options)
            stopping.set()
            connection.shut()
            return secured

    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname(), timeout=20):
            connection = Connection(listener.accept()[0], app, stopping, Context())
            thread = threading.Thread(target=connection.run)
            thread.start()
            thread.join(5)
            ended = not thread.is_alive()
        thread.join(20)
        connection.close()
    assert ended


def test_without_the_extra(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "trustme":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"^tls=True needs the extra mockflux\[tls\]: pip install 'mockflux\[tls\]'$"):
        tls.authority(["localhost"])


def test_importing_it_imports_nothing():
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; import mockflux.server.tls\n"
        "print({'ssl', 'trustme'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
