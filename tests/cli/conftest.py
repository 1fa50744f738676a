"""``mockflux serve`` as its users run it: a process whose output is read with deadlines."""

from __future__ import annotations

import os
import queue
import signal
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

import mockflux

DEADLINE = 30.0  # seconds after which something counts as hanging


class Output:
    """Lines of a pipe, read by a thread so that waiting for one can end."""

    def __init__(self, pipe: IO[str]) -> None:
        self.seen: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._read, args=(pipe,))
        self._thread.start()

    def _read(self, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self) -> str:
        """The next line."""
        line = self._lines.get(timeout=DEADLINE)
        assert line is not None, f"ended after {self.seen}"
        self.seen.append(line)
        return line

    def until(self, part: str) -> str:
        """The next line that contains this."""
        while part not in (line := self.line()):
            pass
        return line

    def rest(self) -> list[str]:
        """What comes until the pipe is closed."""
        rest = list(iter(lambda: self._lines.get(timeout=DEADLINE), None))
        self._lines.put(None)  # for who asks again
        self._thread.join(DEADLINE)
        self.seen += rest
        return rest


class Served:
    """A running ``mockflux serve``."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mockflux", "serve", *arguments],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            encoding="utf-8",
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.out = Output(self.process.stdout)
        self.log = Output(self.process.stderr)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end with a signal; its exit code. Nothing more may come on stdout."""
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE)
        assert self.out.rest() == []
        return code


def make_environment(**variables: str) -> dict[str, str]:
    """The environment of these tests without what mockflux listens to, and with these variables."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MOCKFLUX_", "DOCKER_INFLUXDB_"))}
    # the package of this tree, installed or not
    return {**clean, "PYTHONPATH": str(Path(mockflux.__file__).parent.parent), **variables}


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start ``mockflux serve`` with arguments and environment variables; what still runs at the end is ended."""
    started: list[Served] = []

    def start(*arguments: str, **variables: str) -> Served:
        started.append(Served(arguments, make_environment(**variables)))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.terminate()
            try:
                served.process.wait(DEADLINE)
            finally:
                served.process.kill()
        served.out.rest()
        served.log.rest()


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment for a process that does not come from ``serve``."""
    return make_environment()


@pytest.fixture
def post() -> Callable[..., tuple[int, bytes]]:
    """Write lines; status and body of the answer."""

    def write(url: str, lines: bytes, token: str = "my-token", query: str = "org=my-org&bucket=my-bucket",
              context: ssl.SSLContext | None = None) -> tuple[int, bytes]:  # fmt: skip
        headers = {"Authorization": f"Token {token}"}
        request = urllib.request.Request(f"{url}/api/v2/write?{query}", data=lines, headers=headers, method="POST")
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(request, timeout=DEADLINE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return write


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """The path of a user's own profile."""
    file = tmp_path / "mine.toml"
    file.write_text('[edition]\nid = "mine"\ntitle = "Mine"\nextends = "v2-oss"\n')
    return str(file)
