"""A live influxd on the loopback interface, its data in a folder that goes with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from differential_talk import Talk

_PATIENCE = 30.0  # seconds

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
[logging]
  level = "error"
  suppress-logo = true
[retention]
  enabled = false
"""


def influxd() -> str | None:
    """The path of influxd, if there is one."""
    return shutil.which("influxd") or shutil.which("influxd", path="/usr/bin")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


class Influxd:
    """A running influxd: every address on loopback, no reporting, no services beside the API.

    Old shards are not removed: between two looks at the same points nothing else must happen to them. Raises
    RuntimeError if it does not come up.
    """

    def __init__(self, program: str, home: Path) -> None:
        self.port, rpc = _free_ports(2)
        text = _CONFIGURATION.format(home=home.as_posix(), http=self.port, rpc=rpc)
        (home / "influxdb.conf").write_text(text, encoding="utf-8")
        self._home, self._log = home, home / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [program, "-config", str(home / "influxdb.conf")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which end it
                env={name: value for name, value in os.environ.items() if not name.startswith("INFLUX")},
            )  # fmt: skip
        try:
            self.version = self._version()
        except BaseException:
            self.close()
            raise

    def _version(self) -> str:
        """What it says of itself, once it answers."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"influxd ended: {self._log.read_text(errors='replace')[-2000:]}")
            try:
                with Talk(self.port) as talk:
                    return talk.ask("GET", "/ping").header("X-Influxdb-Version")
            except ConnectionError:
                time.sleep(0.01)
        raise RuntimeError(f"influxd gave no answer within {_PATIENCE:g} s")

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)
