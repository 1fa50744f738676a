"""The socket server: listens, gives each connection a thread, and is gone a moment after ``stop``."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from mockflux.clock import patience
from mockflux.server.connection import Application, Connection

if TYPE_CHECKING:
    import ssl

__all__ = ["ANYWHERE", "Application", "SocketServer"]

_BACKLOG = 1024  # clients that connect at once, before any of them is served
#: What accept() fails with when this machine has no more to give; the rest is about clients that left the queue.
_EXHAUSTED = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_RETRY = 0.01  # seconds until accept() is tried again
_TELL_EVERY = 1.0  # seconds between two notes that clients are not served
_STOP_PATIENCE = 5.0  # seconds that stop() grants to an application that is busy with an answer
#: Where a server that listens on every address is reached.
ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class SocketServer:
    """Serves an application over HTTP/1, with a thread per connection, on IPv4 or IPv6 (``host="::1"``).

    ``port`` 0 takes a free one; after ``start`` the attribute ``port`` is the one taken. With an ``ssl_context`` it
    talks TLS only. A stopped server can be started again.

    There is no limit on connections but what the machine gives. Where it has no descriptor left, clients wait in the
    queue; where it has no thread left, they are closed. Either is noted as a failure (``Application.failed``), once a
    second, and the server goes on.
    """

    def __init__(
        self,
        application: Application,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._wanted_port = port
        self._application = application
        self._ssl_context = ssl_context
        self._listener: socket.socket | None = None
        self._bell: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._stopping = threading.Event()
        # The lock keeps a socket from being closed, and its number from being given to another, while it is shut.
        self._lock = threading.Lock()
        self._open: dict[Connection, threading.Thread] = {}
        self._finished: list[threading.Thread] = []
        self._silent_until = 0.0  # what keeps clients from being served is not noted anew before

    def start(self) -> None:
        """Listen. When it returns, clients can connect.

        Raises OSError, with one sentence, if the port is taken or the address is none of this machine;
        RuntimeError if the server runs already.
        """
        if self._listener is not None:
            raise RuntimeError("this server has been started already")
        self._stopping = threading.Event()
        self._listener = _listen(self.host, self._wanted_port)
        self.port = self._listener.getsockname()[1]
        self._bell = socket.socket(self._listener.family, socket.SOCK_STREAM)  # now, while there are descriptors left
        self._bell.setblocking(False)
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener, self._stopping), name=f"mockflux:{self.port}", daemon=True
        )
        self._acceptor.start()

    def stop(self) -> None:
        """Close the port and all connections, and wait for their threads. Takes well under a millisecond.

        Delayed replies are not sent. An answer that the application is busy with is waited for, 5 seconds at most.
        Does nothing if the server does not run.
        """
        with self._lock:
            listener, self._listener = self._listener, None
        bell = self._bell
        if listener is None or bell is None or self._acceptor is None:
            return
        self._stopping.set()
        with bell, listener:
            # Shutting a listener down would wake its accept() on Linux only; connecting to it does everywhere. It need
            # not succeed: if the queue is full, accept() has enough to return for.
            bell.connect_ex((ANYWHERE.get(self.host, self.host), self.port))
            self._acceptor.join(_STOP_PATIENCE)
        with self._lock:
            for connection in self._open:
                connection.shut()
            threads = [*self._open.values(), *self._finished]
            self._finished.clear()
        deadline = patience() + _STOP_PATIENCE
        for thread in threads:
            if thread is not threading.current_thread() and thread.is_alive():
                thread.join(max(0.0, deadline - patience()))

    def disown(self) -> None:
        """In a forked child: close its copies of all sockets, without a word to any client, and forget the threads,
        which are the parent's. ``port`` stays as it is, ``stop()`` does nothing from now on."""
        # No shutdown: it would reach through to the parent's clients. And no lock: who held it is not here any more.
        # It may have been about to start or to stop, so some of the sockets may not be there.
        sockets, connections = (self._listener, self._bell), list(self._open)
        self._listener = self._bell = None
        self._open.clear()
        self._finished.clear()
        self._lock = threading.Lock()
        for sock in sockets:
            if sock is not None:
                sock.close()
        for connection in connections:
            connection.close()

    # ------------------------------------------------------------------ accepting

    def _accept(self, listener: socket.socket, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._note()
                stopping.wait(_RETRY)
                continue
            if stopping.is_set():
                sock.close()
            else:
                self._begin(Connection(sock, self._application, stopping, self._ssl_context))

    def _begin(self, connection: Connection) -> None:
        """Give the connection its thread."""
        name = f"mockflux:{self.port} client"
        thread = threading.Thread(target=self._run, args=(connection,), name=name, daemon=True)
        with self._lock:
            self._open[connection] = thread
            # stop() joins threads that are on their last instruction, so these are remembered until they are through.
            self._finished = [old for old in self._finished if old.is_alive()]
        try:
            thread.start()
        except Exception:  # no more threads to be had, most likely: this client goes without, the next may fare better
            self._forget(connection)
            self._note()

    def _note(self) -> None:
        """Have the exception that is being handled noted, unless one was a moment ago. Should that fail too, it is as
        one of a thread that nobody waits for: the server goes on."""
        if patience() < self._silent_until:
            return
        self._silent_until = patience() + _TELL_EVERY
        try:
            self._application.failed(b"")
        except Exception:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _run(self, connection: Connection) -> None:
        try:
            connection.run()
        finally:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._finished.append(self._open.pop(connection))
            connection.close()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError with a sentence that says what is wrong."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows the option lets two servers have the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            problem = f"port {port} on {host} is in use; choose another one, or 0 for any that is free"
        else:
            problem = f"cannot listen on port {port} of {host}: {error.strerror or error}"
        raise OSError(error.errno, problem) from None
    except OverflowError:
        listener.close()
        raise OSError(errno.EINVAL, f"{port} is no port: choose one up to 65535, or 0 for any that is free") from None
    return listener
