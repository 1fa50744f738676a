"""What is measured, each as a subject of :mod:`benchmarks.child`: it runs, says where, and closes.

Facts of a server: its port, and its doors for writes with path, target (bucket or database) and token.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks import client, corpora

INFLUXD = "/usr/bin/influxd"
_PATIENCE = 30.0


class Seen:
    """What can be seen of a server from within its own process, as a test does that has it as a fixture."""

    def facts(self) -> dict[str, Any]:
        raise NotImplementedError

    def writes(self, count: int, start: int, connections: int) -> list[int]:
        """Single writes by a client on a bare socket; the times in ns."""
        facts = self.facts()
        requests = [client.request(facts, body) for body in corpora.singles(count, start)]
        return client.side_by_side(facts["port"], requests, connections)

    def influxdb_client(self, count: int, start: int) -> list[int]:
        """Single writes by the official Python client; the times in ns."""
        return influxdb_client(self.facts(), count, start)


def influxdb_client(facts: dict[str, Any], count: int, start: int) -> list[int]:
    """Single synchronous writes by the official Python client; the times in ns."""
    from influxdb_client.client.influxdb_client import InfluxDBClient
    from influxdb_client.client.write_api import SYNCHRONOUS

    where, times = facts["doors"]["v2"], []
    with (
        InfluxDBClient(url=f"http://127.0.0.1:{facts['port']}", token=where["token"], org="my-org") as made,
        made.write_api(write_options=SYNCHRONOUS) as writer,
    ):
        for body in corpora.singles(count, start):
            begun = time.perf_counter_ns()
            writer.write(where["target"], record=body)
            times.append(time.perf_counter_ns() - begun)
    return times


class Mockflux(Seen):
    """A mockflux.Server in a process, as the fixture has it."""

    def __init__(self, edition: str = "v2-oss") -> None:
        from mockflux import Server

        self.server = Server(edition).start()

    def facts(self) -> dict[str, Any]:
        server, target = self.server, self.server.bucket or self.server.database
        return {
            "port": server.port,
            "door": "v2",
            "doors": {
                "v2": {
                    "path": "/api/v2/write?org=my-org&bucket={target}",
                    "target": target,
                    "token": server.token,
                },
                "v1": {"path": "/write?db={target}&rp=autogen", "target": target, "token": server.token},
            },
        }

    def reset(self) -> None:
        """An empty world again."""
        self.server.reset()

    def close(self) -> None:
        self.server.stop()


class Flask(Seen):
    """The naive handler on werkzeug's server, a thread per connection. It logs no requests, which helps it."""

    def __init__(self) -> None:
        from benchmarks import naive

        self.points: list[dict[str, Any]] = []
        self.server = serve_by_werkzeug(naive.application(self.points))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def facts(self) -> dict[str, Any]:
        from benchmarks import naive

        door = {"target": naive.BUCKET, "token": naive.TOKEN}
        return {
            "port": self.server.server_port,
            "door": "v2",
            "doors": {"v2": {"path": "/api/v2/write?org=my-org&bucket={target}", **door}},
        }

    def reset(self) -> None:
        """No points again."""
        self.points.clear()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def serve_by_werkzeug(app: Any, port: int = 0) -> Any:
    """Werkzeug's threaded server for an app, listening, not serving yet."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            pass

    return make_server("127.0.0.1", port, app, threaded=True, request_handler=Silent)


class Floor:
    """No server at all: a socket that says 204 whenever something comes. What is left is the client's own cost."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=(self.listener.accept()[0],), daemon=True).start()

    def _answer(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with sock, suppress(OSError):
            while sock.recv(65536):
                sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def facts(self) -> dict[str, Any]:
        door = {"path": "/api/v2/write?org=my-org&bucket={target}", "target": "my-bucket", "token": "my-token"}
        return {"port": self.listener.getsockname()[1], "door": "v2", "doors": {"v2": door}}

    def reset(self) -> None:
        """There is nothing to reset."""

    def close(self) -> None:
        self.listener.close()


class Serve:
    """``mockflux serve`` as a process, with its request log, which goes to nowhere."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "mockflux", "serve", "v2-oss", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        [self.told] = json.loads(self.process.stdout.readline())

    def facts(self) -> dict[str, Any]:
        path = "/api/v2/write?org=my-org&bucket={target}"
        door = {"path": path, "target": self.told["bucket"], "token": self.told["token"]}
        return {"port": self.told["port"], "door": "v2", "doors": {"v2": door}}

    def reset(self) -> None:
        """It cannot be told to."""

    def close(self) -> None:
        end(self.process)


class Influxd:
    """A real InfluxDB 1.6 on loopback ports of its own, its data in a folder that goes with it.

    It keeps no statistics and logs no requests, which helps it. ``auth`` has it ask for a password.
    """

    def __init__(self, folder: str, *, auth: bool = False) -> None:
        self.process, self.port, self.home = start_influxd(folder, auth=auth)
        try:
            answer_of(self.port, self.process)
            if auth:
                self._ask("CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES")
            self.reset()
        except BaseException:
            self.close()
            raise

    def facts(self) -> dict[str, Any]:
        door = {"path": "/write?db={target}", "target": "bench", "token": ""}
        return {"port": self.port, "door": "v1", "doors": {"v1": door}}

    def reset(self) -> None:
        """An empty database again."""
        self._ask("DROP DATABASE bench")
        self._ask("CREATE DATABASE bench")

    def _ask(self, query: str) -> None:
        url = f"http://127.0.0.1:{self.port}/query?" + urlencode({"u": "admin", "p": "secret", "q": query})
        with urlopen(Request(url, method="POST"), timeout=_PATIENCE) as answer:
            answer.read()

    def close(self) -> None:
        end(self.process)
        shutil.rmtree(self.home, ignore_errors=True)


_CONFIGURATION = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{home}/meta"
  logging-enabled = false
[data]
  dir = "{home}/data"
  wal-dir = "{home}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
  auth-enabled = {auth}
[logging]
  level = "error"
  suppress-logo = true
"""


def start_influxd(folder: str, *, auth: bool = False) -> tuple[subprocess.Popen[bytes], int, Path]:
    """An influxd that is starting, its port, and the folder to remove once it has ended."""
    home = Path(tempfile.mkdtemp(prefix="mockflux-benchmark-", dir=folder))
    try:
        http, rpc = free_ports(2)
        text = _CONFIGURATION.format(home=home.as_posix(), http=http, rpc=rpc, auth=str(auth).lower())
        (home / "influxdb.conf").write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [INFLUXD, "-config", str(home / "influxdb.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for those who close it
            env={name: value for name, value in os.environ.items() if not name.startswith("INFLUX")},
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return process, http, home


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody has at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def answer_of(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait for a server's first answer, to /ping. Raises RuntimeError if it ends first or takes too long."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with code {process.returncode} before it answered")
        try:
            client.one_by_one(port, [client.ping(port)], 0)
        except ConnectionError:
            time.sleep(0.0005)
        else:
            return
    raise RuntimeError(f"{process.args!r} gave no answer within {_PATIENCE:g} s")


def end(process: subprocess.Popen[Any]) -> None:
    """End a process as a user would, and for good if it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
